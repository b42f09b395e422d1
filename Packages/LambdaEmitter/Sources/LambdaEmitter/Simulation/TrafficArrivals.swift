import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One request of the traffic: when it comes, for which function and of which kind.
struct Arrival {
  enum Kind { case synchronous, asynchronous, batch }

  var moment: Timestamp
  /// The function's index.
  var function: Int
  var kind: Kind
}

/// Requests that come independently of each other, at the profile's rate: a Poisson process.
struct TrafficArrivals {
  private let traffic: TrafficProfile.Traffic
  private let start: Timestamp
  private let random: RandomSource
  /// The sums of the functions' weights up to each one.
  private let weights: [Double]
  /// Seconds since the start.
  private var elapsed = 0.0

  init(_ profile: TrafficProfile, from start: Timestamp, random: RandomSource) {
    traffic = profile.traffic
    self.start = start
    self.random = random
    var sum = 0.0
    weights = profile.functions.flatMap { group in group.names.map { _ in group.weight } }.map { weight in
      sum += weight
      return sum
    }
  }

  mutating func next() -> Arrival {
    // Candidates come at the highest rate, and as many of them count as the present rate asks for.
    let highest = traffic.requestsPerSecond * traffic.pattern.highest
    repeat {
      elapsed -= log(1 - random.fraction()) / highest
    } while traffic.pattern != .constant
      && random.fraction() * traffic.pattern.highest >= traffic.pattern.level(at: elapsed)
    return Arrival(
      moment: start.advanced(by: Duration(ticks: Int64(elapsed * Double(Timestamp.ticksPerSecond)))),
      function: function(), kind: kind())
  }

  private func function() -> Int {
    let place = random.fraction() * (weights.last ?? 0)
    var (low, high) = (0, weights.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if weights[middle] > place { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func kind() -> Arrival.Kind {
    let place = random.fraction() * (traffic.synchronousShare + traffic.asynchronousShare + traffic.batchShare)
    if place < traffic.synchronousShare { return .synchronous }
    return place < traffic.synchronousShare + traffic.asynchronousShare ? .asynchronous : .batch
  }
}

extension TrafficProfile.Traffic.Pattern {
  /// The highest level, the mean being 1.
  fileprivate var highest: Double {
    switch self {
    case .constant: 1
    case .diurnal: 1.8
    case .bursty: 5
    }
  }

  fileprivate func level(at seconds: Double) -> Double {
    switch self {
    case .constant: 1
    case .diurnal: 1 + 0.8 * sin(2 * .pi * seconds / 86_400)
    case .bursty: seconds.truncatingRemainder(dividingBy: 60) < 6 ? 5 : 5.0 / 9
    }
  }
}
