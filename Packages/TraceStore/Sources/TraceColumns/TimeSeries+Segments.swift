public import TraceFilters
import Traces
import XRayModel

extension TimeSeries {
  /// Counts the traces of a segment that are not hidden and began in the range.
  public mutating func add(_ segment: SummarySegment) { add(segment, rows: segment.visible) }

  /// Counts a trace, if it began in the range. Give each trace once.
  public mutating func add(_ row: SegmentRow) { add(row.facts, startingAt: row.summary.start) }

  /// Counts those that match a filter for sure. Of the undecided ones open the documents and add those that match.
  public mutating func add(_ segment: SummarySegment, matching matches: RowMatches) {
    add(segment, rows: matches.sure)
  }

  private mutating func add(_ segment: SummarySegment, rows: Bitmap) {
    var periods: [Timestamp: Bitmap] = [:]
    rows.forEach { row in
      let start = segment.start(at: row)
      if contains(start) { periods[periodStart(of: start), default: Bitmap(count: segment.count)].insert(row) }
    }
    for (start, rows) in periods {
      var counts = GraphCounts()
      counts.add(segment, rows: rows)
      for (service, node) in zip(counts.services, counts.nodes) where selector.selects(service) {
        add(Tally(node.tally, node.responseTimes), at: start)
      }
      for edge in counts.edges
      where selector.selectsCall(from: counts.services[edge.key.source], to: counts.services[edge.key.target]) {
        add(Tally(edge.tally, edge.tally.responseTimes.histogram), at: start)
      }
    }
  }
}

extension TimeSeries.Tally {
  fileprivate init(_ tally: GraphCounts.Tally, _ responseTimes: Histogram) {
    self.init()
    counts.ok = tally.ok
    counts.error = tally.error
    counts.fault = tally.fault
    counts.throttle = tally.throttle
    ticks = tally.ticks
    self.responseTimes = responseTimes
  }
}
