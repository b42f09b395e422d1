/// Text with wildcards: `*` stands for any characters or none, `?` for exactly one. Letter case does not count.
///
/// The whole text must match, so the empty pattern matches only the empty text.
public struct WildcardPattern: Hashable, Sendable {
  public let text: String
  /// Folded to lower case.
  private let pattern: [UInt8]
  private let matchesAll: Bool

  public static let any = WildcardPattern("*")

  public init(_ text: String) {
    self.text = text
    pattern = Array(text.lowercased().utf8)
    matchesAll = !pattern.isEmpty && pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// Takes at most time proportional to both lengths multiplied, whatever the pattern.
  public func matches(_ text: String) -> Bool {
    if matchesAll { return true }
    var folded = text.lowercased()
    return folded.withUTF8 { matches($0) }
  }

  /// Each `*` first stands for nothing. On a mismatch only the latest one grows by a character: what the
  /// earlier ones stand for can never matter again, hence no exponential search.
  private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    var expected = 0
    var latestStar: (expected: Int, position: Int)?
    while position < text.count {
      if expected < pattern.count, pattern[expected] == UInt8(ascii: "*") {
        latestStar = (expected, position)
        expected += 1
      } else if expected < pattern.count, pattern[expected] == UInt8(ascii: "?") {
        position = text.afterCharacter(at: position)
        expected += 1
      } else if expected < pattern.count, pattern[expected] == text[position] {
        position += 1
        expected += 1
      } else if let star = latestStar {
        position = text.afterCharacter(at: star.position)
        latestStar = (star.expected, position)
        expected = star.expected + 1
      } else {
        return false
      }
    }
    return pattern[expected...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The position behind a character of UTF-8 text, that is behind its continuation bytes.
  fileprivate func afterCharacter(at position: Int) -> Int {
    var next = position + 1
    while next < count, self[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }
}

extension WildcardPattern: ExpressibleByStringLiteral, CustomStringConvertible {
  public init(stringLiteral value: String) { self.init(value) }
  public var description: String { text }
}
