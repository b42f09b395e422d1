/// Which of the visible messages comes next: the oldest, and in FIFO queues the oldest of a group of which none is in
/// flight.
///
/// Messages go by their numbers, which grow. What is gone in the meantime is passed over when its turn comes.
struct ReadyOrder {
  /// Of a FIFO queue.
  private struct Group {
    var waiting = MinimumHeap<Int>()
    var inFlight = 0
  }

  /// A message, and in a FIFO queue its whole group, whose first message it is.
  private struct Entry: Comparable {
    var number: Int
    var group: String?

    static func < (a: Entry, b: Entry) -> Bool { a.number < b.number }
  }

  private let isOrdered: Bool
  private var entries = MinimumHeap<Entry>()
  private var groups: [String: Group] = [:]

  init(isOrdered: Bool) { self.isOrdered = isOrdered }

  /// Adds a message that has become visible.
  mutating func insert(_ number: Int, group: String?) {
    guard isOrdered else { return entries.insert(Entry(number: number)) }
    let name = group ?? ""
    let first = groups[name]?.waiting.first
    groups[name, default: Group()].waiting.insert(number)
    if first.map({ number < $0 }) ?? true { list(name) }
  }

  /// Takes at most `count` messages that follow one another, and holds their group; none when nothing can be received.
  mutating func take(_ count: Int, isVisible: (Int) -> Bool) -> [Int] {
    while let entry = entries.removeFirst() {
      guard isOrdered else {
        if isVisible(entry.number) { return [entry.number] }
        continue
      }
      let name = entry.group ?? ""
      guard groups[name]?.inFlight == 0, groups[name]?.waiting.first == entry.number else { continue }
      var taken: [Int] = []
      while taken.count < count, let number = groups[name]?.waiting.removeFirst() {
        if isVisible(number) { taken.append(number) }
      }
      groups[name]?.inFlight = taken.count
      if !taken.isEmpty { return taken }
      groups[name] = nil
    }
    return []
  }

  /// Whether ``take(_:isVisible:)`` would give something.
  mutating func hasNext(isVisible: (Int) -> Bool) -> Bool {
    while let entry = entries.first {
      if isOrdered {
        drop(entry.group ?? "", isVisible: isVisible)
        guard let group = groups[entry.group ?? ""], group.inFlight == 0, group.waiting.first == entry.number else {
          entries.removeFirst()
          continue
        }
        return true
      }
      if isVisible(entry.number) { return true }
      entries.removeFirst()
    }
    return false
  }

  /// One message of the group is no longer in flight.
  mutating func release(_ group: String?) {
    guard isOrdered, let count = groups[group ?? ""]?.inFlight, count > 0 else { return }
    groups[group ?? ""]?.inFlight = count - 1
    list(group ?? "")
  }

  /// Forgets what is gone, when much is.
  mutating func compact(visible: Int, isVisible: (Int) -> Bool) {
    guard entries.count > 2 * visible + 64 else { return }
    if isOrdered {
      for name in groups.keys { drop(name, isVisible: isVisible) }
      let groups = groups
      var listed: Set<Int> = []
      entries.filter { entry in
        guard let group = groups[entry.group ?? ""] else { return false }
        return group.inFlight == 0 && group.waiting.first == entry.number && listed.insert(entry.number).inserted
      }
    } else {
      entries.filter { isVisible($0.number) }
    }
  }

  /// Forgets the first messages of a group that are gone, and the group when nothing is left of it.
  private mutating func drop(_ name: String, isVisible: (Int) -> Bool) {
    var isChanged = false
    while let first = groups[name]?.waiting.first, !isVisible(first) {
      groups[name]?.waiting.removeFirst()
      isChanged = true
    }
    if isChanged { list(name) }
  }

  private mutating func list(_ name: String) {
    guard let group = groups[name], group.inFlight == 0 else { return }
    if let first = group.waiting.first {
      entries.insert(Entry(number: first, group: name))
    } else {
      groups[name] = nil
    }
  }
}
