/// Finds 128-bit values that came before in a chunk, by the order in which they came.
struct RecentTable: ~Copyable {
  private var keys = Pool<(UInt64, UInt64)>()
  private var index = HashIndex(slots: 1 << 10)

  mutating func removeAll() {
    keys.removeAll()
    index.removeAll()
  }

  /// How many values ago it came, 1 for the last one; `nil` when it did not, and then it is the last one.
  @inline(__always)
  mutating func distance(of high: UInt64, _ low: UInt64) -> Int? {
    let hash = folded(mix(mix(0x13F2_9A5C_71D4_0B37, high), low))
    if let number = index.find(hash, isSame: { keys[$0] == (high, low) }) { return keys.count - number }
    keys.append((high, low))
    return nil
  }
}
