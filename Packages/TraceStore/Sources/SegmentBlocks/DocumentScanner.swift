/// What the scanner cuts a document into.
struct Token: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// Bytes between values: punctuation, white space, keys, the quotes of a string. `value` is the literal's number.
    case structure
    /// The content of a string or the text of a number. `value` is the literal's number.
    case text
    /// 16 lower-case hexadecimal digits. `value` is their number.
    case id
    /// A trace id. `value` is where it lies in the source.
    case trace
    /// `value` counts nanoseconds; `format` is that of a ``TimeFormat``.
    case time
  }
  var kind: Kind
  /// Whether a phrase begins here.
  var startsPhrase: Bool
  var format: UInt8 = 0
  var value: UInt64
}

/// Cuts documents into structure and values in one pass, without checking more of their grammar than it needs:
/// the tokens of a document, one after the other, are its bytes, whatever these are.
struct DocumentScanner: ~Copyable {
  let source: UnsafePointer<UInt8>
  private(set) var tokens: Pool<Token>
  var literals: LiteralTable
  private var startsPhrase = false
  /// What came last after a piece of structure. Documents of the same code mostly go on the same way, which is seen
  /// by a comparison.
  struct Guess: BitwiseCopyable {
    enum Next: UInt8, BitwiseCopyable { case nothing, string, number, end }
    var next = Next.nothing
    var startsPhrase = false
    /// The next piece.
    var structure: Int32 = 0
    /// The text behind it, or -1.
    var text: Int32 = -1
  }
  /// The first is for the beginning of a document; then two for each piece of structure, one when a number followed it,
  /// one when a string did.
  private var guesses = Pool<Guess>(capacity: 1 << 10)
  /// The guess for the piece that comes next, and the one that named the last; -1 for none.
  private var current = 0
  private var latest = -1
  /// Whether it is still to be tried.
  private var isDue = true
  private var phraseTokens = 0
  /// The decimals of the document's times: most of them, and whether any ends with a zero.
  private var decimals: UInt8 = 0
  private var hasFixedTimes = false

  /// More tokens than any document of 64 KB of an SDK has: what has more is kept raw.
  static let documentTokenLimit = 1 << 14
  /// Bounds the encoder's memory: documents that come after so many tokens are kept raw.
  static let tokenLimit = 1 << 21
  /// A phrase that grew so long is cut, wherever that is.
  static let phraseTokenLimit = 64

  init(_ source: UnsafePointer<UInt8>, documents: Int) {
    self.source = source
    literals = LiteralTable(source)
    tokens = Pool(capacity: documents * 32)
    guesses.fill(Guess(), count: 1)
  }

  /// Ends the scan.
  consuming func takeLiterals() -> LiteralTable { literals }

  /// Appends the tokens of the document in that range of the source; `false`, and no token, when it must be kept raw.
  mutating func scan(_ range: Range<Int>) -> Bool {
    let first = tokens.count
    startsPhrase = true
    phraseTokens = 0
    decimals = 0
    hasFixedTimes = false
    guard !range.isEmpty, tokens.count < Self.tokenLimit, scanValues(range) else {
      tokens.keep(first: first)
      return false
    }
    settleTimes(from: first)
    return true
  }

  private mutating func scanValues(_ range: Range<Int>) -> Bool {
    let end = range.upperBound
    let tokenLimit = tokens.count + Self.documentTokenLimit
    var position = range.lowerBound
    var fragment = position
    // The last byte that was neither white space nor part of a literal.
    var previous: UInt8 = 0
    settle(at: 0)
    while position < end {
      if isDue {
        switch follow(&fragment, end: end) {
        case .nothing: break
        case .end: return true
        case let kind:
          position = kind == .string ? fragment + 1 : fragment
          previous = kind == .string ? UInt8(ascii: "\"") : UInt8(ascii: "0")
          guard tokens.count < tokenLimit else { return false }
          continue
        }
      }
      let byte = source[position]
      switch byte {
      case UInt8(ascii: "\""):
        let start = position + 1
        guard let close = closingQuote(from: start, end: end) else { return false }
        position = close + 1
        while position < end, isSpace(source[position]) { position += 1 }
        if position < end, source[position] == UInt8(ascii: ":") {
          position += 1
          previous = UInt8(ascii: ":")
          continue
        }
        if previous == UInt8(ascii: ",") { cut() }
        addStructure(fragment, start - fragment, before: .string)
        if close > start { addText(start, close - start) }
        fragment = close
        position = close + 1
        previous = byte
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        let start = position
        repeat { position += 1 } while position < end && isNumberByte(source[position])
        if previous == UInt8(ascii: ",") { cut() }
        if start > fragment {
          addStructure(fragment, start - fragment, before: .number)
        } else {
          // A number with which a document begins.
          settle(at: -1)
          latest = -1
        }
        addNumber(start, position - start)
        fragment = position
        previous = byte
      case UInt8(ascii: "{"):
        if previous == UInt8(ascii: "[") || previous == UInt8(ascii: ",") { cut() }
        previous = byte
        position += 1
      case 0: return false
      case ...0x20: position += 1
      default:
        previous = byte
        position += 1
      }
      guard tokens.count < tokenLimit else { return false }
    }
    if end > fragment { addStructure(fragment, end - fragment, before: .end) }
    return true
  }

