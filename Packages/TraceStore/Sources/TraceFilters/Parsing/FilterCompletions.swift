/// What can come next at a place of an expression, for consoles and command lines.
public struct FilterCompletions: Hashable, Sendable {
  /// The column, in characters from 1, from which a choice replaces what was typed.
  public var column: Int
  /// What can stand there, ready to be inserted, in the order of the language; strings are in quotes.
  public var choices: [String]
}

extension FilterExpression {
  /// What can come next in an expression that is being typed.
  ///
  /// - Parameters:
  ///   - text: The expression so far; what follows the cursor does not count.
  ///   - column: Where the cursor stands: before this character, in characters from 1.
  ///   - annotationKeys: Keys to offer.
  ///   - serviceNames: Names to offer.
  /// - Returns: Nothing to choose from where the text before the cursor is wrong, or anything can stand there.
  public static func completions(
    in text: String, at column: Int, annotationKeys: [String] = [], serviceNames: [String] = []
  ) -> FilterCompletions {
    let before = String(text.prefix(max(0, column - 1)))
    guard before.utf8.count <= lengthLimit else { return FilterCompletions(column: column, choices: []) }
    let start = Parser.startOfLastWord(in: before)
    let head = String(decoding: before.utf8.prefix(start), as: UTF8.self)
    let typed = String(decoding: before.utf8.dropFirst(start), as: UTF8.self)
    let choices = Parser.expectations(after: head)
      .flatMap { $0.choices(annotationKeys: annotationKeys, serviceNames: serviceNames) }
      .filter { $0.lowercased().hasPrefix(typed.lowercased()) }
    return FilterCompletions(column: head.count + 1, choices: choices)
  }
}

extension Parser {
  /// Where the word or string begins, in bytes, that the end of `text` is in or behind; the end if there is none.
  fileprivate static func startOfLastWord(in text: String) -> Int {
    var lexer = Lexer(text)
    var last = lexer.next()
    while true {
      let token = lexer.next()
      if token.kind == .end { break }
      last = token
    }
    switch last.kind {
    case .openString: return last.range.lowerBound
    case .word where last.range.upperBound == lexer.bytes.count: return last.range.lowerBound
    default: return lexer.bytes.count
    }
  }

  /// What can stand after `head`; nothing when it is wrong already.
  fileprivate static func expectations(after head: String) -> [Expectation] {
    var parser = Parser(head)
    do throws(FilterError) {
      _ = try parser.expression()
    } catch {
      guard case .end = parser.token.kind else { return [] }
    }
    return parser.expectations
  }
}

extension Expectation {
  fileprivate func choices(annotationKeys: [String], serviceNames: [String]) -> [String] {
    switch self {
    case .term(let scope):
      let annotations = scope.annotationOwners.flatMap { owner in
        annotationKeys.map { AnnotationKey($0, of: owner).description }
      }
      return names.filter { !$0.hasSuffix("annotation.") || annotationKeys.isEmpty } + annotations
    case .word, .sign, .comparators, .flag: return names
    case .text(.service): return serviceNames.map(\.quoted)
    case .annotationKey: return annotationKeys.map { "\($0)]" }
    case .number, .text, .json, .end: return []
    }
  }
}
