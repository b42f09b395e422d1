/// One step of writing a document: some fixed bytes, or a value that is read from a stream.
///
/// In bytes: a varint that is `16 + number` for a literal, else the kind, and then the argument of those kinds that
/// have one.
struct Operation: Hashable, BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// The document ends here.
    case end = 0
    /// A literal whose number the skeleton names.
    case word
    /// Bytes up to a zero in the text stream.
    case text
    /// 16 hexadecimal digits, 64 bits.
    case id
    /// An id that came before in this chunk: how many ids ago.
    case idReference
    /// A trace id: the seconds since those of the trace before in this chunk, 96 bits.
    case trace
    /// The same trace id as before in this chunk.
    case traceAgain
    /// 128 bits.
    case uuid
    /// A UUID that came before in this chunk: how many UUIDs ago.
    case uuidReference
    /// `argument` characters of an alphabet, each in the fewest bits.
    case packed
    /// A decimal number without zeros in front.
    case integer
    /// A decimal number of `argument` digits, zeros in front.
    case digits
    /// Seconds since 1970; `argument` is a ``TimeFormat``.
    case time
    /// A fixed byte string; `argument` is its number.
    case literal = 16
  }
  var kind: Kind
  var argument: UInt32

  init(_ kind: Kind, _ argument: UInt32 = 0) {
    self.kind = kind
    self.argument = argument
  }

  /// Whether its value is a number that a ``NumberColumn`` codes.
  @inline(__always)
  var isNumber: Bool {
    switch kind {
    case .idReference, .uuidReference, .integer, .digits, .time: true
    default: false
    }
  }

  @inline(__always)
  var hasArgument: Bool { kind == .packed || kind == .digits || kind == .time }

  func write(to bytes: inout [UInt8]) {
    if kind == .literal {
      bytes.append(varint: UInt64(Kind.literal.rawValue) + UInt64(argument))
    } else {
      bytes.append(kind.rawValue)
      if hasArgument { bytes.append(varint: UInt64(argument)) }
    }
  }

  /// Reads one, with everything checked that writing it relies on.
  @inline(__always)
  init(reading reader: inout ByteReader, literals: Int) throws(BlockError) {
    let code = try reader.varint()
    if _fastPath(code >= UInt64(Kind.literal.rawValue)) {
      let number = code - UInt64(Kind.literal.rawValue)
      guard number < UInt64(literals) else { throw reader.fail() }
      self.init(.literal, UInt32(number))
      return
    }
    guard let kind = Kind(rawValue: UInt8(code)) else { throw reader.fail() }
    self.init(kind)
    guard hasArgument else { return }
    argument = UInt32(try reader.count(limit: 0xFFFF))
    let isSound =
      switch kind {
      case .packed: Alphabet(rawValue: argument & 3) != nil && argument >> 2 > 0
      case .digits: (1...Self.digitsLimit).contains(argument)
      default: TimeFormat(rawValue: argument) != nil
      }
    guard isSound else { throw reader.fail() }
  }

  /// Passes so many operations and their columns; returns how many columns they have. That each can be performed is
  /// seen when it is.
  static func pass(
    _ count: Int, _ operations: inout ByteReader, columns: inout ByteReader
  ) throws(BlockError) -> Int {
    var found = 0
    for _ in 0..<count {
      let code = try operations.byte()
      if code >= 0x80 {
        try operations.skipVarint()
        continue
      }
      guard code < Kind.literal.rawValue else { continue }
      guard let kind = Kind(rawValue: code) else { throw operations.fail() }
      let operation = Operation(kind)
      if operation.hasArgument { try operations.skipVarint() }
      if operation.isNumber {
        try NumberColumn.pass(&columns)
        found += 1
      }
    }
    return found
  }

  /// Decimal numbers have at most so many digits; longer ones are text.
  static let digitsLimit: UInt32 = 18
  /// Packed runs have at most so many characters; longer ones are text.
  static let packedLimit = 1 << 12
}

/// The characters of a run that looks random, in the order of their numbers.
enum Alphabet: UInt32 {
  case lowerHex, upperHex, base32, base62

  var bits: Int {
    switch self {
    case .lowerHex, .upperHex: 4
    case .base32: 5
    case .base62: 6
    }
  }

  @inline(__always)
  func number(of byte: UInt8) -> UInt64 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A")) + 10
    default: UInt64(byte &- UInt8(ascii: "a")) + (self == .base62 ? 36 : 10)
    }
  }

  /// `nil` for a number that stands for no character.
  @inline(__always)
  func byte(of number: UInt64) -> UInt8? {
    let number = UInt8(truncatingIfNeeded: number)
    switch number {
    case 0..<10: return UInt8(ascii: "0") + number
    case 10..<36: return (self == .lowerHex ? UInt8(ascii: "a") : UInt8(ascii: "A")) + number - 10
    case 36..<62: return UInt8(ascii: "a") + number - 36
    default: return nil
    }
  }
}
