import Traces

/// Counts values like ``Traces/Histogram``, for many values: what comes out is equal.
struct HistogramSum: Sendable {
  /// While exact: the distinct milliseconds, in order.
  private(set) var milliseconds: [Int] = []
  /// By distinct value or, once they were too many, by bin.
  private(set) var counts: [Int] = []
  private(set) var isCoarse = false
  /// While exact and many values come together: the place plus 1 of each small value, or 0. Empty when out of date.
  private var places: [UInt8] = []

  init() {}

  @inline(__always)
  mutating func add(ticks: Int64) { add(milliseconds: Self.milliseconds(ticks), count: 1) }

  @inline(__always)
  mutating func add(milliseconds value: Int, count: Int) {
    if isCoarse { add(bin: Bins.bin(of: value), count: count) } else { addExactly(value, count: count) }
  }

  /// Counts each of many values once. None is negative.
  mutating func add(_ values: UnsafeBufferPointer<Int64>) {
    var next = values.startIndex
    if !isCoarse { addExactly(values, &next) }
    if next == values.endIndex { return }
    Bins.withSmall { small in
      while next < values.endIndex {
        counts.withUnsafeMutableBufferPointer { counts in
          while next < values.endIndex {
            let value = Int(truncatingIfNeeded: values[next])
            let bin = value < small.count ? Int(small[value]) : Bins.bin(of: value)
            if bin >= counts.count { break }
            counts[bin] &+= 1
            next &+= 1
          }
        }
        if next < values.endIndex { grow(to: Bins.bin(of: Int(values[next])) + 1) }
      }
    }
  }

  /// - Parameter next: Moved behind the values that were counted: not all are if they are too many to be exact.
  private mutating func addExactly(_ values: UnsafeBufferPointer<Int64>, _ next: inout Int) {
    if places.isEmpty, values.count >= 16 || milliseconds.count >= 16 { placeSmallValues() }
    while !isCoarse, next < values.endIndex {
      // All that are known already, in a tight loop.
      counts.withUnsafeMutableBufferPointer { counts in
        places.withUnsafeBufferPointer { places in
          while next < values.endIndex, values[next] < places.count, places[Int(values[next])] > 0 {
            counts[Int(places[Int(values[next])]) - 1] &+= 1
            next += 1
          }
        }
      }
      if next < values.endIndex {
        addExactly(Int(values[next]), count: 1)
        next += 1
      }
    }
  }

  private mutating func placeSmallValues() {
    places = [UInt8](repeating: 0, count: 1024)
    place(from: 0)
  }

  /// Values from an entry on have moved.
  private mutating func place(from entry: Int) {
    for place in entry..<milliseconds.count where milliseconds[place] < places.count {
      places[milliseconds[place]] = UInt8(truncatingIfNeeded: place + 1)
    }
  }

  @inline(__always)
  private mutating func add(bin: Int, count: Int) {
    if bin >= counts.count { grow(to: bin + 1) }
    counts[bin] &+= count
  }

  private mutating func grow(to count: Int) {
    if count > counts.count { counts.append(contentsOf: repeatElement(0, count: count - counts.count)) }
  }

  private mutating func addExactly(_ value: Int, count: Int) {
    var low = 0
    var high = milliseconds.count
    while low < high {
      let middle = (low + high) / 2
      if milliseconds[middle] < value { low = middle + 1 } else { high = middle }
    }
    if low < milliseconds.count, milliseconds[low] == value {
      counts[low] &+= count
      return
    }
    if milliseconds.isEmpty {
      milliseconds.reserveCapacity(8)
      counts.reserveCapacity(8)
    }
    milliseconds.insert(value, at: low)
    counts.insert(count, at: low)
    if milliseconds.count > Histogram.exactEntryLimit { coarsen() } else if !places.isEmpty { place(from: low) }
  }

  private mutating func coarsen() {
    let exact = zip(milliseconds, counts)
    places = []
    milliseconds = []
    // Most times lie in the bins up to a minute.
    counts = [Int](repeating: 0, count: 92)
    isCoarse = true
    for (value, count) in exact { add(bin: Bins.bin(of: value), count: count) }
  }

