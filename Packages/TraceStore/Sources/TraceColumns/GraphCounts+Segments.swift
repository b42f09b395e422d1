import Traces

extension GraphCounts {
  /// Counts all traces of a segment.
  public mutating func add(_ segment: SummarySegment) {
    add(segment, rows: Bitmap(count: segment.count, isFull: true))
  }

  /// Counts the traces of a segment that match for sure. Of the undecided ones open the documents and add those
  /// that match.
  public mutating func add(_ segment: SummarySegment, matching matches: RowMatches) {
    add(segment, rows: matches.sure)
  }

  private mutating func add(_ segment: SummarySegment, rows: Bitmap) {
    guard !rows.isEmpty else { return }
    // Looked up once for each segment: names take long to compare. A filter may match few of them.
    var mapped = [Int](repeating: -1, count: segment.services.count)
    func place(of service: Int, _ counts: inout GraphCounts) -> Int {
      if mapped[service] < 0 { mapped[service] = counts.place(of: segment.services[service]) }
      return mapped[service]
    }
    addVisits(of: segment, rows, place)
    addCalls(of: segment, rows, place)
  }

  private mutating func addVisits(
    of segment: SummarySegment, _ rows: Bitmap, _ place: (Int, inout GraphCounts) -> Int
  ) {
    let graph = segment.graph
    let mapped = Self.used(graph.visitServices, of: segment.services.count, rows, graph.visits(of:)) { service in
      place(service, &self)
    }
    withNodes { nodes in
      segment.starts.withBytes { bytes in
        rows.forEach { row in
          let traceStart = segment.starts.value(row, in: bytes)
          for visit in graph.visits(of: row) {
            let place = mapped[Int(graph.visitServices.value(visit, in: bytes))]
            let bits = Int(graph.visitBits.value(visit, in: bytes))
            let start = traceStart &+ graph.visitStarts.value(visit, in: bytes)
            let span = graph.visitSpans.value(visit, in: bytes)
            nodes[place].cover(start, start &+ span)
            if bits & GraphColumns.rootBit != 0 { nodes[place].isRoot = true }
            if bits & GraphColumns.reportingBit != 0 { nodes[place].isReporting = true }
            if bits & 7 == GraphColumns.noRequest { continue }
            nodes[place].tally.count(bits & 7, ticks: span &+ graph.visitExcess.value(visit, in: bytes))
            nodes[place].durations.add(ticks: span)
          }
        }
      }
    }
  }

  private mutating func addCalls(
    of segment: SummarySegment, _ rows: Bitmap, _ place: (Int, inout GraphCounts) -> Int
  ) {
    let graph = segment.graph
    var named: [(edge: Int, alias: ServiceID)] = []
    let mapped = Self.used(graph.callPairs, of: graph.pairs.count, rows, graph.calls(of:)) { code in
      let pair = graph.pairs[code]
      let key = EdgeKey(source: place(pair.source, &self), target: place(pair.target, &self))
      let edge = self.place(of: key)
      if pair.alias > 0 { named.append((edge, segment.services[pair.alias - 1])) }
      return edge
    }
    withEdges { edges in
      for (edge, alias) in named { edges[edge].aliases.insert(alias) }
      graph.callPairs.withBytes { bytes in
        rows.forEach { row in
          for call in graph.calls(of: row) {
            let place = mapped[Int(graph.callPairs.value(call, in: bytes))]
            let outcome = Int(graph.callOutcomes.value(call, in: bytes))
            edges[place].tally.count(outcome, ticks: graph.callTicks.value(call, in: bytes))
          }
        }
      }
    }
  }

  /// What the codes that `rows` use stand for; -1 for those that they do not use.
  private static func used(
    _ codes: NumberColumn, of count: Int, _ rows: Bitmap, _ range: (Int) -> Range<Int>, _ meaning: (Int) -> Int
  ) -> [Int] {
    var isUsed = [Bool](repeating: false, count: count)
    codes.withBytes { bytes in
      rows.forEach { row in for place in range(row) { isUsed[Int(codes.value(place, in: bytes))] = true } }
    }
    return isUsed.enumerated().map { code, isUsed in isUsed ? meaning(code) : -1 }
  }
}
