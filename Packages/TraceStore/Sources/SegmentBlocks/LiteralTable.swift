/// Numbers the byte strings that occur in a block's documents, and counts how often each does.
struct LiteralTable: ~Copyable {
  struct Entry: BitwiseCopyable {
    /// Where its first occurrence lies in the source.
    var start: UInt32
    var length: UInt32
    var count: UInt32
  }
  let source: UnsafePointer<UInt8>
  private(set) var entries = Pool<Entry>(capacity: 1 << 10)
  private var index = HashIndex(slots: 1 << 12)

  init(_ source: UnsafePointer<UInt8>) { self.source = source }

  var count: Int { entries.count }

  @inline(__always)
  subscript(number: Int) -> Entry { entries[number] }

  /// A literal came once more.
  @inline(__always)
  mutating func count(_ number: Int) { entries[number].count &+= 1 }

  /// Whether these bytes are those of a literal.
  @inline(__always)
  func isSame(_ number: Int, _ bytes: UnsafePointer<UInt8>) -> Bool {
    let entry = entries[number]
    return equalBytes(source + Int(entry.start), bytes, Int(entry.length))
  }

  func bytes(of number: Int) -> UnsafeRawBufferPointer {
    let entry = entries[number]
    return UnsafeRawBufferPointer(start: source + Int(entry.start), count: Int(entry.length))
  }

  /// The number of the bytes that lie there in the source, counted `times` times more.
  @inline(__always)
  mutating func intern(_ start: Int, _ length: Int, times: Int = 1) -> Int {
    let hash = hashBytes(source + start, length)
    let known = index.find(hash) { number in
      let entry = entries[number]
      return Int(entry.length) == length && equalBytes(source + Int(entry.start), source + start, length)
    }
    if let known {
      entries[known].count &+= UInt32(times)
      return known
    }
    entries.append(Entry(start: UInt32(start), length: UInt32(length), count: UInt32(times)))
    return entries.count - 1
  }
}

@inline(__always)
func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
  let a = UnsafeRawPointer(a)
  let b = UnsafeRawPointer(b)
  var index = 0
  while index + 8 <= count {
    if a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      != b.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    {
      return false
    }
    index += 8
  }
  if index == count { return true }
  guard count < 8 else {
    // The last eight: some of them once more.
    return a.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
      == b.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
  }
  while index < count {
    if a.load(fromByteOffset: index, as: UInt8.self) != b.load(fromByteOffset: index, as: UInt8.self) { return false }
    index += 1
  }
  return true
}

@inline(__always)
private func hashBytes(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
  let raw = UnsafeRawPointer(bytes)
  var hash = UInt64(truncatingIfNeeded: count) &* 0xD6E8_FEB8_6659_FD93 ^ 0x2545_F491_4F6C_DD1D
  var index = 0
  while index + 8 <= count {
    hash = mix(hash, raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    index += 8
  }
  var rest: UInt64 = 0
  while index < count {
    rest = rest &<< 8 | UInt64(bytes[index])
    index += 1
  }
  return folded(mix(hash, rest))
}