  @inline(__always)
  private mutating func settle(at guess: Int) {
    current = guess
    isDue = guess >= 0
  }

  /// Adds a piece of structure that no guess named, and guesses it the next time.
  private mutating func addStructure(_ start: Int, _ count: Int, before next: Guess.Next) {
    let number = literals.intern(start, count)
    while guesses.count < literals.count * 2 + 1 { guesses.append(Guess()) }
    if current >= 0 {
      guesses[current] = Guess(next: next, startsPhrase: startsPhrase, structure: Int32(number))
    }
    addStructure(number, before: next)
  }

  @inline(__always)
  private mutating func addStructure(_ number: Int, before next: Guess.Next) {
    add(.structure, number)
    latest = current
    settle(at: number * 2 + (next == .string ? 2 : 1))
  }

  /// Adds the piece of structure at `fragment` and the value behind it, if they are as guessed; `fragment` then is where
  /// the next one begins. What is added is what a scan would have found: it depends on the bytes of the piece, on what
  /// it follows, and on that a value of the same kind follows it.
  @inline(__always)
  private mutating func follow(_ fragment: inout Int, end: Int) -> Guess.Next {
    isDue = false
    guard current < guesses.count else { return .nothing }
    let guess = guesses[current]
    let number = Int(guess.structure)
    guard guess.next != .nothing else { return .nothing }
    let start = fragment + Int(literals[number].length)
    guard guess.next == .end ? start == end : start < end, literals.isSame(number, source + fragment) else {
      return .nothing
    }
    var text = -1
    switch guess.next {
    case .number:
      guard source[start] &- UInt8(ascii: "0") < 10 || source[start] == UInt8(ascii: "-") else { return .nothing }
      fragment = start + 1
      while fragment < end, isNumberByte(source[fragment]) { fragment += 1 }
    case .string:
      if guess.text >= 0, case let close = start + Int(literals[Int(guess.text)].length), close < end,
        source[close] == UInt8(ascii: "\""), literals.isSame(Int(guess.text), source + start)
      {
        text = Int(guess.text)
        fragment = close
      } else if let close = closingQuote(from: start, end: end) {
        fragment = close
      } else {
        return .nothing
      }
      var position = fragment + 1
      while position < end, isSpace(source[position]) { position += 1 }
      // It is a key.
      if position < end, source[position] == UInt8(ascii: ":") {
        fragment = start - Int(literals[number].length)
        return .nothing
      }
    case .end, .nothing: break
    }
    if guess.startsPhrase { cut() }
    literals.count(number)
    addStructure(number, before: guess.next)
    if text >= 0 {
      literals.count(text)
      add(.text, text)
    } else if guess.next == .number {
      addNumber(start, fragment - start)
    } else if guess.next == .string, fragment > start {
      addText(start, fragment - start)
    }
    return guess.next
  }

  @inline(__always)
  private mutating func cut() { startsPhrase = true }

  @inline(__always)
  private mutating func add(_ kind: Token.Kind, _ value: Int, format: UInt8 = 0) {
    add(kind, UInt64(truncatingIfNeeded: value), format: format)
  }

  @inline(__always)
  private mutating func add(_ kind: Token.Kind, _ value: UInt64, format: UInt8 = 0) {
    // Only structure starts a phrase, so that what was cut begins where the next value's structure does.
    let starts = kind == .structure && (startsPhrase || phraseTokens >= Self.phraseTokenLimit)
    if starts {
      startsPhrase = false
      phraseTokens = 0
    }
    phraseTokens += 1
    tokens.append(Token(kind: kind, startsPhrase: starts, format: format, value: value))
  }

  @inline(__always)
  private func isNumberByte(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
      || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
  }

  @inline(__always)
  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  // MARK: Values

  private mutating func addText(_ start: Int, _ count: Int) {
    if count == 16, let id = hexDigits(source + start, 16) {
      add(.id, id)
    } else if count == 35, isTraceID(source + start) {
      add(.trace, start)
    } else {
      let number = literals.intern(start, count)
      if latest >= 0 { guesses[latest].text = Int32(number) }
      add(.text, number)
    }
  }

