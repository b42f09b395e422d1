/// Numbers things in the order in which they first come, and finds them again by their hash.
struct HashIndex {
  /// By number.
  private var hashes: [UInt32] = []
  /// Numbers, plus one; zero where there is none. A power of two of them.
  private var slots: [UInt32]

  /// Longest chain that is searched: input that was made to collide costs compression, not time squared. What is not
  /// found any more gets a new number each time that it comes.
  private static let probeLimit = 32

  /// - Parameter slots: A power of two.
  init(slots: Int) { self.slots = [UInt32](repeating: 0, count: slots) }

  var count: Int { hashes.count }

  /// Keeps the memory.
  mutating func removeAll() {
    hashes.removeAll(keepingCapacity: true)
    slots.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
  }

  /// The number of the thing with that hash for which `isSame` holds; `nil` when there was none, and the new one has
  /// the last number.
  @inline(__always)
  mutating func find(_ hash: UInt32, isSame: (Int) -> Bool) -> Int? {
    var slot = Int(hash) & (slots.count - 1)
    for _ in 0..<Self.probeLimit {
      guard slots[slot] != 0 else { break }
      let number = Int(slots[slot]) - 1
      if hashes[number] == hash, isSame(number) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    hashes.append(hash)
    if slots[slot] == 0 { slots[slot] = UInt32(hashes.count) }
    if hashes.count * 2 > slots.count { grow() }
    return nil
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 4)
    for (number, hash) in hashes.enumerated() {
      var slot = Int(hash) & (slots.count - 1)
      for _ in 0..<Self.probeLimit {
        if slots[slot] == 0 {
          slots[slot] = UInt32(number + 1)
          break
        }
        slot = (slot + 1) & (slots.count - 1)
      }
    }
  }
}

@inline(__always)
func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
  let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
  return product.high ^ product.low
}

/// 32 bits of a state made by ``mix(_:_:)``.
@inline(__always)
func folded(_ state: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: state ^ state &>> 32) }
