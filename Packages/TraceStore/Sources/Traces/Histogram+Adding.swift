extension Histogram {
  /// Up to so many distinct milliseconds are kept exactly.
  public static let exactEntryLimit = 100

  /// A distribution of `values`, in seconds.
  public init(values: some Sequence<Double>) {
    for value in values { add(value) }
  }

  /// Counts one value, in seconds. What is negative or no number counts as 0.
  public mutating func add(_ seconds: Double) {
    let bounded = seconds > 0 ? min(seconds, 1e12) : 0
    add(milliseconds: Int((bounded * 1000).rounded()), count: 1)
  }

  /// Counts all values of another distribution. The order of merging does not matter.
  public mutating func merge(_ other: Histogram) {
    if other.isCoarse { coarsen() }
    for entry in other.entries { add(milliseconds: Int((entry.value * 1000).rounded()), count: entry.count) }
  }

  private mutating func add(milliseconds: Int, count: Int) {
    let value = Double(isCoarse ? HistogramBins.middle(of: milliseconds) : milliseconds) / 1000
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].value < value { low = middle + 1 } else { high = middle }
    }
    if low < entries.count, entries[low].value == value {
      entries[low].count += count
    } else {
      entries.insert(Entry(value: value, count: count), at: low)
      if !isCoarse, entries.count > Self.exactEntryLimit { coarsen() }
    }
  }

  private mutating func coarsen() {
    guard !isCoarse else { return }
    let exact = entries
    entries = []
    isCoarse = true
    for entry in exact { add(milliseconds: Int((entry.value * 1000).rounded()), count: entry.count) }
  }
}

/// Fixed bins, so that a distribution depends on its values alone and not on the order in which they came.
private enum HistogramBins {
  /// Lower bounds in milliseconds. A bin is 3 milliseconds wide and, from 50 on, a tenth of its lower bound: with
  /// the rounding to milliseconds, no value is further than 2 milliseconds or 6 % from the middle of its bin.
  static let bounds: [Int] = {
    var bounds = [0]
    while let last = bounds.last, last < 1_000_000_000_000_000 { bounds.append(last + (last < 50 ? 3 : last / 10)) }
    return bounds
  }()

  /// What stands for a value of so many milliseconds.
  static func middle(of milliseconds: Int) -> Int {
    var low = 0
    var high = bounds.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if bounds[middle] <= milliseconds { low = middle } else { high = middle }
    }
    return (bounds[low] + bounds[high] - 1) / 2
  }
}
