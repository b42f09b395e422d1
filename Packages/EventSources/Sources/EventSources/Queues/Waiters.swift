/// Who waits for a queue to change.
struct Waiters {
  private(set) var changes = 0
  private var lastID = 0
  private var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  /// Those that were cancelled before they waited.
  private var cancelled: Set<Int> = []

  var count: Int { waiting.count }

  mutating func newID() -> Int {
    lastID += 1
    return lastID
  }

  /// Whether `continuation` has to wait.
  mutating func add(_ continuation: CheckedContinuation<Void, Never>, id: Int, since changes: Int) -> Bool {
    guard changes == self.changes, !cancelled.contains(id) else { return false }
    waiting[id] = continuation
    return true
  }

  mutating func cancel(_ id: Int) -> CheckedContinuation<Void, Never>? {
    if let continuation = waiting.removeValue(forKey: id) { return continuation }
    cancelled.insert(id)
    return nil
  }

  /// Forgets one that waits no longer.
  mutating func forget(_ id: Int) { cancelled.remove(id) }

  /// Notes a change, and gives back who has to be told, the first to wait first.
  mutating func changed() -> [CheckedContinuation<Void, Never>] {
    changes += 1
    guard !waiting.isEmpty else { return [] }
    defer { waiting = [:] }
    return waiting.sorted { $0.key < $1.key }.map(\.value)
  }
}
