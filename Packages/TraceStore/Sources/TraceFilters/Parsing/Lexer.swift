/// A word, a number, a string or a sign of an expression, with where it stands in bytes.
struct Token: Hashable {
  enum Kind: Hashable {
    /// Letters, digits, `_` and `.`: keywords, operators, names without quotes.
    case word(String)
    case string(String)
    case number(Double)
    /// Punctuation and the operators that are signs.
    case sign(String)
    /// What can stand nowhere.
    case odd(String)
    case openString
    case end
  }
  var kind: Kind
  var range: Range<Int>
}

/// Splits an expression into tokens, one at a time: what follows `annotation[` or `#` has rules of its own.
struct Lexer {
  let bytes: [UInt8]
  private(set) var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func next() -> Token {
    skipSpace()
    let start = position
    guard let byte = peek() else { return Token(kind: .end, range: start..<start) }
    let kind: Token.Kind =
      switch byte {
      case UInt8(ascii: "\""): string()
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): number()
      case _ where byte.isPlainKeyByte: .word(take { $0.isPlainKeyByte || $0 == UInt8(ascii: ".") })
      default: sign()
      }
    return Token(kind: kind, range: start..<position)
  }

  /// The key of an annotation up to its closing bracket; `nil`, and nothing passed, where none stands.
  mutating func bracketedKey() -> String? {
    let start = position
    skipSpace()
    var key: String?
    if peek() == UInt8(ascii: "\"") {
      if case .string(let text) = string() { key = text }
    } else {
      key = take { $0 > 0x20 && $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "[") }
    }
    skipSpace()
    if let key, !key.isEmpty, peek() == UInt8(ascii: "]") {
      position += 1
      return key
    }
    position = start
    return nil
  }

  /// The text of a JSON array up to its last bracket; `nil`, and nothing passed, where none stands.
  mutating func jsonArray() -> String? {
    skipSpace()
    guard peek() == UInt8(ascii: "[") else { return nil }
    var depth = 0
    var isInString = false
    var place = position
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\\") where isInString: place += 1
      case UInt8(ascii: "\""): isInString.toggle()
      case UInt8(ascii: "[") where !isInString: depth += 1
      case UInt8(ascii: "]") where !isInString: depth -= 1
      default: break
      }
      place += 1
      if depth == 0 {
        defer { position = place }
        return String(decoding: bytes[position..<min(place, bytes.count)], as: UTF8.self)
      }
    }
    return nil
  }

  /// The column of a byte, in characters from 1.
  func column(of offset: Int) -> Int { String(decoding: bytes[..<offset], as: UTF8.self).count + 1 }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  // MARK: Kinds of token

  private mutating func string() -> Token.Kind {
    var content: [UInt8] = []
    var place = position + 1
    while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
      if bytes[place] == UInt8(ascii: "\\"), place + 1 < bytes.count, isEscapable(bytes[place + 1]) { place += 1 }
      content.append(bytes[place])
      place += 1
    }
    guard place < bytes.count else {
      position = bytes.count
      return .openString
    }
    position = place + 1
    return .string(String(decoding: content, as: UTF8.self))
  }

  /// Before anything else a backslash is a plain character.
  private func isEscapable(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

  private mutating func number() -> Token.Kind {
    let start = position
    position += 1
    while let byte = peek() {
      let isExponentSign =
        (byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")) && bytes[position - 1] | 0x20 == UInt8(ascii: "e")
      guard byte.isPlainKeyByte || byte == UInt8(ascii: ".") || isExponentSign else { break }
      position += 1
    }
    let text = text(start..<position)
    // Double also reads hexadecimal numbers and "nan".
    let isDecimal = text.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) }
    guard isDecimal, let value = Double(text), value.isFinite else { return .odd(text) }
    return .number(value)
  }

  private mutating func sign() -> Token.Kind {
    let start = position
    let byte = bytes[position]
    if "!<>=(){}[],:#".utf8.contains(byte) {
      position += 1
      if "!<>".utf8.contains(byte), peek() == UInt8(ascii: "=") { position += 1 }
      return .sign(text(start..<position))
    }
    let character = String(decoding: bytes[position...].prefix(64), as: UTF8.self).prefix(1)
    position = min(bytes.count, position + character.utf8.count)
    return .odd(String(character))
  }

  private mutating func take(while belongs: (UInt8) -> Bool) -> String {
    let start = position
    while let byte = peek(), belongs(byte) { position += 1 }
    return text(start..<position)
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
  }
}
