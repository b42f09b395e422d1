import XRayModel

/// What was reported under one rule, by windows of ten seconds since 1970.
struct SamplingHistory: Sendable {
  struct Counts: Sendable {
    var requests = 0
    var sampled = 0
    var borrowed = 0
  }

  private struct Window {
    var index: Int64
    var counts = Counts()
  }

  private static let windowSeconds: Int64 = 10
  /// The present window and six closed ones: a minute.
  private static let windowLimit = 7
  /// More requests than anybody makes in ten seconds; keeps sums from overflowing.
  private static let countLimit = 1_000_000_000_000

  /// Oldest first, without those in which nothing was reported.
  private var windows: [Window] = []

  mutating func add(_ report: SamplingStatistics, at now: Timestamp) {
    let index = Self.index(now)
    if windows.last.map({ $0.index < index }) ?? true {
      windows.append(Window(index: index))
      windows.removeAll { $0.index <= index - Int64(Self.windowLimit) }
    }
    let last = windows.count - 1
    func added(_ sum: Int, _ count: Int) -> Int {
      let (result, overflow) = sum.addingReportingOverflow(min(max(count, 0), Self.countLimit))
      return overflow ? .max : result
    }
    windows[last].counts.requests = added(windows[last].counts.requests, report.requestCount)
    windows[last].counts.sampled = added(windows[last].counts.sampled, report.sampledCount)
    windows[last].counts.borrowed = added(windows[last].counts.borrowed, report.borrowCount)
  }

  func lastClosed(at now: Timestamp) -> Counts {
    windows.last { $0.index == Self.index(now) - 1 }?.counts ?? Counts()
  }

  static func startOfLastClosed(at now: Timestamp) -> Timestamp {
    Timestamp(seconds: (index(now) - 1) * windowSeconds)
  }

  /// Requests that are borrowed per second: the median of the last six closed windows, so that many clients who
  /// begin together and borrow once are not taken for many who go on doing so.
  func borrowedPerSecond(at now: Timestamp) -> Double {
    let current = Self.index(now)
    var counts = [Int](repeating: 0, count: Self.windowLimit - 1)
    for window in windows where window.index < current && current - window.index < Int64(Self.windowLimit) {
      counts[Int(current - window.index) - 1] = window.counts.borrowed
    }
    counts.sort()
    let middle = counts.count / 2
    return (Double(counts[middle - 1]) + Double(counts[middle])) / 2 / Double(Self.windowSeconds)
  }

  private static func index(_ moment: Timestamp) -> Int64 { moment.wholeSeconds / windowSeconds }
}
