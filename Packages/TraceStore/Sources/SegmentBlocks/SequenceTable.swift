/// Numbers sequences of operations, and counts how often each occurs.
struct SequenceTable {
  struct Entry {
    var start: Int
    var length: Int
    var count: Int
  }
  private(set) var entries: [Entry] = []
  private var pool: [Operation] = []
  private var index = HashIndex(slots: 1 << 10)

  subscript(number: Int) -> ArraySlice<Operation> {
    let entry = entries[number]
    return pool[entry.start..<entry.start + entry.length]
  }

  /// The number of `sequence`, counted `times` times more.
  mutating func intern(_ sequence: some RandomAccessCollection<Operation>, times: Int = 1) -> Int {
    var state: UInt64 = 0x243F_6A88_85A3_08D3
    for operation in sequence {
      state = mix(state, UInt64(operation.kind.rawValue) << 32 | UInt64(operation.argument))
    }
    let known = index.find(folded(state)) { number in
      let entry = entries[number]
      return entry.length == sequence.count && pool[entry.start..<entry.start + entry.length].elementsEqual(sequence)
    }
    if let number = known {
      entries[number].count += times
      return number
    }
    entries.append(Entry(start: pool.count, length: sequence.count, count: times))
    pool.append(contentsOf: sequence)
    return entries.count - 1
  }
}
