/// Reads numbers from bytes that may be anything: no read goes past the end.
struct ByteReader {
  let bytes: [UInt8]
  private(set) var position: Int
  let end: Int

  init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
    end = bytes.count
  }

  var remaining: Int { end - position }

  func fail(_ reason: ColumnError.Reason = .malformed) -> ColumnError { ColumnError(reason, at: position) }

  mutating func byte() throws(ColumnError) -> UInt8 {
    guard position < end else { throw fail(.truncated) }
    defer { position += 1 }
    return bytes[position]
  }

  /// Seven bits a byte, the lowest first; the high bit says that more follow.
  mutating func varint() throws(ColumnError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      guard shift < 63 || (shift == 63 && next < 2) else { throw fail() }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
    }
  }

  mutating func signed() throws(ColumnError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
  }

  mutating func double() throws(ColumnError) -> Double { Double(bitPattern: try varint()) }

  /// A varint that counts something of which there can be at most `limit`.
  mutating func count(limit: Int) throws(ColumnError) -> Int {
    let value = try varint()
    guard value <= UInt64(max(limit, 0)) else { throw fail() }
    return Int(value)
  }

  /// A count of things that take at least a byte each.
  mutating func count() throws(ColumnError) -> Int { try count(limit: remaining) }

  mutating func slice(_ count: Int) throws(ColumnError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw fail(.truncated) }
    defer { position += count }
    return bytes[position..<position + count]
  }

  mutating func skip(_ count: Int) throws(ColumnError) {
    guard count >= 0, count <= remaining else { throw fail(.truncated) }
    position += count
  }

  mutating func text() throws(ColumnError) -> String {
    let count = try count()
    return String(decoding: try slice(count), as: UTF8.self)
  }

  /// What ``Swift/Array/append(deflated:_:)`` wrote.
  mutating func inflated() throws(ColumnError) -> [UInt8] {
    let count = try count(limit: 1 << 30)
    let length = try self.count()
    guard let bytes = Zlib.inflate(try slice(length), count: count) else { throw fail() }
    return bytes
  }
}

extension [UInt8] {
  mutating func append(varint value: UInt64) {
    if value < 0x80 { return append(UInt8(truncatingIfNeeded: value)) }
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func append(varint value: Int) { append(varint: UInt64(bitPattern: Int64(value))) }

  /// Numbers of small magnitude take few bytes.
  mutating func append(signed value: Int64) { append(varint: UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))) }

  mutating func append(double value: Double) { append(varint: value.bitPattern) }

  mutating func append(text: String) {
    var text = text
    text.withUTF8 { utf8 in
      append(varint: utf8.count)
      append(contentsOf: utf8)
    }
  }

  mutating func append(deflated bytes: [UInt8], _ deflater: Deflater) {
    let stream = deflater.deflate(bytes)
    append(varint: bytes.count)
    append(varint: stream.count)
    append(contentsOf: stream)
  }
}

/// What every blob begins with: four letters, a version, a checksum of all that follows.
struct Envelope {
  var letters: [UInt8]
  var version: UInt8
  static let length = 9

  func wrap(_ body: [UInt8]) -> [UInt8] {
    var bytes = letters + [version]
    Swift.withUnsafeBytes(of: Zlib.checksum(body[...]).littleEndian) { bytes.append(contentsOf: $0) }
    return bytes + body
  }

  /// A reader of the body of a blob whose checksum is right.
  func open(_ bytes: [UInt8]) throws(ColumnError) -> ByteReader {
    guard bytes.starts(with: letters) else { throw ColumnError(.notColumns, at: 0) }
    guard bytes.count >= Self.length else { throw ColumnError(.truncated, at: bytes.count) }
    guard bytes[4] == version else { throw ColumnError(.unknownVersion, at: 4) }
    let sum = (5..<9).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[$1]) }
    guard Zlib.checksum(bytes[Self.length...]) == sum else { throw ColumnError(.checksum, at: 5) }
    return ByteReader(bytes, from: Self.length)
  }
}
