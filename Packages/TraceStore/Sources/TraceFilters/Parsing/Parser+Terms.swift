import XRayModel

extension Parser {
  mutating func term(_ scope: Scope) throws(FilterError) -> Term {
    guard case .word(let word) = token.kind else { throw unexpected() }
    let name = word.lowercased()
    if let keyword = Keyword(rawValue: name), keyword.isKnown(in: scope) {
      advance()
      return .keyword(keyword, try comparison(of: keyword))
    }
    for owner in scope.annotationOwners where name.hasPrefix("\(owner.rawValue)annotation") {
      if let key = try annotationKey(word, after: "\(owner.rawValue)annotation") {
        return .annotation(AnnotationKey(key, of: owner), try comparisonOfAnnotation())
      }
    }
    guard scope == .trace else { throw unexpected() }
    switch name {
    case "service": return try service()
    case "edge": return try edge()
    case "group.name", "group.arn": return try group(name)
    case "rootcause.json": return try rootCauseJSON()
    default: return try rootCause(name)
    }
  }

  // MARK: Facts

  private mutating func comparison(of keyword: Keyword) throws(FilterError) -> Comparison? {
    guard let comparator = comparator([keyword.kind]) else { return nil }
    switch keyword.kind {
    case .flag, .number: return Comparison(comparator: comparator, value: try value([keyword.kind]))
    case .text:
      // The developer guide has an example without quotes: `name = traces`.
      if case .word(let word) = token.kind, !Self.reservedWords.contains(word.lowercased()) {
        advance()
        return Comparison(comparator: comparator, value: .text(word))
      }
      return Comparison(comparator: comparator, value: try value([.text], role: keyword == .name ? .service : .other))
    }
  }

  private static let reservedWords: Set = ["and", "or", "not", "true", "false"]

  private mutating func comparisonOfAnnotation() throws(FilterError) -> Comparison? {
    guard let comparator = comparator([.flag, .number, .text]) else { return nil }
    return Comparison(comparator: comparator, value: try value(comparator.kinds))
  }

  /// Passes an operator that fits one of `kinds`.
  private mutating func comparator(_ kinds: [Keyword.Kind]) -> Comparison.Operator? {
    let fitting = Comparison.Operator.allCases.filter { $0.kinds.contains(where: kinds.contains) }
    note(.comparators(fitting))
    let text: String
    switch token.kind {
    case .word(let word): text = word.uppercased()
    case .sign(let sign): text = sign
    default: return nil
    }
    guard let comparator = Comparison.Operator(rawValue: text), fitting.contains(comparator) else { return nil }
    advance()
    return comparator
  }

  private mutating func value(
    _ kinds: [Keyword.Kind], role: Expectation.TextRole = .other
  ) throws(FilterError) -> Comparison.Value {
    for kind in kinds {
      switch kind {
      case .flag: note(.flag)
      case .number: note(.number)
      case .text: note(.text(role))
      }
    }
    let value: Comparison.Value
    switch token.kind {
    case .string(let text) where kinds.contains(.text): value = .text(text)
    case .number(let number) where kinds.contains(.number): value = .number(number)
    case .word(let word) where kinds.contains(.flag) && word.lowercased() == "true": value = .flag(true)
    case .word(let word) where kinds.contains(.flag) && word.lowercased() == "false": value = .flag(false)
    default: throw unexpected()
    }
    advance()
    return value
  }

  private mutating func string(_ role: Expectation.TextRole = .other) throws(FilterError) -> String {
    guard case .text(let text) = try value([.text], role: role) else { throw unexpected() }
    return text
  }

  /// The key in `annotation.key` or `annotation[key]`; `nil` when the word, the current token, is another one.
  private mutating func annotationKey(_ word: String, after head: String) throws(FilterError) -> String? {
    let rest = word.dropFirst(head.count)
    if rest.isEmpty {
      advance()
      note(.sign("["))
      guard case .sign("[") = token.kind else { throw unexpected() }
      return try bracketedKey()
    }
    guard rest.first == "." else { return nil }
    let key = rest.dropFirst()
    guard !key.isEmpty else { throw error(at: token.range.upperBound, Expectation.annotationKey.names) }
    if let dot = key.firstIndex(of: ".") {
      let offset = token.range.upperBound - key[dot...].utf8.count
      throw error(at: offset, ["\(head)[\(key)]"], "a key with dots in brackets, \(head)[\(key)]")
    }
    let name = String(key)
    advance()
    return name
  }

  // MARK: Services and edges

  private mutating func service() throws(FilterError) -> Term {
    advance()
    var selected = ServiceSelector()
    if accepts(.sign("(")), !accepts(.sign(")")) {
      selected = try selector()
      try expect(.sign(")"))
    }
    return .service(selected, try braces(.service))
  }

  private mutating func edge() throws(FilterError) -> Term {
    advance()
    guard accepts(.sign("(")) else { return .edge(ServiceSelector(), ServiceSelector(), try braces(.edge)) }
    let source = try selector()
    try expect(.sign(","))
    let target = try selector()
    try expect(.sign(")"))
    return .edge(source, target, try braces(.edge))
  }

  private mutating func selector() throws(FilterError) -> ServiceSelector {
    guard accepts(.word("id")) else { return ServiceSelector(name: try string(.service)) }
    try expect(.sign("("))
    var selector = ServiceSelector()
    repeat { try part(of: &selector) } while accepts(.sign(","))
    try expect(.sign(")"))
    return selector
  }

  /// One of `name: "…"`, `type: "…"` and `account.id: "…"`, each at most once.
  private mutating func part(of selector: inout ServiceSelector) throws(FilterError) {
    if selector.name == nil, accepts(.word("name")) {
      try expect(.sign(":"))
      selector.name = try string(.service)
    } else if selector.type == nil, accepts(.word("type")) {
      try expect(.sign(":"))
      selector.type = try string()
    } else if selector.accountID == nil, accepts(.word("account.id")) {
      try expect(.sign(":"))
      selector.accountID = try string()
    } else {
      throw unexpected()
    }
  }

  /// Conditions in braces, if any.
  private mutating func braces(_ scope: Scope) throws(FilterError) -> Node? {
    note(.sign("{"))
    guard case .sign("{") = token.kind else { return nil }
    return try enclosed(scope, until: "}")
  }

  // MARK: Groups and root causes

  private mutating func equality() throws(FilterError) -> Bool {
    advance()
    note(.comparators([.equal, .notEqual]))
    switch token.kind {
    case .sign("="): break
    case .sign("!="):
      advance()
      return false
    default: throw unexpected()
    }
    advance()
    return true
  }

  private mutating func group(_ name: String) throws(FilterError) -> Term {
    let isEqual = try equality()
    let text = try string()
    return .group(name == "group.arn" ? .arn(text) : .name(text), isEqual: isEqual)
  }

  private mutating func rootCause(_ name: String) throws(FilterError) -> Term {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, parts[0] == "rootcause", let kind = RootCauseKind(rawValue: parts[1]),
      let element = RootCauseElement(rawValue: parts[2])
    else { throw unexpected() }
    advance()
    guard let conditions = try braces(.rootCause(kind, element)) else { throw unexpected() }
    return .rootCause(kind, element, conditions)
  }

  private mutating func rootCauseJSON() throws(FilterError) -> Term {
    let isEqual = try equality()
    note(.sign("#"))
    guard case .sign("#") = token.kind else { throw unexpected() }
    return .rootCauseJSON(try rootCauses(), isEqual: isEqual)
  }
}
