public import Traces

/// How many requests failed, went well, and came in all; X-Ray's `RequestImpactStatistics`.
public struct RequestImpact: Hashable, Sendable {
  public private(set) var fault = 0
  public private(set) var ok = 0
  /// Those that failed or went well, and those that ended with errors or throttles.
  public private(set) var total = 0

  /// No requests.
  public init() {}

  /// - Parameters: Negative numbers count as 0, and no number as more than ``limit``.
  public init(fault: Int, ok: Int, total: Int) {
    self.fault = Self.bounded(fault)
    self.ok = Self.bounded(ok)
    self.total = Self.bounded(total)
  }

  /// The counts of a service's requests.
  public init(_ statistics: Statistics) {
    self.init(fault: statistics.fault, ok: statistics.ok, total: statistics.total)
  }

  /// The most that is counted.
  public static let limit = 1 << 50

  private static func bounded(_ count: Int) -> Int { min(max(count, 0), limit) }

  static func + (a: RequestImpact, b: RequestImpact) -> RequestImpact {
    RequestImpact(fault: a.fault + b.fault, ok: a.ok + b.ok, total: a.total + b.total)
  }

  static func += (a: inout RequestImpact, b: RequestImpact) { a = a + b }
}
