public import Traces
public import XRayModel

/// Service graphs by the minute in which traces began, so that the graph of a long time need not look at traces.
public struct GraphMinutes: Sendable {
  /// By minutes since 1970.
  private(set) var minutes: [Int64: GraphCounts] = [:]

  public static let ticksPerMinute = 60 * Timestamp.ticksPerSecond

  public init() {}

  init(minutes: [Int64: GraphCounts]) { self.minutes = minutes }

  /// The time that the minutes cover; `nil` when there are none.
  public var range: Range<Timestamp>? {
    guard let first = minutes.keys.min(), let last = minutes.keys.max() else { return nil }
    return Self.start(of: first)..<Self.start(of: last + 1)
  }

  /// Counts a trace. Give each trace once: an updated trace cannot be taken back.
  public mutating func add(_ trace: Trace) { minutes[Self.minute(of: trace.start), default: GraphCounts()].add(trace) }

  public mutating func add(_ row: SegmentRow) {
    minutes[Self.minute(of: row.summary.start), default: GraphCounts()].add(row)
  }

  /// Counts all traces of a segment that are not hidden.
  public mutating func add(_ segment: SummarySegment) {
    let starts = segment.starts.ticks
    var rows: [Int64: Bitmap] = [:]
    // Neighbours mostly began in the same minute.
    var minute: Int64 = 0
    var current = Bitmap(count: segment.count)
    segment.visible.forEach { row in
      let next = Self.minute(of: Timestamp(ticks: starts[row]))
      if next != minute {
        if !current.isEmpty { rows[minute] = current }
        current = rows[next] ?? Bitmap(count: segment.count)
        minute = next
      }
      current.insert(row)
    }
    if !current.isEmpty { rows[minute] = current }
    for (minute, rows) in rows { minutes[minute, default: GraphCounts()].add(segment, rows: rows) }
  }

  public mutating func merge(_ other: GraphMinutes) {
    minutes.merge(other.minutes) { mine, others in
      var sum = mine
      sum.merge(others)
      return sum
    }
  }

  /// Forgets the minutes that ended before `moment`, or then.
  public mutating func removeMinutes(before moment: Timestamp) {
    minutes = minutes.filter { Self.start(of: $0.key + 1) > moment }
  }

  /// The graph of all traces that began in the minutes that `range` touches; `nil` means all.
  public func graph(in range: Range<Timestamp>?) -> ServiceGraph {
    var counts = GraphCounts()
    for (minute, part) in minutes {
      if let range, range.isEmpty || !range.overlaps(Self.start(of: minute)..<Self.start(of: minute + 1)) { continue }
      counts.merge(part)
    }
    return counts.graph()
  }

  private static func minute(of moment: Timestamp) -> Int64 {
    let (quotient, rest) = moment.ticks.quotientAndRemainder(dividingBy: ticksPerMinute)
    return rest < 0 ? quotient - 1 : quotient
  }

  static func start(of minute: Int64) -> Timestamp {
    let (ticks, overflows) = minute.multipliedReportingOverflow(by: ticksPerMinute)
    return Timestamp(ticks: overflows ? (minute < 0 ? .min : .max) : ticks)
  }
}
