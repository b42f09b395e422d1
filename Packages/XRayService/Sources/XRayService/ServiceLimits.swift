/// What X-Ray limits and a machine of one's own need not.
public struct ServiceLimits: Hashable, Sendable {
  /// The longest range of a service graph; `nil` for any. X-Ray: 6 hours.
  public var graphRange: Duration? = .seconds(6 * 3600)

  /// X-Ray's limits.
  public init() {}
}
