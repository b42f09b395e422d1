import XRayModel

/// Reads an expression by recursive descent. `expectations` gathers everything that was tried at the current token:
/// what an error tells, and what can be offered where the text ends.
struct Parser {
  private(set) var lexer: Lexer
  private(set) var token: Token
  private(set) var expectations: [Expectation] = []
  private var depth = 0
  /// What ends the part that is being read.
  private var closing = Expectation.end

  init(_ text: String) {
    lexer = Lexer(text)
    token = lexer.next()
  }

  mutating func expression() throws(FilterError) -> Node? {
    note(.term(.trace))
    if accepts(.end) { return nil }
    let node = try disjunction(.trace)
    guard accepts(.end) else { throw unexpected() }
    return node
  }

  // MARK: Tokens

  mutating func note(_ expectation: Expectation) {
    if !expectations.contains(expectation) { expectations.append(expectation) }
  }

  mutating func advance() {
    token = lexer.next()
    expectations = []
  }

  /// Passes the current token if it is what is named; the end stays.
  mutating func accepts(_ expectation: Expectation) -> Bool {
    note(expectation)
    switch (expectation, token.kind) {
    case (.end, .end): return true
    case (.sign(let sign), .sign(let found)) where found == sign: break
    case (.word(let word), .word(let found)) where found.lowercased() == word.lowercased(): break
    default: return false
    }
    advance()
    return true
  }

  mutating func expect(_ expectation: Expectation) throws(FilterError) {
    guard accepts(expectation) else { throw unexpected() }
  }

  func unexpected() -> FilterError {
    error(at: token.range.lowerBound, expectations.flatMap(\.names), Expectation.summary(of: expectations))
  }

  /// An error at a byte, with what stands from there to the end of the current token.
  func error(at offset: Int, _ expected: [String], _ summary: String? = nil) -> FilterError {
    let text = lexer.text(min(offset, token.range.upperBound)..<token.range.upperBound)
    let found =
      switch token.kind {
      case .end: "the end"
      case .openString: "a string without its closing quote"
      case _ where text.isEmpty: "nothing"
      default: "\"\(text.count > 40 ? text.prefix(40) + "…" : text[...])\""
      }
    return FilterError(
      column: lexer.column(of: offset), found: found, expected: expected,
      summary: summary ?? expected.joined(separator: " or "), expression: lexer.text(0..<lexer.bytes.count))
  }

  // MARK: Joined terms

  mutating func disjunction(_ scope: Scope) throws(FilterError) -> Node {
    var nodes = [try conjunction(scope)]
    while accepts(.word("OR")) { nodes.append(try conjunction(scope)) }
    return .any(of: nodes)
  }

  private mutating func conjunction(_ scope: Scope) throws(FilterError) -> Node {
    var nodes = [try unary(scope)]
    while accepts(.word("AND")) || beginsTerm(scope) { nodes.append(try unary(scope)) }
    return .all(of: nodes)
  }

  /// Whether a term follows without `AND`.
  private mutating func beginsTerm(_ scope: Scope) -> Bool {
    for expectation in [.word("OR"), .term(scope), closing] { note(expectation) }
    return switch token.kind {
    case .word(let word): word.lowercased() != "or"
    case .sign(let sign): sign == "!" || sign == "("
    default: false
    }
  }

  private mutating func unary(_ scope: Scope) throws(FilterError) -> Node {
    note(.term(scope))
    switch token.kind {
    case .sign("!"):
      return try negation(scope)
    case .word(let word) where word.lowercased() == "not":
      return try negation(scope)
    case .sign("("):
      return try enclosed(scope, until: ")")
    default:
      return .term(try term(scope))
    }
  }

  private mutating func negation(_ scope: Scope) throws(FilterError) -> Node {
    try deepen()
    advance()
    let node = try unary(scope)
    depth -= 1
    return .not(node)
  }

  /// What stands in parentheses or braces, the opening one being the current token.
  mutating func enclosed(_ scope: Scope, until end: String) throws(FilterError) -> Node {
    try deepen()
    advance()
    let outer = closing
    closing = .sign(end)
    let node = try disjunction(scope)
    try expect(.sign(end))
    closing = outer
    depth -= 1
    return node
  }

  private mutating func deepen() throws(FilterError) {
    depth += 1
    guard depth <= FilterExpression.depthLimit else {
      throw error(at: token.range.lowerBound, ["at most \(FilterExpression.depthLimit) levels of nesting"])
    }
  }

  // MARK: What has rules of its own

  /// The key behind an opening bracket, the current token.
  mutating func bracketedKey() throws(FilterError) -> String {
    guard let key = lexer.bracketedKey() else {
      advance()
      note(.annotationKey)
      throw unexpected()
    }
    advance()
    return key
  }

  /// The root causes behind `#`, the current token.
  mutating func rootCauses() throws(FilterError) -> JSONValue {
    guard let text = lexer.jsonArray() else {
      advance()
      note(.json)
      throw unexpected()
    }
    let start = lexer.position - text.utf8.count
    do {
      // Written and read again, a number that no JSON can hold is the null that it is written as.
      let value = try JSONValue(parsing: JSONValue(parsing: text).rendered())
      advance()
      guard let causes = value.array, !causes.isEmpty, causes.allSatisfy({ $0.object != nil }) else {
        throw error(at: start, ["a JSON array of root causes"])
      }
      return value
    } catch let problem as JSONError {
      token = Token(kind: .odd(""), range: start..<lexer.position)
      throw error(at: start + min(problem.offset, text.utf8.count), ["a JSON array of root causes"])
    } catch let error as FilterError {
      throw error
    } catch {
      throw unexpected()
    }
  }
}
