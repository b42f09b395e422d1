/// Why a request falls under one rule and under no other.
public struct SamplingExplanation: Hashable, Sendable {
  /// A property of the request that a rule's pattern does not match.
  public struct Mismatch: Hashable, Sendable {
    /// `host`, `method` or `path`.
    public var property: String
    public var pattern: WildcardPattern
    public var value: String
  }

  public enum Verdict: Hashable, Sendable {
    /// The rule that decides.
    case matched
    /// At least one property differs.
    case mismatched([Mismatch])
    /// It would match, but the rule that decides comes first.
    case shadowed
  }

  /// One rule, or the fallback, and what became of it.
  public struct Line: Hashable, Sendable {
    /// The rule's place in the list, counted from 0; `nil` for the fallback.
    public var index: Int?
    public var ruleDescription: String?
    public var target: SamplingTarget
    public var verdict: Verdict
  }

  public var request: SamplingRequest
  /// Every rule in its order, then the fallback.
  public var lines: [Line]

  /// The rule, or the fallback, that decides.
  public var matched: Line? { lines.first { $0.verdict == .matched } }
}

extension SamplingRules {
  /// Says which rule decides on `request` and, of each other one, why it does not. Takes nothing from a reservoir.
  public func explain(_ request: SamplingRequest) -> SamplingExplanation {
    var isDecided = false
    var explanation = SamplingExplanation(request: request, lines: [])
    for (index, rule) in rules.enumerated() {
      let mismatches = rule.mismatches(request)
      let verdict: SamplingExplanation.Verdict =
        !mismatches.isEmpty ? .mismatched(mismatches) : isDecided ? .shadowed : .matched
      if mismatches.isEmpty { isDecided = true }
      explanation.lines.append(
        .init(index: index, ruleDescription: rule.description, target: rule.target, verdict: verdict))
    }
    explanation.lines.append(.init(index: nil, target: fallback, verdict: isDecided ? .shadowed : .matched))
    return explanation
  }
}

extension SamplingRule {
  fileprivate func mismatches(_ request: SamplingRequest) -> [SamplingExplanation.Mismatch] {
    [("host", host, request.host), ("method", method, request.method), ("path", path, request.path)]
      .compactMap { property, pattern, value in
        guard let value, !pattern.matches(value) else { return nil }
        return .init(property: property, pattern: pattern, value: value)
      }
  }
}

extension SamplingExplanation: CustomStringConvertible {
  /// One line for each rule: `rule 0 (checkout) does not match: path "/cart" is not "/checkout"`.
  public var description: String { lines.map(\.description).joined(separator: "\n") }
}

extension SamplingExplanation.Line: CustomStringConvertible {
  public var description: String {
    let label = ruleDescription.map { " (\($0))" } ?? ""
    let name = index.map { "rule \($0)" + label } ?? "default"
    let window = target.windowSeconds == 1 ? "second" : "\(target.windowSeconds) seconds"
    switch verdict {
    case .matched: return "\(name) decides: \(target.fixedTarget) per \(window), then rate \(target.rate)"
    case .shadowed: return "\(name) is not reached"
    case .mismatched(let mismatches):
      let reasons = mismatches.map { "\($0.property) \"\($0.value)\" is not \"\($0.pattern)\"" }
      return "\(name) does not match: " + reasons.joined(separator: ", ")
    }
  }
}
