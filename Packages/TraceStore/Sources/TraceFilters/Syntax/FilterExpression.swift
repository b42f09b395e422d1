/// Which traces somebody wants to see, in X-Ray's filter language.
///
///     service("api.example.com") { fault } AND responsetime > 5
///
/// Two expressions are equal when they say the same terms in the same order; blanks, letter case of keywords and
/// parentheses without effect do not count.
public struct FilterExpression: Hashable, Sendable {
  /// `nil` for the empty expression, which every trace matches.
  let root: Node?

  /// Longest expression, in bytes of UTF-8, as given and as ``description`` writes it. X-Ray names no limit.
  public static let lengthLimit = 20_000
  /// Most parentheses, braces and negations inside one another. X-Ray names no limit.
  public static let depthLimit = 128

  /// Reads an expression. The error tells where reading stopped and what could have stood there.
  public init(parsing text: String) throws(FilterError) {
    guard text.utf8.count <= Self.lengthLimit else { throw FilterError(tooLong: text) }
    var parser = Parser(text)
    root = try parser.expression()
    guard description.utf8.count <= Self.lengthLimit else { throw FilterError(tooLong: text) }
  }

  /// Matches every trace.
  public static let all = FilterExpression(root: nil)

  init(root: Node?) { self.root = root }
}

extension FilterExpression: CustomStringConvertible {
  /// The expression in its canonical form, which reads as an equal expression.
  public var description: String { root?.description ?? "" }
}
