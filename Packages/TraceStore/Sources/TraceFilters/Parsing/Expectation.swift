/// What may stand at a place of an expression: told in errors, offered as completions.
enum Expectation: Hashable {
  /// The beginning of a condition.
  case term(Scope)
  case word(String)
  case sign(String)
  case comparators([Comparison.Operator])
  case flag, number
  case text(TextRole)
  case annotationKey
  case json
  case end

  /// What a string stands for, as far as something can be offered.
  enum TextRole: Hashable { case service, other }

  /// Every token or kind of token that is meant.
  var names: [String] {
    switch self {
    case .term(let scope): scope.termNames + ["NOT", "!", "("]
    case .word(let word): [word]
    case .sign(let sign): [sign]
    case .comparators(let comparators): comparators.map(\.rawValue)
    case .flag: ["true", "false"]
    case .number: ["a number"]
    case .text: ["a string in double quotes"]
    case .annotationKey: ["the key of an annotation"]
    case .json: ["a JSON array of root causes"]
    case .end: ["the end"]
    }
  }

  /// All of `expectations` in a few words.
  static func summary(of expectations: [Expectation]) -> String {
    let isAfterTerm = expectations.contains(.word("AND"))
    var parts: [String] = []
    for expectation in expectations {
      let part: String
      switch expectation {
      case .term(let scope):
        part = isAfterTerm ? "another term" : scope == .trace ? "a term" : "a term (\(scope.examples))"
      case .word("AND"), .word("OR"): part = "another term"
      case .comparators(let comparators):
        let names = comparators.map(\.rawValue)
        part = "an operator (" + names.prefix(2).joined(separator: ", ") + (names.count > 2 ? ", …)" : ")")
      default: part = expectation.names.joined(separator: " or ")
      }
      if !parts.contains(part) { parts.append(part) }
    }
    guard let last = parts.last, parts.count > 1 else { return parts.first ?? "" }
    return parts.dropLast().joined(separator: ", ") + " or " + last
  }
}

extension Scope {
  private var keywords: [String] { Keyword.allCases.filter { $0.isKnown(in: self) }.map(\.rawValue) }

  fileprivate var examples: String {
    keywords.count > 6 ? keywords.prefix(3).joined(separator: ", ") + ", …" : keywords.joined(separator: ", ")
  }

  /// The beginnings of terms in this scope.
  var termNames: [String] {
    keywords + annotationOwners.map { "\($0.rawValue)annotation." } + (self == .trace ? Self.traceTerms : [])
  }

  /// Whose annotations can be asked for.
  var annotationOwners: [AnnotationKey.Owner] {
    switch self {
    case .trace, .service: [.subject]
    case .edge: AnnotationKey.Owner.allCases
    case .rootCause: []
    }
  }

  private static let traceTerms: [String] = {
    let causes = RootCauseKind.allCases.flatMap { kind in
      RootCauseElement.allCases.map { "rootcause.\(kind.rawValue).\($0.rawValue)" }
    }
    return ["service", "edge", "group.name", "group.arn"] + causes + ["rootcause.json"]
  }()
}
