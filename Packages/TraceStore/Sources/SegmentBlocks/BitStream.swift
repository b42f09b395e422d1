/// Appends numbers bit by bit, the highest bit of a number and of a byte first.
struct BitWriter: ~Copyable {
  private var bytes = Pool<UInt8>(capacity: 1 << 14)
  /// Bits that do not fill a byte yet, the last one lowest; fewer than 8 of them.
  private var pending: UInt64 = 0
  private var pendingCount = 0

  /// Bits written so far.
  var bitCount: Int { bytes.count * 8 + pendingCount }

  /// Appends the lowest `count` bits, of at most 64.
  @inline(__always)
  mutating func write(_ value: UInt64, bits count: Int) {
    if count > 32 {
      put(value &>> 32, count - 32)
      put(value & 0xFFFF_FFFF, 32)
    } else {
      put(value, count)
    }
  }

  @inline(__always)
  private mutating func put(_ value: UInt64, _ count: Int) {
    pending = pending &<< UInt64(count) | (value & ((1 &<< UInt64(count)) &- 1))
    pendingCount += count
    // All whole bytes at once: at most 39 bits are pending.
    let word = pending &<< UInt64(64 - pendingCount)
    bytes.append(highest: pendingCount &>> 3, of: pendingCount == 0 ? 0 : word)
    pendingCount &= 7
  }

  /// Appends `value`, below 2^63, in the exponential Golomb code of that order.
  @inline(__always)
  mutating func write(golomb value: UInt64, order: Int) {
    let shifted = value + (1 << UInt64(order))
    let length = 64 - shifted.leadingZeroBitCount
    if 2 * length - 1 - order <= 32 {
      put(shifted, 2 * length - 1 - order)
    } else {
      write(0, bits: length - 1 - order)
      write(shifted, bits: length)
    }
  }

  /// Fills the last byte with zeros, hands out all bytes and begins anew.
  mutating func finish(to other: inout [UInt8]) {
    if pendingCount > 0 { put(0, 8 - pendingCount) }
    other.append(contentsOf: bytes.elements)
    bytes.removeAll()
    (pending, pendingCount) = (0, 0)
  }
}

extension Pool where Element == UInt8 {
  /// Appends the highest bytes of a word, at most 8 of them.
  @inline(__always)
  fileprivate mutating func append(highest count: Int, of word: UInt64) {
    reserve(8)
    UnsafeMutableRawPointer(base + self.count).storeBytes(of: word.bigEndian, as: UInt64.self)
    advance(count)
  }
}

/// Reads what a ``BitWriter`` wrote.
struct BitReader {
  private let bytes: UnsafeRawBufferPointer
  /// In bits.
  private(set) var position = 0
  private let origin: Int

  init(_ bytes: UnsafeRawBufferPointer, at origin: Int) {
    self.bytes = bytes
    self.origin = origin
  }

  func fail(_ reason: BlockError.Reason = .malformed) -> BlockError {
    BlockError(reason, at: origin + position >> 3)
  }

  /// Whether nothing but the filling of the last byte is left.
  var isAtEnd: Bool { bytes.count * 8 - position < 8 }

  /// The next 57 bits or more, highest first; zeros stand in for bits past the end.
  @inline(__always)
  private func peek() -> UInt64 {
    let byte = position &>> 3
    if byte + 8 <= bytes.count {
      let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: byte, as: UInt64.self))
      return word &<< UInt64(position & 7)
    }
    return peekAtEnd(byte) &<< UInt64(position & 7)
  }

  @inline(never)
  private func peekAtEnd(_ byte: Int) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 { word = word &<< 8 | (byte + index < bytes.count ? UInt64(bytes[byte + index]) : 0) }
    return word
  }

  @inline(__always)
  mutating func read(_ count: Int) throws(BlockError) -> UInt64 {
    guard count <= bytes.count * 8 - position else { throw fail(.truncated) }
    if count > 32 { return take(count - 32) << 32 | take(32) }
    return take(count)
  }

  @inline(__always)
  private mutating func take(_ count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    defer { position += count }
    return peek() &>> UInt64(64 - count)
  }

  @inline(__always)
  mutating func golomb(order: Int) throws(BlockError) -> UInt64 {
    let word = peek()
    let zeros = word.leadingZeroBitCount
    let length = zeros + 1 + order
    // Nearly always all of it is in the word.
    if zeros + length <= 57, zeros + length <= bytes.count * 8 - position {
      position += zeros + length
      return (word &<< UInt64(zeros)) &>> UInt64(64 - length) - (1 << UInt64(order))
    }
    return try longGolomb(order: order)
  }

  @inline(never)
  private mutating func longGolomb(order: Int) throws(BlockError) -> UInt64 {
    var zeros = peek().leadingZeroBitCount
    if zeros >= 57 {
      let start = position
      zeros = 0
      while zeros < 63, try read(1) == 0 { zeros += 1 }
      position = start
    }
    guard zeros + order < 63 else { throw fail() }
    position += zeros
    let shifted = try read(zeros + 1 + order)
    // A zero where the highest bit of the number must be: it lies past the end.
    guard shifted >= 1 << UInt64(order) else { throw fail(.truncated) }
    return shifted - (1 << UInt64(order))
  }
}
