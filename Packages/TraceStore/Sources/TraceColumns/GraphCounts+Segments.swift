import Traces

extension GraphCounts {
  /// Counts all traces of a segment that are not hidden.
  public mutating func add(_ segment: SummarySegment) { add(segment, rows: segment.visible) }

  /// Counts the traces of a segment that match for sure. Of the undecided ones open the documents and add those
  /// that match.
  public mutating func add(_ segment: SummarySegment, matching matches: RowMatches) {
    add(segment, rows: matches.sure)
  }

  mutating func add(_ segment: SummarySegment, rows: Bitmap) {
    let rows = ShapeRows(rows, of: segment)
    guard !rows.shapes.isEmpty else { return }
    let places = places(of: segment, rows)
    Self.count(segment, rows, places, &nodes, &edges)
  }

  /// Where the services and pairs of a segment stand in the counts; -1 for those that no counted row names. They are
  /// looked up once for each segment, because names take long to compare.
  private mutating func places(of segment: SummarySegment, _ rows: ShapeRows) -> (services: [Int], pairs: [Int]) {
    let graph = segment.graph
    var services = [Int](repeating: -1, count: segment.services.count)
    var pairs = [Int](repeating: -1, count: graph.pairs.count)
    func place(of service: Int) -> Int {
      if services[service] < 0 { services[service] = self.place(of: segment.services[service]) }
      return services[service]
    }
    for shape in rows.shapes.lazy.map({ graph.shapes[$0.shape] }) {
      for visit in shape.visits { _ = place(of: graph.visits[visit].service) }
      for call in shape.calls where pairs[graph.calls[call].pair] < 0 {
        let pair = graph.pairs[graph.calls[call].pair]
        let key = EdgeKey(source: place(of: pair.source), target: place(of: pair.target))
        let edge = self.place(of: key)
        if pair.alias > 0 { edges[edge].aliases.insert(segment.services[pair.alias - 1]) }
        pairs[graph.calls[call].pair] = edge
      }
    }
    return (services, pairs)
  }

  private static func count(
    _ segment: SummarySegment, _ rows: ShapeRows, _ places: (services: [Int], pairs: [Int]), _ nodes: inout [Node],
    _ edges: inout [Edge]
  ) {
    nodes.withUnsafeMutableBufferPointer { nodes in
      edges.withUnsafeMutableBufferPointer { edges in
        rows.forEachTimes(of: segment) { shape, facts, times in
          for (number, place) in shape.visits.enumerated() {
            let visit = facts.visits[place]
            nodes[places.services[visit.service]].add(visit, times.visits[number], count: times.rowCount)
          }
          var next = 0
          for place in shape.calls {
            let call = facts.calls[place]
            if call.outcome == GraphColumns.noRequest { continue }
            let tally = places.pairs[call.pair]
            if call.visit == GraphColumns.ownTicks {
              edges[tally].tally.count(call.outcome, times.ownCalls[next], count: times.rowCount)
              next += 1
            } else {
              edges[tally].tally.count(call.outcome, times.visits[call.visit - 1].request, count: times.rowCount)
            }
          }
        }
      }
    }
  }
}

extension GraphCounts.Node {
  /// Counts one visit of a shape, of many rows.
  @inline(__always)
  fileprivate mutating func add(_ visit: GraphColumns.Visit, _ times: ShapeTimes.Visit, count: Int) {
    cover(times.start, times.end)
    if visit.has(GraphColumns.Bit.root) { isRoot = true }
    if visit.has(GraphColumns.Bit.reporting) { isReporting = true }
    if visit.outcome == GraphColumns.noRequest { return }
    tally.count(visit.outcome, times.request, count: count)
    durations.add(times.spans)
  }
}

extension GraphCounts.Tally {
  @inline(__always)
  fileprivate mutating func count(_ outcome: Int, _ request: ShapeTimes.Request, count: Int) {
    switch outcome {
    case 0: ok &+= count
    case 1: error &+= count
    case 2: fault &+= count
    case 3: throttle &+= count
    default: return
    }
    ticks &+= request.ticks
    responseTimes.add(request.milliseconds)
  }
}
