/// Those who wait for records.
struct ShardWaiters {
  private struct Waiter {
    var shard: Int
    var position: Int
    var continuation: CheckedContinuation<Void, Never>
  }

  private var waiters: [Int: Waiter] = [:]
  private var lastID = 0

  var count: Int { waiters.count }

  mutating func nextID() -> Int {
    lastID += 1
    return lastID
  }

  mutating func add(_ id: Int, shard: Int, position: Int, _ continuation: CheckedContinuation<Void, Never>) {
    waiters[id] = Waiter(shard: shard, position: position, continuation: continuation)
  }

  mutating func remove(_ id: Int) -> CheckedContinuation<Void, Never>? { waiters.removeValue(forKey: id)?.continuation }

  /// Takes those out who wait for a position before `end`, in the order in which they came.
  mutating func take(shard: Int, before end: Int) -> [CheckedContinuation<Void, Never>] {
    guard !waiters.isEmpty else { return [] }
    let ids = waiters.filter { $0.value.shard == shard && $0.value.position < end }.keys.sorted()
    return ids.compactMap { remove($0) }
  }

  mutating func takeAll() -> [CheckedContinuation<Void, Never>] { waiters.keys.sorted().compactMap { remove($0) } }
}
