/// What a ``CentralizedSampler`` asks for rules and targets: a daemon, or a service in the same process.
public protocol SamplingService: Sendable {
  /// All rules, those of every page. Must end by itself, with an error when there is no answer in time.
  func rules() async throws -> [SamplingRuleRecord]

  /// Reports what happened and asks how much to sample from now on. Must end by itself.
  ///
  /// - Parameter statistics: At most ``CentralizedSampler/reportLimit`` reports.
  func targets(statistics: [SamplingStatistics]) async throws -> SamplingTargets
}