  private mutating func addNumber(_ start: Int, _ count: Int) {
    if count >= 9, let time = TimeText(UnsafeBufferPointer(start: source + start, count: count)) {
      if time.format.style != .fixed { decimals = max(decimals, time.format.decimals) }
      if time.endsWithZero { hasFixedTimes = true }
      let format = time.endsWithZero ? TimeFormat(style: .fixed, decimals: time.format.decimals) : time.format
      add(.time, UInt64(time.nanoseconds), format: UInt8(format.rawValue))
    } else {
      add(.text, literals.intern(start, count))
    }
  }

  /// Gives the document's times one format, where their text allows: without it, every tenth time would be of
  /// another one, since its last digit happened to be a zero.
  private mutating func settleTimes(from first: Int) {
    let scale: UInt8 = decimals <= 3 ? 3 : decimals <= 6 ? 6 : decimals <= 7 ? 7 : 9
    for index in first..<tokens.count {
      guard tokens[index].kind == .time else { continue }
      guard var format = TimeFormat(rawValue: UInt32(tokens[index].format)) else { continue }
      if format.style == .trimmed, hasFixedTimes, format.decimals == decimals {
        format.style = .fixed
      } else if format.style != .fixed {
        format.decimals = scale
      }
      tokens[index].format = UInt8(format.rawValue)
    }
  }

  // MARK: Strings

  /// Where the string that began before `start` ends; `nil` when it does not, or holds a zero byte.
  @inline(__always)
  private func closingQuote(from start: Int, end: Int) -> Int? {
    let each: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    var position = start
    while true {
      while position + 8 <= end {
        let word = UInt64(littleEndian: UnsafeRawPointer(source + position).loadUnaligned(as: UInt64.self))
        let quote = word ^ (each &* 0x22)
        let backslash = word ^ (each &* 0x5C)
        // The lowest byte that is one of the three has its high bit set; a borrow can set others, but only above it.
        let stops =
          (((quote &- each) & ~quote) | ((backslash &- each) & ~backslash) | ((word &- each) & ~word)) & high
        guard stops == 0 else {
          position += stops.trailingZeroBitCount &>> 3
          break
        }
        position += 8
      }
      guard position < end else { return nil }
      switch source[position] {
      case UInt8(ascii: "\""): return position
      case UInt8(ascii: "\\"):
        // Not two at once: what is escaped may be a zero byte, which must be seen.
        guard position + 1 < end, source[position + 1] != 0 else { return nil }
        position += 2
      case 0: return nil
      default: position += 1
      }
    }
  }
}

/// The number that `count` lower-case hexadecimal digits write, at most 16; `nil` when one is something else.
@inline(__always)
func hexDigits(_ text: UnsafePointer<UInt8>, _ count: Int) -> UInt64? {
  if count == 8 { return eightHexDigits(text) }
  if count == 16 {
    guard let high = eightHexDigits(text), let low = eightHexDigits(text + 8) else { return nil }
    return high &<< 32 | low
  }
  var value: UInt64 = 0
  var all: UInt8 = 0
  for index in 0..<count {
    let decimal = text[index] &- UInt8(ascii: "0")
    let letter = text[index] &- UInt8(ascii: "a")
    let digit = decimal < 10 ? decimal : letter < 6 ? letter &+ 10 : 255
    all |= digit
    value = value &<< 4 | UInt64(digit & 15)
  }
  return all < 16 ? value : nil
}

/// All eight at once, a byte of a word each.
@inline(__always)
private func eightHexDigits(_ text: UnsafePointer<UInt8>) -> UInt64? {
  let each: UInt64 = 0x0101_0101_0101_0101
  let word = UInt64(littleEndian: UnsafeRawPointer(text).loadUnaligned(as: UInt64.self))
  var value = (word & (each &* 0x0F)) &+ ((word &>> 6) & each) &* 9
  // Written again, digits are what they were; nothing else is.
  let letters = ((value &+ each &* 6) &>> 4) & each
  guard value & (each &* 0xF0) == 0, value &+ each &* 0x30 &+ letters &* 39 == word else { return nil }
  value = value.byteSwapped
  value = (value | value &>> 4) & 0x00FF_00FF_00FF_00FF
  value = (value | value &>> 8) & 0x0000_FFFF_0000_FFFF
  return (value | value &>> 16) & 0xFFFF_FFFF
}

/// Whether 35 bytes are a trace id in lower case.
@inline(__always)
func isTraceID(_ text: UnsafePointer<UInt8>) -> Bool {
  text[0] == UInt8(ascii: "1") && text[1] == UInt8(ascii: "-") && text[10] == UInt8(ascii: "-")
    && hexDigits(text + 2, 8) != nil && hexDigits(text + 11, 8) != nil && hexDigits(text + 19, 16) != nil
}
