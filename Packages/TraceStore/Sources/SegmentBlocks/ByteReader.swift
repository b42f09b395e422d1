/// Reads numbers from bytes that may be anything: no read goes past the end.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position = 0
  /// Where the first byte lies in the block, for errors.
  let origin: Int

  init(_ bytes: UnsafeRawBufferPointer, at origin: Int) {
    self.bytes = bytes
    self.origin = origin
  }

  var remaining: Int { bytes.count - position }

  func fail(_ reason: BlockError.Reason = .malformed) -> BlockError { BlockError(reason, at: origin + position) }

  @inline(__always)
  mutating func byte() throws(BlockError) -> UInt8 {
    guard position < bytes.count else { throw fail(.truncated) }
    defer { position += 1 }
    return bytes[position]
  }

  /// Passes bytes that are known to be there.
  @inline(__always)
  mutating func skip(_ count: Int) {
    precondition(count >= 0 && count <= remaining)
    position += count
  }

  /// Passes a varint without looking at its value.
  @inline(__always)
  mutating func skipVarint() throws(BlockError) {
    while try byte() >= 0x80 {}
  }

  /// Four bytes, the lowest first.
  mutating func uint32() throws(BlockError) -> UInt32 {
    guard remaining >= 4 else { throw fail(.truncated) }
    defer { position += 4 }
    return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
  }

  /// Seven bits a byte, the lowest first; the high bit says that more follow.
  @inline(__always)
  mutating func varint() throws(BlockError) -> UInt64 {
    let first = try byte()
    if first < 0x80 { return UInt64(first) }
    return try rest(of: first)
  }

  private mutating func rest(of first: UInt8) throws(BlockError) -> UInt64 {
    var value = UInt64(first & 0x7F)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      guard shift < 63 || next < 2 else { throw fail() }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
      guard shift < 64 else { throw fail() }
    }
  }

  /// A varint that counts something of which there can be at most `limit`.
  @inline(__always)
  mutating func count(limit: Int) throws(BlockError) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw fail() }
    return Int(value)
  }

  mutating func slice(_ count: Int) throws(BlockError) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw fail(.truncated) }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// The bytes up to the next zero, which is passed.
  mutating func terminated() throws(BlockError) -> UnsafeRawBufferPointer {
    var end = position
    while end + 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self))
      // The lowest zero byte has its high bit set; a borrow can set others, but only above it.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      guard zeros == 0 else {
        end += zeros.trailingZeroBitCount &>> 3
        break
      }
      end += 8
    }
    while end < bytes.count, bytes[end] != 0 { end += 1 }
    guard end < bytes.count else { throw fail(.truncated) }
    defer { position = end + 1 }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
  }
}

extension [UInt8] {
  @inline(__always)
  mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func append(varint value: Int) { append(varint: UInt64(value)) }

  mutating func append(uint32 value: UInt32) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }
}

/// Maps numbers of small magnitude to small numbers: 0, -1, 1, -2, ...
@inline(__always)
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)) }

@inline(__always)
func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1))) }
