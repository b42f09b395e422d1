/// Distinct strings of bytes in the order in which they were first met, one after the other. A segment meets the same
/// few again and again, so that looking up must neither copy nor allocate.
struct ByteTable {
  private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var hashes: [UInt32] = []
  /// Places plus 1 by hash, with free ones between them.
  private var slots: [Int32] = []

  var count: Int { ends.count }

  subscript(place: Int) -> ArraySlice<UInt8> { bytes[start(of: place)..<ends[place]] }

  mutating func place(of text: String) -> Int {
    var text = text
    return text.withUTF8 { place(of: UnsafeRawBufferPointer($0)) }
  }

  mutating func place(of list: [UInt8]) -> Int { list.withUnsafeBytes { place(of: $0) } }

  mutating func place(of value: UnsafeRawBufferPointer) -> Int {
    if ends.count * 2 >= slots.count { grow() }
    let hash = Self.hash(value)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if hashes[place] == hash, isEqual(place, value) { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    bytes.append(contentsOf: value)
    ends.append(bytes.count)
    hashes.append(hash)
    slots[slot] = Int32(ends.count)
    return ends.count - 1
  }

  private func start(of place: Int) -> Int { place == 0 ? 0 : ends[place - 1] }

  private func isEqual(_ place: Int, _ value: UnsafeRawBufferPointer) -> Bool {
    let start = start(of: place)
    guard ends[place] - start == value.count else { return false }
    return bytes.withUnsafeBytes {
      UnsafeRawBufferPointer(rebasing: $0[start..<start + value.count]).hasBytes(of: value)
    }
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: max(16, slots.count * 2))
    for (place, hash) in hashes.enumerated() {
      var slot = Int(hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(place + 1)
    }
  }

  /// Eight bytes at a time.
  static func hash(_ value: UnsafeRawBufferPointer) -> UInt32 {
    var hash = UInt64(truncatingIfNeeded: value.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset + 8 <= value.count {
      hash = mix(hash ^ value.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < value.count {
      rest = rest << 8 | UInt64(value[offset])
      offset += 1
    }
    hash = mix(hash ^ rest)
    return UInt32(truncatingIfNeeded: hash >> 16)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    let product = value &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 29
  }
}

extension UnsafeRawBufferPointer {
  /// Both are of one length.
  fileprivate func hasBytes(of other: UnsafeRawBufferPointer) -> Bool {
    var offset = 0
    while offset + 8 <= count {
      if loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        != other.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      {
        return false
      }
      offset += 8
    }
    while offset < count {
      if self[offset] != other[offset] { return false }
      offset += 1
    }
    return true
  }
}
