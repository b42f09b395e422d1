import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long something takes.
public enum DurationDistribution: Hashable, Sendable {
  case fixed(milliseconds: Double)
  /// Lognormal, by the values that a half and 99 of 100 stay below: the form of most measured latencies.
  case lognormal(p50: Double, p99: Double)

  /// The standard normal's quantile of 0.99.
  private static let z99 = 2.326347874040841
  /// Nothing takes longer than a day: no function may.
  private static let longest = 86_400_000.0

  /// Draws a duration.
  func draw(_ random: RandomSource) -> Duration {
    let milliseconds: Double
    switch self {
    case .fixed(let value): milliseconds = value
    case .lognormal(let p50, let p99):
      // Box and Muller's way to a normal number; 1 - fraction is never zero.
      let radius = sqrt(-2 * log(1 - random.fraction()))
      milliseconds = p50 * exp(radius * cos(2 * .pi * random.fraction()) * log(p99 / p50) / Self.z99)
    }
    return Duration(ticks: Int64(min(milliseconds, Self.longest) * 10_000))
  }

  /// The share of durations of `limit` milliseconds and more.
  func share(above limit: Double) -> Double {
    switch self {
    case .fixed(let value): return value >= limit ? 1 : 0
    case .lognormal(let p50, let p99):
      guard p99 > p50 else { return p50 >= limit ? 1 : 0 }
      return erfc(log(limit / p50) * Self.z99 / log(p99 / p50) / 2.0.squareRoot()) / 2
    }
  }
}
