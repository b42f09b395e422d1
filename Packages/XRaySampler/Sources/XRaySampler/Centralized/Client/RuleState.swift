import XRayModel

/// One rule at the client, with its quota and its counters.
struct RuleState: Sendable {
  /// Why a request is sampled.
  enum Source {
    /// It is the client's by its quota.
    case quota
    /// Without a quota, the first of its second is.
    case borrowed
    /// By chance.
    case rate
  }

  private(set) var rule: CentralizedRule
  private var fixedRate: Double
  private var boost: SamplingBoost?

  private var quota: Int?
  private var quotaExpiry = Timestamp(ticks: .min)
  /// The second in which ``taken`` requests were taken from the quota, or one was borrowed.
  private var second = Int64.min
  private var taken = 0

  private var requestCount = 0
  private var sampledCount = 0
  private var borrowCount = 0
  private var interval = Duration.seconds(SamplingQuotas.interval)
  private var lastReport = Timestamp(ticks: .min)

  /// Longest time between reports that a service can ask for.
  private static let longestInterval = 3600

  init(_ rule: CentralizedRule) {
    self.rule = rule
    fixedRate = rule.fixedRate
  }

  /// The same rule as it is now; quota and counters go on.
  mutating func update(_ rule: CentralizedRule) {
    self.rule = rule
    fixedRate = rule.fixedRate
  }

  /// Decides on a request that the rule matches.
  ///
  /// - Parameter fraction: Gives a number in `0..<1`; asked only when the reservoir has nothing for the request.
  /// - Returns: Why the request is sampled; `nil` when it is not.
  mutating func decide(at now: Timestamp, fraction: () -> Double) -> Source? {
    requestCount += 1
    let source = takeFromReservoir(at: now) ?? (fraction() < currentRate(at: now) ? .rate : nil)
    if source != nil { sampledCount += 1 }
    return source
  }

  private func currentRate(at now: Timestamp) -> Double {
    boost.flatMap { now < $0.expiry ? $0.rate : nil } ?? fixedRate
  }

  private mutating func takeFromReservoir(at now: Timestamp) -> Source? {
    if second != now.wholeSeconds {
      second = now.wholeSeconds
      taken = 0
    }
    let known = quotaExpiry >= now ? quota : nil
    guard taken < known ?? min(1, rule.reservoirSize) else { return nil }
    taken += 1
    if known == nil { borrowCount += 1 }
    return known == nil ? .borrowed : .quota
  }

  /// Whether the rule matched anything since the last report.
  var hasRequests: Bool { requestCount > 0 }

  /// What happened since the last report, when there is something and a report is due; the counters begin anew.
  mutating func report(by clientID: String, at now: Timestamp) -> SamplingStatistics? {
    guard requestCount > 0, lastReport.advanced(by: interval) <= now else { return nil }
    defer {
      requestCount = 0
      sampledCount = 0
      borrowCount = 0
      lastReport = now
    }
    return SamplingStatistics(
      ruleName: rule.name, clientID: clientID, timestamp: now, requestCount: requestCount,
      sampledCount: sampledCount, borrowCount: borrowCount)
  }

  mutating func apply(_ target: SamplingTargetDocument) {
    fixedRate = target.fixedRate
    if let quota = target.reservoirQuota { self.quota = max(0, quota) }
    if let expiry = target.reservoirQuotaTTL { quotaExpiry = expiry }
    if let interval = target.interval { self.interval = .seconds(min(max(interval, 1), Self.longestInterval)) }
    if let boost = target.boost { self.boost = boost }
  }
}
