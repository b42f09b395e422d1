import Testing
import Traces
import XRayModel

@Suite struct `A histogram` {
  @Test func `keeps up to a hundred values exactly to the millisecond`() {
    let histogram = Histogram(values: (1...100).map { Double($0) / 1000 } + [0.005, 0.0051, 0.00549])
    #expect(histogram.entries.count == 100)
    #expect(histogram.entries[4].value == 0.005)
    #expect(histogram.entries[4].count == 4)
    #expect(histogram.count == 103)
  }

  @Test(arguments: 1...20) func `keeps values within 2 milliseconds or 6 percent`(seed: UInt64) {
    let random = RandomSource(seed: seed)
    // From fractions of a millisecond to hours.
    for exponent in [-3.5, -2, -1.5, -1, 0, 2, 4] {
      let smallest = pow10(exponent)
      let values = (0..<500).map { _ in smallest * (1 + random.fraction() * 20) }.sorted()
      let kept = Histogram(values: values).entries.flatMap { Array(repeating: $0.value, count: $0.count) }
      #expect(kept.count == values.count)
      for (value, kept) in zip(values, kept) {
        let distance = abs(value - kept)
        #expect(distance <= max(0.002, 0.06 * value) + 1e-9, "\(value) as \(kept)")
      }
    }
  }

  @Test func `is bounded`() {
    let random = RandomSource(seed: 3)
    // All durations that Lambda knows, up to 15 minutes.
    let histogram = Histogram(values: (0..<50_000).map { _ in random.fraction() * 900 })
    #expect(histogram.entries.count < 130)
    #expect(histogram.count == 50_000)
  }

  @Test(arguments: [10, 90, 400]) func `does not depend on the order of adding and merging`(count: Int) {
    var random = RandomSource(seed: UInt64(count))
    let values = (0..<count).map { _ in random.fraction() * 3 }
    let expected = Histogram(values: values)
    for _ in 0..<20 {
      let shuffled = values.shuffled(using: &random)
      #expect(Histogram(values: shuffled) == expected)
      let cut = Int.random(in: 0...count, using: &random)
      var merged = Histogram(values: shuffled[..<cut])
      merged.merge(Histogram(values: shuffled[cut...]))
      #expect(merged == expected)
    }
  }

  @Test func `counts odd values as zero`() {
    let histogram = Histogram(values: [-1, .nan, 0])
    #expect(histogram.entries.map(\.count) == [3])
    #expect(Histogram(values: [.infinity]).count == 1)
  }

  @Test func `has percentiles`() {
    #expect(Histogram().percentile(0.5) == nil)
    let histogram = Histogram(values: [0.1, 0.2, 0.3, 0.4])
    #expect([0, 0.25, 0.5, 0.51, 1].map { histogram.percentile($0) } == [0.1, 0.1, 0.2, 0.3, 0.4])
  }

  private func pow10(_ exponent: Double) -> Double {
    var value = 1.0
    for _ in 0..<Int(abs(exponent) * 2) { value *= 3.162_277_660_168_379 }
    return exponent < 0 ? 1 / value : value
  }
}
