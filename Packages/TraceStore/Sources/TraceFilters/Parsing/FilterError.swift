/// Why a text is no filter expression.
///
/// Its description points at the place:
///
///     annotation.tenant EXISTS
///                       ^ expected an operator (=, !=, …), another term or the end, found "EXISTS"
public struct FilterError: Error, Hashable, Sendable {
  /// Where, in characters from 1; one after the last when the text ended too early.
  public let column: Int
  /// What stands there, as for a reader: a token in quotes or `the end`.
  public let found: String
  /// Everything that could have stood there.
  public let expected: [String]
  /// The sum of ``expected`` in a few words.
  public let summary: String
  /// What was read.
  public let expression: String

  init(column: Int, found: String, expected: [String], summary: String, expression: String) {
    self.column = column
    self.found = found
    self.expected = expected
    self.summary = summary
    self.expression = expression
  }

  init(tooLong text: String) {
    let limit = "at most \(FilterExpression.lengthLimit) bytes"
    let kept = String(text.prefix(FilterExpression.lengthLimit))
    self.init(
      column: kept.count, found: "a longer expression", expected: [limit], summary: limit, expression: kept)
  }

  /// One line: what was expected and what was found.
  public var reason: String { "expected \(summary), found \(found)" }
}

extension FilterError: CustomStringConvertible {
  public var description: String {
    let characters = expression.map { $0.isWhitespace ? " " : $0 }
    let place = min(max(0, column - 1), characters.count)
    // Long expressions are shown around the place only.
    let start = place > 60 ? place - 40 : 0
    let end = min(characters.count, start + 100)
    let head = start > 0 ? "…" : ""
    let line = head + String(characters[start..<end]) + (end < characters.count ? "…" : "")
    return "\(line)\n\(String(repeating: " ", count: place - start + head.count))^ \(reason)"
  }
}
