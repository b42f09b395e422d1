import Insights
import Testing
import XRayModel

@Suite struct `Fault bands` {
  static func learned(_ minutes: Int, fault: Int, of total: Int) -> FaultBand {
    var band = FaultBand()
    for _ in 0..<minutes { band.learn(fault: fault, of: total) }
    return band
  }

  @Test func `take in everything while little is known`() {
    #expect(FaultBand().forecast(total: 40) == 0...40)
    #expect(Self.learned(9, fault: 0, of: 100).forecast(total: 40) == 0...40)
    #expect(Self.learned(20, fault: 0, of: 1).forecast(total: 40) == 0...40)
    #expect(Self.learned(10, fault: 0, of: 100).forecast(total: 40).upperBound < 10)
  }

  @Test func `bear a few faults after a quiet night`() {
    let band = Self.learned(600, fault: 0, of: 2)
    #expect(!band.isExceeded(by: 1, of: 3))
    #expect(!band.isExceeded(by: 3, of: 3))
    #expect(!band.isExceeded(by: 4, of: 100))
    #expect(band.isExceeded(by: 8, of: 10))
  }

  @Test func `lie around the rate that was learned`() {
    let forecast = Self.learned(200, fault: 50, of: 1000).forecast(total: 1000)
    #expect(forecast.contains(50))
    #expect(forecast.lowerBound > 0)
    #expect(forecast.upperBound < 120)
    // A rate that is known only roughly does not become sure by many requests.
    #expect(Self.learned(200, fault: 50, of: 1000).forecast(total: 1_000_000).contains(60_000))
  }

  @Test func `are left about never by chance`() {
    for (rate, total) in [(0.001, 1000), (0.01, 30), (0.05, 100), (0.3, 12), (0.5, 200), (0.95, 50)] {
      let random = RandomSource(seed: UInt64(total))
      var band = FaultBand()
      var exceeded = 0
      for _ in 0..<2000 {
        let fault = random.faults(of: total, rate: rate)
        if band.isExceeded(by: fault, of: total) { exceeded += 1 }
        band.learn(fault: fault, of: total)
      }
      #expect(exceeded == 0, "at a rate of \(rate)")
    }
  }

  @Test(arguments: [0.01, 0.05, 0.2, 0.5]) func `are left about never in the first busy minute`(rate: Double) {
    let random = RandomSource(seed: 11)
    for _ in 0..<500 {
      var band = FaultBand()
      for _ in 0..<10 { band.learn(fault: random.faults(of: 3, rate: rate), of: 3) }
      #expect(!band.isExceeded(by: random.faults(of: 100, rate: rate), of: 100))
    }
  }

  @Test func `follow a new level within a day, and not within an hour`() {
    var band = Self.learned(300, fault: 1, of: 100)
    for _ in 0..<60 { band.learn(fault: 40, of: 100) }
    #expect(band.isExceeded(by: 40, of: 100))
    for _ in 0..<1380 { band.learn(fault: 40, of: 100) }
    #expect(!band.isExceeded(by: 40, of: 100))
  }

  @Test func `forecast each point of a series by those before it`() {
    let points = Array(repeating: (fault: 1, total: 100), count: 30) + [(fault: 60, total: 100), (fault: 0, total: 0)]
    let forecasts = FaultBand.forecasts(points)
    #expect(forecasts.count == points.count)
    #expect(forecasts[0] == 0...100)
    #expect(forecasts[29].contains(1) && !forecasts[29].contains(20))
    #expect(forecasts[30] == Self.learned(30, fault: 1, of: 100).forecast(total: 100))
    #expect(forecasts[31] == 0...0)
  }

  @Test(arguments: [(-5, -1), (5, 3), (Int.max, Int.max), (Int.max, 1), (0, Int.max)])
  func `bear senseless counts`(fault: Int, total: Int) {
    var band = Self.learned(20, fault: 1, of: 100)
    for _ in 0..<50 { band.learn(fault: fault, of: total) }
    let forecast = band.forecast(total: total)
    #expect(forecast.lowerBound >= 0 && forecast.upperBound <= max(total, 0))
    #expect(band.forecast(total: .max).lowerBound >= 0)
  }
}
