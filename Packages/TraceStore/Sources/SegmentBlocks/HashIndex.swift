/// Numbers things in the order in which they first come, and finds them again by their hash.
struct HashIndex: ~Copyable {
  /// By number.
  private var hashes = Pool<UInt32>(capacity: 1 << 10)
  struct Slot: BitwiseCopyable {
    var hash: UInt32 = 0
    /// The number, plus one; zero where there is none.
    var number: UInt32 = 0
  }
  /// A power of two of them.
  private var slots = Pool<Slot>(capacity: 1)

  /// Longest chain that is searched: input that was made to collide costs compression, not time squared. What is not
  /// found any more gets a new number each time that it comes.
  private static let probeLimit = 32

  /// - Parameter slots: A power of two.
  init(slots: Int) { self.slots.fill(Slot(), count: slots) }

  var count: Int { hashes.count }

  /// Keeps the memory.
  mutating func removeAll() {
    guard !hashes.isEmpty else { return }
    hashes.removeAll()
    slots.fill(Slot(), count: slots.count)
  }

  /// The number of the thing with that hash for which `isSame` holds; `nil` when there was none, and the new one has
  /// the last number.
  @inline(__always)
  mutating func find(_ hash: UInt32, isSame: (Int) -> Bool) -> Int? {
    var place = Int(hash) & (slots.count - 1)
    var slot = slots[place]
    for _ in 0..<Self.probeLimit {
      guard slot.number != 0 else { break }
      if slot.hash == hash, isSame(Int(slot.number) - 1) { return Int(slot.number) - 1 }
      place = (place + 1) & (slots.count - 1)
      slot = slots[place]
    }
    hashes.append(hash)
    if slot.number == 0 { slots[place] = Slot(hash: hash, number: UInt32(hashes.count)) }
    if hashes.count * 2 > slots.count { grow() }
    return nil
  }

  private mutating func grow() {
    slots.fill(Slot(), count: slots.count * 4)
    for (number, hash) in hashes.elements.enumerated() {
      var place = Int(hash) & (slots.count - 1)
      for _ in 0..<Self.probeLimit {
        if slots[place].number == 0 {
          slots[place] = Slot(hash: hash, number: UInt32(number + 1))
          break
        }
        place = (place + 1) & (slots.count - 1)
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
