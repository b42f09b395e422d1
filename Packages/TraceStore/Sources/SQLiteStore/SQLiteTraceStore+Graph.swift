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

  nonisolated func graph(in range: Range<Timestamp>?, matching filter: TraceFilter?) throws -> ServiceGraph {
    try viewing { view in
      var graph = GraphSearch(filter, in: range)
      try graph.run(&view)
      return try graph.build(view)
    }
  }
}

/// Counts the graph of the traces that match: by minutes where whole blocks do, else by rows, and by documents only
/// where columns cannot tell.
private struct GraphSearch {
  private let filter: TraceFilter?
  private let range: Range<Timestamp>?
  private let scan: SummaryScan
  private var counts = GraphCounts()
  /// Matching traces with links to others.
  private var linked: [TraceID] = []

  init(_ filter: TraceFilter?, in range: Range<Timestamp>?) {
    self.filter = filter
    self.range = range
    scan = SummaryScan(filter, in: range)
  }

  mutating func run(_ view: inout SummaryView) throws {
    var undecided: [TraceID] = []
    for row in view.loose where range?.contains(row.summary.start) ?? true {
      switch filter.map({ $0.verdict(on: row.summary) }) ?? true {
      case true?: add(row)
      case false?: break
      case nil: undecided.append(row.summary.id)
      }
    }
    for block in view.catalog.blocks {
      if let zone = block.zone, scan.skips(zone) { continue }
      try Task.checkCancellation()
      for segment in try view.segments(of: block) {
        let matches = try scan.matches(in: segment)
        counts.add(segment, matching: matches)
        let unsure = Set(matches.undecidedRows)
        undecided += unsure.map { segment.id(at: $0) }
        linked += matches.linkedRows.filter { !unsure.contains($0) }.map { segment.id(at: $0) }
      }
    }
    guard let filter, !undecided.isEmpty else { return }
    try view.forEach(undecided.sorted()) { trace in
      if filter.matches(trace) { add(SegmentRow(of: trace)) }
    }
  }

  private mutating func add(_ row: SegmentRow) {
    counts.add(row)
    if row.isLinked { linked.append(row.summary.id) }
  }

  /// Links need the documents of the traces at both ends.
  func build(_ view: SummaryView) throws -> ServiceGraph {
    let graph = counts.graph()
    guard !linked.isEmpty else { return graph }
    var builder = ServiceGraphBuilder()
    var ends = Set<TraceID>()
    try view.forEach(linked) { trace in
      builder.add(trace)
      for segment in trace.segments { segment.forEach { ends.formUnion($0.links.map(\.traceID)) } }
    }
    ends.subtract(linked)
    try view.forEach(ends.sorted()) { trace in
      if range?.contains(trace.start) ?? true, filter?.matches(trace) ?? true { builder.add(trace) }
    }
    return graph.adding(linksOf: builder.build())
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
