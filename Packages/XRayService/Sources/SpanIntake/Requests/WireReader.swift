/// Reads the fields of one protobuf message in place.
///
/// Every read is checked against the end of the message, so that no input reads beyond it. Groups, which old
/// senders may still hold in unknown fields, are passed over to a depth of ``groupDepthLimit``.
struct WireReader {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  static let groupDepthLimit = 32

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The value of a field, by its wire type.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(Range<Int>)
  }

  struct Field {
    var number: UInt64
    var value: Value
  }

  func fail(_ detail: String) -> IntakeError { IntakeError(.malformed, detail, at: "byte \(position)") }

  /// The next field, or `nil` at the end of the message.
  mutating func next() throws(IntakeError) -> Field? {
    while position < end {
      let tag = try varint()
      let number = tag >> 3
      guard number > 0, number < 1 << 29 else { throw fail("a field with the number \(number)") }
      switch tag & 7 {
      case 0: return Field(number: number, value: .varint(try varint()))
      case 1: return Field(number: number, value: .fixed64(try fixed(8)))
      case 2: return Field(number: number, value: .bytes(try lengthDelimited()))
      case 3: try skipGroup(number, depth: 0)
      case 5: return Field(number: number, value: .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
      default: throw fail("a field of wire type \(tag & 7)")
      }
    }
    return nil
  }

  /// A message that lies in this one.
  func message(_ value: Value) throws(IntakeError) -> WireReader {
    guard case .bytes(let range) = value else { throw fail("a number where a message belongs") }
    return WireReader(bytes, range)
  }

  /// Text; what is not UTF-8 becomes U+FFFD.
  func text(_ value: Value) throws(IntakeError) -> String { String(decoding: try data(value), as: UTF8.self) }

  func data(_ value: Value) throws(IntakeError) -> ArraySlice<UInt8> {
    guard case .bytes(let range) = value else { throw fail("a number where bytes belong") }
    return bytes[range]
  }

  /// A number of any wire type.
  func number(_ value: Value) throws(IntakeError) -> UInt64 {
    switch value {
    case .varint(let value), .fixed64(let value): return value
    case .fixed32(let value): return UInt64(value)
    case .bytes: throw fail("bytes where a number belongs")
    }
  }

  private mutating func varint() throws(IntakeError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard position < end else { throw fail("ends within a number") }
      let byte = bytes[position]
      position += 1
      // Of the tenth byte one bit is left; more would not fit into 64.
      if shift == 63, byte > 1 { throw fail("a number of more than 64 bits") }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw fail("a number of more than ten bytes")
  }

  private mutating func fixed(_ count: Int) throws(IntakeError) -> UInt64 {
    guard end - position >= count else { throw fail("ends within a number") }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
    position += count
    return value
  }

  private mutating func lengthDelimited() throws(IntakeError) -> Range<Int> {
    let length = try varint()
    guard length <= UInt64(end - position) else { throw fail("a length of \(length) beyond the end") }
    let start = position
    position += Int(length)
    return start..<position
  }

  private mutating func skipGroup(_ number: UInt64, depth: Int) throws(IntakeError) {
    guard depth < Self.groupDepthLimit else {
      throw IntakeError(.tooDeep, "groups nested deeper than \(Self.groupDepthLimit)", at: "byte \(position)")
    }
    while true {
      let tag = try varint()
      switch tag & 7 {
      case 0: _ = try varint()
      case 1: _ = try fixed(8)
      case 2: _ = try lengthDelimited()
      case 3: try skipGroup(tag >> 3, depth: depth + 1)
      case 4:
        guard tag >> 3 == number else { throw fail("a group that ends as another one") }
        return
      case 5: _ = try fixed(4)
      default: throw fail("a field of wire type \(tag & 7)")
      }
    }
  }
}
