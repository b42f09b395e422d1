import XRayModel

/// All rules at the client, in their order.
struct ClientRules: Sendable {
  private var states: [RuleState] = []

  /// Most rules that are kept: each request is compared with one after the other.
  private static let ruleLimit = 1000

  /// Takes the rules that a request can be compared with; rules of the same name keep their quota and counters.
  mutating func update(_ rules: [CentralizedRule]) {
    let known = Dictionary(states.map { ($0.rule.name, $0) }) { first, _ in first }
    var names: Set<String> = []
    states = rules.filter { $0.isDecidable && names.insert($0.name).inserted }
      .sorted(by: CentralizedRule.isOrdered(_:before:)).prefix(Self.ruleLimit)
      .map { rule in
        guard var state = known[rule.name] else { return RuleState(rule) }
        state.update(rule)
        return state
      }
  }

  /// Decides by the first rule that matches, and says why the request is sampled; `nil` when none matches.
  mutating func decide(
    _ request: SamplingRequest, at now: Timestamp, fraction: () -> Double
  ) -> (ruleName: String, source: RuleState.Source?)? {
    guard let index = states.firstIndex(where: { $0.rule.matches(request) }) else { return nil }
    return (states[index].rule.name, states[index].decide(at: now, fraction: fraction))
  }

  /// Whether there is anything that was not reported yet.
  var hasRequests: Bool { states.contains { $0.hasRequests } }

  mutating func reports(by clientID: String, at now: Timestamp) -> [SamplingStatistics] {
    states.indices.compactMap { states[$0].report(by: clientID, at: now) }
  }

  mutating func apply(_ targets: [SamplingTargetDocument]) {
    for target in targets {
      guard let index = states.firstIndex(where: { $0.rule.name == target.ruleName }) else { continue }
      states[index].apply(target)
    }
  }
}
