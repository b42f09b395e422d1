import Synchronization
import XRayModel
import XRaySampler

/// The quotas of all sampling clients, for concurrent calls. They are gone with the process: clients borrow until
/// they have new ones.
final class SharedQuotas: Sendable {
  private let quotas = Mutex(SamplingQuotas())

  /// Takes reports in and answers them.
  func targets(
    for statistics: [SamplingStatistics], boosts: [SamplingBoostStatistics], settings: ServiceSettings,
    at now: Timestamp
  ) -> SamplingTargets {
    quotas.withLock { quotas in
      quotas.targets(
        for: statistics, boosts: boosts, rules: settings.rules.map(\.rule),
        lastModification: settings.lastRuleModification, at: now)
    }
  }

  /// What happened under each rule in the last complete ten seconds.
  func summaries(of settings: ServiceSettings, at now: Timestamp) -> [SamplingStatisticSummary] {
    quotas.withLock { $0.summaries(rules: settings.rules.map(\.rule), at: now) }
  }
}
