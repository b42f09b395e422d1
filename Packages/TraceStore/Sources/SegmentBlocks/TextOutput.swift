/// Where a chunk's documents are written: memory of a fixed size, beyond which nothing is written.
struct TextOutput: ~Copyable {
  private let base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  /// At most the memory's size.
  private(set) var limit: Int

  init(limit: Int) {
    base = .allocate(capacity: max(limit, 1))
    self.limit = limit
  }

  deinit { base.deallocate() }

  /// The bytes in that range of those written.
  borrowing func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Forgets what was written from `start` on, which still counts against the limit.
  mutating func discard(from start: Int) {
    limit -= count - start
    count = start
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
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { buffer in
      // Ten digits of seconds from 1 on; then room for the point, and nine decimals.
      let text = buffer.baseAddress.unsafelyUnwrapped
      let (seconds, rest) = UInt64(nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
      Self.write(decimal: seconds, digits: 10, to: text + 1)
      Self.write(decimal: rest, digits: 9, to: text + 12)
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
      return append(UnsafeRawBufferPointer(start: text + first, count: end - first))
    }
  }

  @inline(__always)
  private static func write(hex value: UInt64, digits: Int, to text: UnsafeMutablePointer<UInt8>) {
    var rest = value
    for index in (0..<digits).reversed() {
      let digit = UInt8(truncatingIfNeeded: rest & 15)
      text[index] = digit &+ (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
      rest &>>= 4
    }
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