  mutating func merge(_ other: HistogramSum) {
    if other.isCoarse {
      if !isCoarse { coarsen() }
      grow(to: other.counts.count)
      counts.withUnsafeMutableBufferPointer { counts in
        other.counts.withUnsafeBufferPointer { others in
          for bin in 0..<others.count { counts[bin] &+= others[bin] }
        }
      }
    } else if isCoarse {
      // The values are in order: the last one needs the last bin.
      guard let last = other.milliseconds.last else { return }
      grow(to: Bins.bin(of: last) + 1)
      Bins.withSmall { small in
        counts.withUnsafeMutableBufferPointer { counts in
          for entry in other.milliseconds.indices {
            let value = other.milliseconds[entry]
            counts[value < small.count ? Int(small[value]) : Bins.bin(of: value)] &+= other.counts[entry]
          }
        }
      }
    } else if !milliseconds.isEmpty {
      if !other.milliseconds.isEmpty { mergeExactly(other) }
    } else {
      self = other
    }
  }

  func sum(_ other: HistogramSum) -> HistogramSum {
    var sum = self
    sum.merge(other)
    return sum
  }

  /// Both are in order of value, so one pass is enough.
  private mutating func mergeExactly(_ other: HistogramSum) {
    var values: [Int] = []
    var sums: [Int] = []
    values.reserveCapacity(milliseconds.count + other.milliseconds.count)
    sums.reserveCapacity(milliseconds.count + other.milliseconds.count)
    var mine = 0
    var others = 0
    while mine < milliseconds.count || others < other.milliseconds.count {
      let left = mine < milliseconds.count ? milliseconds[mine] : .max
      let right = others < other.milliseconds.count ? other.milliseconds[others] : .max
      var sum = 0
      if left <= right {
        sum &+= counts[mine]
        mine += 1
      }
      if right <= left {
        sum &+= other.counts[others]
        others += 1
      }
      values.append(min(left, right))
      sums.append(sum)
    }
    places = []
    milliseconds = values
    counts = sums
    if values.count > Histogram.exactEntryLimit { coarsen() }
  }

  var histogram: Histogram {
    let values = isCoarse ? Bins.middles : milliseconds
    let entries = counts.indices.lazy.filter { counts[$0] > 0 }.map {
      Histogram.Entry(milliseconds: values[$0], count: counts[$0])
    }
    return Histogram(entries: Array(entries), isCoarse: isCoarse)
  }

  /// As ``Traces/Histogram`` rounds.
  @inline(__always)
  static func milliseconds(_ ticks: Int64) -> Int {
    guard ticks > 0 else { return 0 }
    let (whole, rest) = ticks.quotientAndRemainder(dividingBy: 10_000)
    // Away from halves no rounding of a fraction can matter; beyond a year it does.
    if rest != 5000, ticks < 315_360_000_000_000 { return Int(whole) + (rest > 5000 ? 1 : 0) }
    return Int((min(Double(ticks) / 10_000_000, 1e12) * 1000).rounded())
  }
}

extension HistogramSum {
  /// Entries as written: distances between values, or bins, and their counts.
  func append(to bytes: inout [UInt8]) {
    let used = counts.indices.filter { counts[$0] > 0 }
    bytes.append(varint: used.count * 2 + (isCoarse ? 1 : 0))
    var last = 0
    for place in used {
      let value = isCoarse ? place : milliseconds[place]
      bytes.append(varint: value - last)
      bytes.append(varint: counts[place])
      last = value
    }
  }

  init(_ reader: inout ByteReader) throws(ColumnError) {
    let head = try reader.count(limit: reader.remaining)
    isCoarse = head % 2 == 1
    guard isCoarse || head / 2 <= Histogram.exactEntryLimit else { throw reader.fail() }
    let limit = isCoarse ? Bins.middles.count - 1 : HistogramSum.milliseconds(.max)
    var last = 0
    for entry in 0..<head / 2 {
      let distance = try reader.count(limit: limit - last)
      guard entry == 0 || distance > 0 else { throw reader.fail() }
      last += distance
      let count = try reader.count(limit: 1 << 48)
      guard count > 0 else { throw reader.fail() }
      if isCoarse {
        add(bin: last, count: count)
      } else {
        milliseconds.append(last)
        counts.append(count)
      }
    }
  }
}

/// The bins of ``Traces/Histogram``.
private enum Bins {
  static let middles = Histogram.binBounds.map { Histogram.binMiddle(of: $0) }
  private static let bounds = Histogram.binBounds
  /// The bins of small values, which are the most frequent.
  private static let small: [UInt16] = (0..<4096).map { UInt16(search($0)) }

  static func withSmall(_ body: (UnsafeBufferPointer<UInt16>) -> Void) { small.withUnsafeBufferPointer(body) }

  @inline(__always)
  static func bin(of milliseconds: Int) -> Int { milliseconds < 4096 ? Int(small[milliseconds]) : search(milliseconds) }

  private static func search(_ milliseconds: Int) -> Int {
    var low = 0
    var high = bounds.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= milliseconds { low = middle } else { high = middle }
    }
    return low
  }
}
