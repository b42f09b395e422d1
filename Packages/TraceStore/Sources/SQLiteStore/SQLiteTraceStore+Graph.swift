import TraceColumns
public import TraceFilters
public import Traces
public import XRayModel

extension SQLiteTraceStore {
  /// The graph of all traces that began in `range`.
  public nonisolated func serviceGraph(in range: Range<Timestamp>?) async throws -> ServiceGraph {
    try graph(in: range, matching: nil)
  }

  /// The graph of the traces that began in `range` and match.
  public nonisolated func serviceGraph(
    in range: Range<Timestamp>?, matching filter: TraceFilter
  ) async throws -> ServiceGraph {
    try graph(in: range, matching: filter)
  }

  /// Statistics of what `selector` picks, by periods of so many seconds, of the traces that began in `range`.
  public nonisolated func timeSeries(
    of selector: EntitySelector, period: Int, in range: Range<Timestamp>?
  ) async throws -> TimeSeries {
    try viewing { view in
      var series = TimeSeries(of: selector, period: period, range: range)
      try view.forEachMatch(of: nil, in: range) { part in
        switch part {
        case .row(let row): series.add(row.facts, startingAt: row.summary.start)
        case .segment(let segment, let matches): series.add(segment, matching: matches)
        }
      }
      return series
    }
  }

  /// The services and annotation keys of the traces that began in `range`, or are in a block with one that did.
  public nonisolated func seenNames(in range: Range<Timestamp>?) async throws -> SeenNames {
    try viewing { view in
      var names = SeenNames()
      try view.forEachMatch(of: nil, in: range) { part in
        switch part {
        case .row(let row): names.add(row.summary)
        case .segment(let segment, _): names.merge(segment.names)
        }
      }
      return names
    }
  }

  private nonisolated func graph(in range: Range<Timestamp>?, matching filter: TraceFilter?) throws -> ServiceGraph {
    try viewing { view in
      var counts = GraphCounts()
      var linked: [TraceID] = []
      var rest: [CatalogBlock]?
      if filter == nil { rest = try view.addSums(in: range ?? .all, to: &counts, &linked) }
      try view.forEachMatch(of: filter, in: range, blocks: rest) { part in
        switch part {
        case .row(let row):
          counts.add(row)
          if row.isLinked { linked.append(row.summary.id) }
        case .segment(let segment, let matches):
          counts.add(segment, matching: matches)
          let undecided = Set(matches.undecidedRows)
          linked += matches.linkedRows.filter { !undecided.contains($0) }.map { segment.id(at: $0) }
        }
      }
      guard !linked.isEmpty else { return counts.graph() }
      let links = try view.links(of: linked) { trace in
        range?.contains(trace.start) ?? true && filter?.matches(trace) ?? true
      }
      return counts.graph().adding(linksOf: links)
    }
  }
}

extension SummaryView {
  /// A part of what matches: the rows of a block that match for sure, or one trace.
  enum Match {
    case segment(SummarySegment, RowMatches)
    case row(SegmentRow)
  }

  /// Counts the groups of blocks whose traces all began in `range`, and the minutes of others where it has whole ones
  /// only. Returns the blocks that are left.
  mutating func addSums(
    in range: Range<Timestamp>, to counts: inout GraphCounts, _ linked: inout [TraceID]
  ) throws -> [CatalogBlock] {
    var others: [CatalogBlock] = []
    var whole: [GraphSum] = []
    var rest = catalog.blocks[...]
    while let first = rest.first {
      let group = rest.prefix { GraphSum.group(of: $0) == GraphSum.group(of: first) }
      rest = rest.dropFirst(group.count)
      let zones = group.map(\.zone?.starts)
      let isWhole = zones.allSatisfy {
        $0.map { range.contains($0.lowerBound) && range.contains($0.upperBound) } ?? false
      }
      let isBeside = zones.allSatisfy {
        $0.map { $0.upperBound < range.lowerBound || $0.lowerBound >= range.upperBound } ?? false
      }
      if isBeside { continue }
      guard group.count > 1, isWhole || range.hasWholeMinutes, let sum = try sum(of: group) else {
        others += group
        continue
      }
      linked += sum.linked
      if isWhole { whole.append(sum) } else { counts.add(sum.minutes, in: range) }
    }
    counts.merge(total(of: whole))
    return others
  }

  /// Calls `body` with all that matches; documents are opened only where summaries cannot tell.
  ///
  /// - Parameter blocks: The sealed blocks to look at; `nil` means all.
  mutating func forEachMatch(
    of filter: TraceFilter?, in range: Range<Timestamp>?, blocks: [CatalogBlock]? = nil,
    _ body: (Match) throws -> Void
  ) throws {
    let scan = SummaryScan(filter, in: range)
    var undecided: [TraceID] = []
    for row in loose where range?.contains(row.summary.start) ?? true {
      switch filter.map({ $0.verdict(on: row.summary) }) ?? true {
      case true?: try body(.row(row))
      case false?: break
      case nil: undecided.append(row.summary.id)
      }
    }
    for block in blocks ?? catalog.blocks {
      if let zone = block.zone, scan.skips(zone) { continue }
      try Task.checkCancellation()
      for segment in try segments(of: block) {
        let matches = try scan.matches(in: segment)
        undecided += matches.undecidedRows.map { segment.id(at: $0) }
        try body(.segment(segment, matches))
      }
    }
    guard let filter else { return }
    try forEach(undecided.sorted()) { trace in
      let row = SegmentRow(of: trace)
      if filter.matches(trace, summary: row.summary) { try body(.row(row)) }
    }
  }

  /// A graph that has the links between traces: they need the documents of the traces at both ends.
  ///
  /// - Parameters:
  ///   - linked: Traces with links to others.
  ///   - matches: Whether a trace counts, at either end.
  func links(of linked: [TraceID], where matches: (Trace) -> Bool) throws -> ServiceGraph {
    var builder = ServiceGraphBuilder()
    var ends = Set<TraceID>()
    try forEach(linked) { trace in
      guard matches(trace) else { return }
      builder.add(trace)
      for segment in trace.segments { segment.forEach { ends.formUnion($0.links.map(\.traceID)) } }
    }
    ends.subtract(linked)
    try forEach(ends.sorted()) { if matches($0) { builder.add($0) } }
    return builder.build()
  }
}

extension ServiceGraph {
  /// The graph with the links of another, whose services it has, too.
  fileprivate func adding(linksOf other: ServiceGraph) -> ServiceGraph {
    var graph = self
    let places = Dictionary(zip(services.map(\.id), services.indices)) { first, _ in first }
    for service in other.services {
      guard let source = places[service.id] else { continue }
      for var edge in service.edges where edge.isLink {
        guard let target = places[other.services[edge.target].id] else { continue }
        edge.target = target
        (edge.start, edge.end) = (graph.services[source].start, graph.services[source].end)
        graph.services[source].edges.append(edge)
      }
      graph.services[source].edges.sort { ($0.target, $0.isLink ? 1 : 0) < ($1.target, $1.isLink ? 1 : 0) }
    }
    return graph
  }
}

extension Range<Timestamp> {
  fileprivate static var all: Self { Timestamp(ticks: .min)..<Timestamp(ticks: .max) }

  fileprivate var hasWholeMinutes: Bool {
    [lowerBound, upperBound].allSatisfy { $0.ticks.isMultiple(of: GraphMinutes.ticksPerMinute) }
  }
}
