/// Walks over JSON bytes in place. Everything in the workspace that reads JSON reads it through this.
///
/// The cursor borrows its bytes: it lives only inside the `withUnsafeBytes` call that made it, and no
/// read goes beyond `end`.
struct JSONCursor {
  let base: UnsafePointer<UInt8>
  let end: Int
  var position = 0
  /// Whether bare NaN, Infinity and -Infinity count as numbers.
  var allowsNonFinite = false
  /// Numbers met that JSON cannot hold.
  var nonFiniteCount = 0
  /// The bits of all bytes of strings, or-ed in groups of eight: the high ones tell of bytes outside ASCII.
  private var textBits: UInt64 = 0

  /// Deepest nesting of arrays and objects that is read: a bound on the stack, far above any real document.
  static let depthLimit = 128

  init(_ bytes: UnsafeRawBufferPointer) {
    // An empty buffer may have no address; nothing is read from it, any address serves.
    base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(bitPattern: 1)!
    end = bytes.count
  }

  /// What a string in the input is: where its content lies, and whether it has escapes.
  struct StringToken {
    var range: Range<Int>
    var hasEscapes: Bool
  }

  func fail(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: position) }

  @inline(__always)
  mutating func skipSpace() {
    while position < end {
      switch base[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// The next byte that is not white space, left in place.
  @inline(__always)
  mutating func peek() throws(JSONError) -> UInt8 {
    skipSpace()
    guard position < end else { throw fail(.unexpectedEnd) }
    return base[position]
  }

  @inline(__always)
  mutating func expect(_ byte: UInt8) throws(JSONError) {
    guard try peek() == byte else { throw fail(.unexpectedByte) }
    position += 1
  }

  /// Passes the byte that opens an array or object with `depth` others around it.
  @inline(__always)
  mutating func open(_ byte: UInt8, depth: Int) throws(JSONError) {
    guard depth < Self.depthLimit else { throw fail(.tooDeep) }
    try expect(byte)
  }

  /// Passes the key of a member and its colon.
  @inline(__always)
  mutating func key() throws(JSONError) -> StringToken {
    let key = try string()
    try expect(UInt8(ascii: ":"))
    return key
  }

  /// After an element: `true` when another follows, `false` at the closing byte.
  @inline(__always)
  mutating func continues(until close: UInt8) throws(JSONError) -> Bool {
    let byte = try peek()
    guard byte == UInt8(ascii: ",") || byte == close else { throw fail(.unexpectedByte) }
    position += 1
    return byte != close
  }

  /// After an opening byte: `true` when there is nothing before the closing one, which is then passed.
  @inline(__always)
  mutating func isEmpty(until close: UInt8) throws(JSONError) -> Bool {
    guard try peek() == close else { return false }
    position += 1
    return true
  }

  mutating func string() throws(JSONError) -> StringToken {
    try expect(UInt8(ascii: "\""))
    let start = position
    var hasEscapes = false
    while true {
      skipPlainText()
      guard position < end else { throw fail(.unexpectedEnd) }
      switch base[position] {
      case UInt8(ascii: "\""):
        position += 1
        return StringToken(range: start..<(position - 1), hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try escape()
      case ..<0x20: throw fail(.badString)
      case let byte:
        textBits |= UInt64(byte)
        position += 1
      }
    }
  }

  private static var eachByte: UInt64 { 0x0101_0101_0101_0101 }
  private static var eachHighBit: UInt64 { 0x8080_8080_8080_8080 }

  /// Passes bytes that mean nothing but themselves, eight at a time; leaves the last seven before `end` to the caller.
  @inline(__always)
  private mutating func skipPlainText() {
    while position + 8 <= end {
      let word = UInt64(littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
      textBits |= word
      let quote = word ^ (Self.eachByte &* 0x22)
      let backslash = word ^ (Self.eachByte &* 0x5C)
      // The lowest byte that is a quote, a backslash or a control has its high bit set in one of these;
      // a borrow can set others, but only above it.
      let quotes = (quote &- Self.eachByte) & ~quote
      let backslashes = (backslash &- Self.eachByte) & ~backslash
      let controls = (word &- Self.eachByte &* 0x20) & ~word
      let stops = (quotes | backslashes | controls) & Self.eachHighBit
      guard stops == 0 else {
        position += stops.trailingZeroBitCount >> 3
        return
      }
      position += 8
    }
  }

  private mutating func escape() throws(JSONError) {
    guard position + 1 < end else { throw fail(.unexpectedEnd) }
    switch base[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      guard position + 5 < end else { throw fail(.unexpectedEnd) }
      for offset in 2..<6 where hexDigit(base[position + offset]) > 15 { throw fail(.badString) }
      position += 6
    default: throw fail(.badString)
    }
  }

  /// Passes a number and gives where its text lies.
  mutating func number() throws(JSONError) -> Range<Int> {
    let start = position
    if peekIs("-") { position += 1 }
    if peekIs("I") || peekIs("N") { return try nonFinite(from: start) }
    if peekIs("0") { position += 1 } else { try digits() }
    if peekIs(".") {
      position += 1
      try digits()
    }
    if peekIs("e") || peekIs("E") {
      position += 1
      if peekIs("+") || peekIs("-") { position += 1 }
      try digits()
    }
    return start..<position
  }

  @inline(__always)
  private func peekIs(_ scalar: Unicode.Scalar) -> Bool {
    position < end && base[position] == UInt8(ascii: scalar)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while position < end, base[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    if position == start { throw fail(.badNumber) }
  }

  private mutating func nonFinite(from start: Int) throws(JSONError) -> Range<Int> {
    guard allowsNonFinite else { throw fail(.nonFiniteNumber) }
    if position == start, matches("NaN") {
      position += 3
    } else if matches("Infinity") {
      position += 8
    } else {
      throw fail(.badNumber)
    }
    nonFiniteCount += 1
    return start..<position
  }

  @inline(__always)
  private func matches(_ word: StaticString) -> Bool {
    matches(word, in: position..<min(end, position + word.utf8CodeUnitCount))
  }

  /// Passes the rest of a literal: `true`, `false` or `null`.
  mutating func literal(_ word: StaticString) throws(JSONError) {
    guard matches(word) else { throw fail(.unexpectedByte) }
    position += word.utf8CodeUnitCount
  }

  /// Passes one value of any kind, checking its grammar. `depth` counts the arrays and objects around it.
  mutating func skipValue(depth: Int) throws(JSONError) {
    switch try peek() {
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "{"):
      try open(UInt8(ascii: "{"), depth: depth)
      if try isEmpty(until: UInt8(ascii: "}")) { return }
      repeat {
        _ = try key()
        try skipValue(depth: depth + 1)
      } while try continues(until: UInt8(ascii: "}"))
    case UInt8(ascii: "["):
      try open(UInt8(ascii: "["), depth: depth)
      if try isEmpty(until: UInt8(ascii: "]")) { return }
      repeat { try skipValue(depth: depth + 1) } while try continues(until: UInt8(ascii: "]"))
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"), UInt8(ascii: "I"):
      _ = try number()
    default: throw fail(.unexpectedByte)
    }
  }

  /// Checks that nothing but white space is left, and that the whole input is UTF-8.
  mutating func finish() throws(JSONError) {
    skipSpace()
    guard position == end else { throw fail(.trailingBytes) }
    guard textBits & Self.eachHighBit != 0 else { return }
    do throws(UTF8.ValidationError) {
      _ = try UTF8Span(validating: Span(_unsafeElements: UnsafeBufferPointer(start: base, count: end)))
    } catch {
      throw JSONError(reason: .notUTF8, offset: error.byteOffsets.lowerBound)
    }
  }

  /// Whether the bytes in `range` are exactly `word`.
  @inline(__always)
  func matches(_ word: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where base[range.lowerBound + offset] != word.utf8Start[offset] { return false }
    return true
  }
}
