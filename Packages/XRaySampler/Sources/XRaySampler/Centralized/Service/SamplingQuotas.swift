public import XRayModel

/// Divides each rule's reservoir among the clients that report, as X-Ray's service does.
///
/// A value that its owner keeps from call to call. Rules and the time come with each call. At any moment the quotas
/// that have not expired add up to the reservoir at most:
///
/// - A client's share is what it needs or, when all together need more than there is, an equal part; what some do
///   not need goes to those who need more, and what nobody needs is spread evenly, for the next burst.
/// - A quota belongs to its client until it expires or the client reports again, so somebody's share can shrink only
///   with its own report. Quotas live little longer than the time between two reports, so that what a client leaves
///   behind when it ends is soon free.
/// - What clients without a quota borrow, as they do until their first report, is measured and held back.
/// - When there are more clients than the reservoir has requests, some get a quota of 0. That one lives for five
///   minutes and keeps those who are silent for a while from borrowing when they come back all at once.
///
/// Names and ids are kept as they come: the caller checks how long they are.
public struct SamplingQuotas: Sendable {
  /// How long a quota may be used: the ten seconds between reports, and two for a late one.
  public static let quotaLifetime = Duration.seconds(12)
  /// How long a quota of 0 holds.
  public static let refusalLifetime = Duration.seconds(300)
  /// Reports that are so much older than now, or younger, are not taken in.
  public static let reportTolerance = Duration.seconds(300)
  /// Seconds from one report of a client to the next.
  public static let interval = 10
  /// Clients that are remembered for each rule. When there are more, newcomers sample by rate only, until some
  /// have been silent for five minutes.
  public static let clientLimit = 20_000

  private var quotas: [String: RuleQuotas] = [:]
  private var boosts: [String: BoostState] = [:]

  public init() {}

  /// Takes reports in and answers them.
  ///
  /// - Parameters:
  ///   - statistics: One report for each rule that a client used.
  ///   - boosts: What clients that support adaptive sampling counted.
  ///   - rules: All rules as they are now; what is known of others is forgotten.
  ///   - lastModification: When a rule was last made, changed or deleted.
  public mutating func targets(
    for statistics: [SamplingStatistics], boosts boostStatistics: [SamplingBoostStatistics] = [],
    rules: [CentralizedRule], lastModification: Timestamp, at now: Timestamp
  ) -> SamplingTargets {
    let rules = Dictionary(rules.map { ($0.name, $0) }) { first, _ in first }
    if quotas.count > rules.count { quotas = quotas.filter { rules[$0.key] != nil } }
    if boosts.count > rules.count { boosts = boosts.filter { rules[$0.key] != nil } }
    var answer = SamplingTargets(lastRuleModification: lastModification)
    for report in boostStatistics {
      switch Self.check(report.ruleName, report.timestamp, rules, now) {
      case .success(let rule):
        guard let boost = rule.boost else { continue }
        boosts[rule.name, default: BoostState()].take(report, boost: boost, fixedRate: rule.fixedRate, at: now)
      case .failure(let refusal): answer.unprocessedBoost.append(refusal.report)
      }
    }
    for report in statistics {
      switch Self.check(report.ruleName, report.timestamp, rules, now) {
      case .success(let rule):
        let grant = quotas[rule.name, default: RuleQuotas()].take(report, reservoir: rule.reservoirSize, at: now)
        answer.documents.append(
          SamplingTargetDocument(
            ruleName: rule.name, fixedRate: rule.fixedRate, reservoirQuota: grant?.quota,
            reservoirQuotaTTL: grant?.expiry, interval: Self.interval,
            boost: rule.boost == nil ? nil : boosts[rule.name]?.boost(at: now)))
      case .failure(let refusal): answer.unprocessed.append(refusal.report)
      }
    }
    return answer
  }

  /// What happened under each rule in the last complete ten seconds, counted from 1970.
  public func summaries(rules: [CentralizedRule], at now: Timestamp) -> [SamplingStatisticSummary] {
    rules.map { rule in
      let counts = quotas[rule.name]?.history.lastClosed(at: now) ?? SamplingHistory.Counts()
      return SamplingStatisticSummary(
        ruleName: rule.name, timestamp: SamplingHistory.startOfLastClosed(at: now), requestCount: counts.requests,
        borrowCount: counts.borrowed, sampledCount: counts.sampled)
    }
  }

  /// The quotas of a rule that have not expired, added up.
  func reserved(_ ruleName: String, at now: Timestamp) -> Int { quotas[ruleName]?.reserved(at: now) ?? 0 }

  /// How many clients of a rule are remembered.
  func clientCount(_ ruleName: String) -> Int { quotas[ruleName]?.clientCount ?? 0 }

  private struct Refusal: Error {
    var report: UnprocessedStatistics
  }

  private static func check(
    _ ruleName: String, _ timestamp: Timestamp, _ rules: [String: CentralizedRule], _ now: Timestamp
  ) -> Result<CentralizedRule, Refusal> {
    func refuse(_ message: String) -> Result<CentralizedRule, Refusal> {
      .failure(Refusal(report: UnprocessedStatistics(ruleName: ruleName, errorCode: "400", message: message)))
    }
    guard let rule = rules[ruleName] else { return refuse("Unknown rule") }
    let age = timestamp.duration(to: now)
    if age > reportTolerance { return refuse("The statistics are older than 5 minutes") }
    if age < .zero - reportTolerance { return refuse("The statistics are from the future") }
    return .success(rule)
  }
}
