import XRayModel

/// The raised rate of one rule, and when it may be raised again.
struct BoostState: Sendable {
  /// A boost lasts one minute.
  private static let lifetime = Duration.seconds(60)
  /// The share of anomalies at which the rate is raised all the way.
  private static let fullShare = 0.1

  private var current: SamplingBoost?
  private var nextBegin = Timestamp(ticks: .min)

  /// Begins a boost when there were anomalies and the cooldown of the last one is over; raises a present one when
  /// a later report is worse. The rate goes from the rule's to the highest as the share of anomalies goes from
  /// none to a tenth.
  mutating func take(
    _ report: SamplingBoostStatistics, boost: SamplingRateBoost, fixedRate: Double, at now: Timestamp
  ) {
    guard report.anomalyCount > 0, report.totalCount > 0, boost.maxRate > fixedRate else { return }
    let share = min(Double(report.anomalyCount) / Double(report.totalCount), 1)
    let rate = fixedRate + (boost.maxRate - fixedRate) * min(share / Self.fullShare, 1)
    if let present = self.boost(at: now) {
      current?.rate = max(present.rate, rate)
    } else if now >= nextBegin {
      current = SamplingBoost(rate: rate, expiry: now.advanced(by: Self.lifetime))
      // A year is more than anybody means, and can be added.
      let cooldown = Duration.seconds(60 * min(boost.cooldownMinutes, 525_600))
      nextBegin = now.advanced(by: max(cooldown, Self.lifetime))
    }
  }

  func boost(at now: Timestamp) -> SamplingBoost? {
    current.flatMap { $0.expiry > now ? $0 : nil }
  }
}
