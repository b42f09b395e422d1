/// Memory that grows and is then kept: what hot loops append to and read from without the cost of sharing it.
struct Pool<Element: BitwiseCopyable>: ~Copyable {
  private(set) var base: UnsafeMutablePointer<Element>
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 16) {
    self.capacity = max(capacity, 1)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var isEmpty: Bool { count == 0 }

  /// What is in it, until it changes.
  var elements: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }

  @inline(__always)
  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count)
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count)
      base[index] = newValue
    }
  }

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == capacity { reserve(1) }
    base[count] = element
    count += 1
  }

  @inline(__always)
  mutating func append(copying elements: UnsafeBufferPointer<Element>) {
    guard let start = elements.baseAddress else { return }
    reserve(elements.count)
    (base + count).update(from: start, count: elements.count)
    count += elements.count
  }

  /// Makes room for so many elements more.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
  }

  /// Takes in what the caller wrote behind the last element, into room that it had reserved.
  @inline(__always)
  mutating func advance(_ more: Int) {
    precondition(more >= 0 && more <= capacity - count)
    count += more
  }

  /// Forgets all elements but the first ones.
  mutating func keep(first kept: Int) {
    precondition(kept >= 0 && kept <= count)
    count = kept
  }

  mutating func removeAll() { count = 0 }

  /// Holds that element so many times, and nothing else.
  mutating func fill(_ element: Element, count: Int) {
    removeAll()
    reserve(count)
    base.update(repeating: element, count: count)
    self.count = count
  }
}
