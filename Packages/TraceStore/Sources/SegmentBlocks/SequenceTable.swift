/// Numbers sequences of operations, and counts how often each occurs.
struct SequenceTable: ~Copyable {
  struct Entry: BitwiseCopyable {
    var start: Int
    var length: Int
    var count: Int
  }
  private(set) var entries = Pool<Entry>()
  private var pool = Pool<Operation>()
  private var index = HashIndex(slots: 1 << 10)

  /// The operations of a sequence, until another one is added.
  @inline(__always)
  subscript(number: Int) -> UnsafeBufferPointer<Operation> {
    let entry = entries[number]
    return UnsafeBufferPointer(start: pool.base + entry.start, count: entry.length)
  }

  /// The number of `sequence`, counted `times` times more.
  mutating func intern(_ sequence: UnsafeBufferPointer<Operation>, times: Int = 1) -> Int {
    var state: UInt64 = 0x243F_6A88_85A3_08D3
    for operation in sequence {
      state = mix(state, UInt64(operation.kind.rawValue) << 32 | UInt64(operation.argument))
    }
    let known = index.find(folded(state)) { number in
      let entry = entries[number]
      guard entry.length == sequence.count else { return false }
      let start = pool.base + entry.start
      for place in sequence.indices
      where start[place].argument != sequence[place].argument || start[place].kind != sequence[place].kind {
        return false
      }
      return true
    }
    if let number = known {
      entries[number].count += times
      return number
    }
    entries.append(Entry(start: pool.count, length: sequence.count, count: times))
    pool.append(copying: sequence)
    return entries.count - 1
  }
}
