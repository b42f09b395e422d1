/// Where a chunk's documents are written: memory of a fixed size, beyond which nothing is written.
struct TextOutput: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// At most the memory's size.
  private(set) var limit = 0

  /// Bytes behind the limit that may be overwritten.
  private static let slack = 16

  init() {
    capacity = 0
    base = .allocate(capacity: Self.slack)
  }

  deinit { base.deallocate() }

  /// Forgets what was written, and makes room for so many bytes.
  mutating func begin(limit: Int) {
    if limit > capacity {
      base.deallocate()
      base = .allocate(capacity: limit + Self.slack)
      capacity = limit
    }
    count = 0
    self.limit = limit
  }

  /// The bytes in that range of those written.
  borrowing func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Counts bytes against the limit that are not written.
  @inline(__always)
  mutating func pass(_ length: Int) -> Bool {
    guard length <= limit - count else { return false }
    limit -= length
    return true
  }

  /// Makes room for so many bytes, which the caller then writes; `nil` when they are too many.
  @inline(__always)
  private mutating func room(_ length: Int) -> UnsafeMutablePointer<UInt8>? {
    guard length <= limit - count else { return nil }
    defer { count += length }
    return base + count
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let text = room(bytes.count) else { return false }
    UnsafeMutableRawPointer(text).copyMemory(from: bytes.baseAddress ?? UnsafeRawPointer(text), byteCount: bytes.count)
    return true
  }

  /// Appends bytes behind which ``BlockDictionary/slack`` more may be read.
  @inline(__always)
  mutating func append(literal bytes: UnsafeRawBufferPointer) -> Bool {
    guard let text = room(bytes.count), let source = bytes.baseAddress else { return false }
    let target = UnsafeMutableRawPointer(text)
    guard bytes.count <= 64 else {
      target.copyMemory(from: source, byteCount: bytes.count)
      return true
    }
    var index = 0
    repeat {
      target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: index, as: SIMD16<UInt8>.self), toByteOffset: index,
        as: SIMD16<UInt8>.self)
      index += 16
    } while index < bytes.count
    return true
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) -> Bool {
    guard let text = room(1) else { return false }
    text.pointee = byte
    return true
  }

  /// Appends the 16 lower-case digits of a number.
  @inline(__always)
  mutating func append(id: UInt64) -> Bool {
    guard let text = room(16) else { return false }
    Self.write(hex: id, digits: 16, to: text)
    return true
  }

  mutating func append(trace epoch: UInt32, _ high: UInt64, _ low: UInt64) -> Bool {
    guard let text = room(35) else { return false }
    text[0] = UInt8(ascii: "1")
    for place in [1, 10] { text[place] = UInt8(ascii: "-") }
    Self.write(hex: UInt64(epoch), digits: 8, to: text + 2)
    Self.write(hex: high, digits: 8, to: text + 11)
    Self.write(hex: low, digits: 16, to: text + 19)
    return true
  }

  mutating func append(uuid high: UInt64, _ low: UInt64) -> Bool {
    guard let text = room(36) else { return false }
    for place in [8, 13, 18, 23] { text[place] = UInt8(ascii: "-") }
    Self.write(hex: high >> 32, digits: 8, to: text)
    Self.write(hex: high >> 16, digits: 4, to: text + 9)
    Self.write(hex: high, digits: 4, to: text + 14)
    Self.write(hex: low >> 48, digits: 4, to: text + 19)
    Self.write(hex: low, digits: 12, to: text + 24)
    return true
  }

  /// Appends a number below 10^19, with zeros in front of it when it has fewer digits.
  mutating func append(decimal value: UInt64, digits: Int) -> Bool {
    var count = 1
    var bound: UInt64 = 10
    while count < 19, value >= bound {
      count += 1
      bound = bound &* 10
    }
    guard let text = room(max(count, digits)) else { return false }
    Self.write(decimal: value, digits: max(count, digits), to: text)
    return true
  }

  /// Appends a time of at least ``TimeText/least`` nanoseconds and less than ``TimeText/limit``.
  mutating func append(time nanoseconds: Int64, _ format: TimeFormat) -> Bool {
    // Twenty bytes and a point at most, two more in style `scientific`.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
      // Ten digits of seconds from 1 on; then room for the point, and nine decimals.
      let text = buffer.baseAddress.unsafelyUnwrapped
      let (seconds, rest) = UInt64(nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
      Self.write(pair: seconds / 100_000_000, to: text + 1)
      Self.write(eight: UInt32(truncatingIfNeeded: seconds % 100_000_000), to: text + 3)
      Self.write(eight: UInt32(truncatingIfNeeded: rest / 10), to: text + 12)
      text[20] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      let first = text[1] == UInt8(ascii: "0") ? 2 : 1
      text[11] = UInt8(ascii: ".")
      var end = 12 + Int(format.decimals)
      switch format.style {
      case .fixed: if format.decimals == 0 { end = 11 }
      case .trimmed:
        end = 21
        while end > 13, text[end - 1] == UInt8(ascii: "0") { end -= 1 }
      case .scientific:
        // Ten digits of seconds: the point goes behind the first of them.
        for place in (3...11).reversed() { text[place] = text[place - 1] }
        text[2] = UInt8(ascii: ".")
        end = 21
        while end > 4, text[end - 1] == UInt8(ascii: "0") { end -= 1 }
        text[end] = UInt8(ascii: "E")
        text[end + 1] = UInt8(ascii: "9")
        end += 2
      }
      guard let target = room(end - first) else { return false }
      UnsafeMutableRawPointer(target).copyMemory(from: text + first, byteCount: end - first)
      return true
    }
  }

  @inline(__always)
  private static func write(pair value: UInt64, to text: UnsafeMutablePointer<UInt8>) {
    text[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10)
    text[1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10)
  }

  /// Writes a number below 10^8 with eight digits: halves, quarters and digits of it side by side in one word.
  @inline(__always)
  private static func write(eight value: UInt32, to text: UnsafeMutablePointer<UInt8>) {
    let halves = UInt64(value / 10_000) | UInt64(value % 10_000) &<< 32
    let hundreds = ((halves &* 10_486) &>> 20) & 0x7F_0000_007F
    let pairs = hundreds | (halves &- hundreds &* 100) &<< 16
    let tens = ((pairs &* 103) &>> 10) & 0x000F_000F_000F_000F
    let digits = tens | (pairs &- tens &* 10) &<< 8
    UnsafeMutableRawPointer(text).storeBytes(
      of: (digits | 0x3030_3030_3030_3030).littleEndian, as: UInt64.self)
  }

  @inline(__always)
  private static func write(hex value: UInt64, digits: Int, to text: UnsafeMutablePointer<UInt8>) {
    if digits == 16 { write(eightHex: UInt32(truncatingIfNeeded: value &>> 32), to: text) }
    if digits == 16 || digits == 8 {
      write(eightHex: UInt32(truncatingIfNeeded: value), to: text + digits - 8)
      return
    }
    var rest = value
    for index in (0..<digits).reversed() {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      text[index] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
      rest &>>= 4
    }
  }

  /// Writes eight digits: one of them in each byte of a word, made a letter where it is above 9.
  @inline(__always)
  private static func write(eightHex value: UInt32, to text: UnsafeMutablePointer<UInt8>) {
    var word = UInt64(value.byteSwapped)
    word = (word | word &<< 16) & 0x0000_FFFF_0000_FFFF
    word = (word | word &<< 8) & 0x00FF_00FF_00FF_00FF
    word = ((word &>> 4) | word &<< 8) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = ((word &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
    word = word &+ 0x3030_3030_3030_3030 &+ letters &* 39
    UnsafeMutableRawPointer(text).storeBytes(of: word.littleEndian, as: UInt64.self)
  }

  @inline(__always)
  private static func write(decimal value: UInt64, digits: Int, to text: UnsafeMutablePointer<UInt8>) {
    var rest = value
    for index in (0..<digits).reversed() {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      text[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    }
  }
}
