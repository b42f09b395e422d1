import Testing
import TraceColumns
import Traces
import XRayModel

@Suite struct `Hidden rows` {
  @Test func `are in no answer`() throws {
    var (segment, traces) = try sample(seed: 40, 80)
    let gone = Set(traces.indices.filter { $0 % 3 == 0 })
    segment.hide(gone.map { traces[$0].id } + [TraceID(epoch: 1, high: 1, low: 1)])
    #expect(segment.hiddenCount == gone.count)
    let left = traces.indices.filter { !gone.contains($0) }
    let matches = try SummaryScan(try filter("")).matches(in: segment)
    #expect(matches.sureRows == left)
    for text in ["!(fault)", #"!service("api") { fault } OR edge"#, "responsetime"] {
      let found = try SummaryScan(try filter(text)).matches(in: segment)
      #expect(gone.isDisjoint(with: found.sureRows + found.undecidedRows))
    }
    var counts = GraphCounts()
    counts.add(segment)
    var minutes = GraphMinutes()
    minutes.add(segment)
    let graph = ServiceGraph(of: left.map { traces[$0] })
    #expect(counts.graph() == graph && minutes.graph(in: nil) == graph)
  }

  @Test func `are found by their ids as others are`() throws {
    var (segment, traces) = try sample(seed: 41, 70)
    segment.hide([traces[5].id])
    for (row, trace) in traces.enumerated() {
      #expect(segment.row(of: trace.id) == row)
      #expect(try segment.summary(at: row) == TraceSummary(of: trace))
    }
    #expect(segment.row(of: TraceID(epoch: 0, high: 0, low: 0)) == nil)
    #expect(segment.row(of: TraceID(epoch: .max, high: 0, low: 0)) == nil)
  }
}

@Suite struct `Rows with links` {
  @Test func `are told, so that an engine can follow them`() throws {
    var traces = RandomTraces(seed: 42).traces(60).sorted { $0.id < $1.id }
    for row in traces.indices {
      let other = row % 4 == 0 ? traces[(row + 1) % 60].id : row % 4 == 1 ? traces[row].id : nil
      if let other { traces[row].segments[0].links = [TraceLink(traceID: other, id: nil)] }
    }
    var segment = try SummarySegment(traces.map { SegmentRow(of: $0) })
    let linked = traces.indices.filter { $0 % 4 == 0 }
    #expect(segment.linkedRows == linked)
    let all = SummaryScan(try filter(""))
    #expect(try all.matches(in: segment).linkedRows == linked)
    #expect(Set(try all.page(of: [segment]).linkedHits.map(\.row)) == Set(linked))
    segment.hide([traces[0].id])
    #expect(segment.linkedRows == Array(linked.dropFirst()))
  }

  @Test func `keep the order of their ids`() throws {
    let rows = RandomTraces(seed: 43).traces(9).sorted { $0.id < $1.id }.map { SegmentRow(of: $0) }
    let segment = try SummarySegment(rows)
    for wrong in [Array(rows.reversed()), [rows[0], rows[0]]] {
      #expect(throws: ColumnError(.unsorted, at: 1)) { try SummarySegment(wrong) }
    }
    #expect(throws: ColumnError.self) {
      try SummarySegment(decoding: segment.bytes, ids: Array(segment.ids.dropLast()))
    }
    #expect(throws: ColumnError(.unsorted, at: 1)) {
      try SummarySegment(decoding: segment.bytes, ids: segment.ids.reversed())
    }
  }
}
