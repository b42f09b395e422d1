import Testing
import TraceColumns
import TraceFilters
import Traces
import XRayModel

@Suite struct `Graph minutes` {
  @Test(arguments: [30, 400]) func `give the graph that the traces give`(count: Int) throws {
    let traces = RandomTraces(seed: 30).traces(count)
    var minutes = GraphMinutes()
    for trace in traces { minutes.add(trace) }
    #expect(minutes.graph(in: nil) == ServiceGraph(of: traces))
    let read = try GraphMinutes(decoding: minutes.encoded())
    #expect(read.graph(in: nil) == ServiceGraph(of: traces))
    #expect(read.range == minutes.range)
  }

  @Test func `can be merged in any order`() throws {
    let traces = RandomTraces(seed: 31).traces(300)
    var parts = [GraphMinutes](repeating: GraphMinutes(), count: 3)
    for (number, trace) in traces.enumerated() { parts[number % 3].add(SegmentRow(of: trace)) }
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
      var sum = GraphMinutes()
      for part in order { sum.merge(try GraphMinutes(decoding: parts[part].encoded())) }
      #expect(sum.graph(in: nil) == ServiceGraph(of: traces))
    }
  }

  @Test func `answer for a part of the time and forget what is old`() throws {
    let traces = RandomTraces(seed: 32).traces(200)
    var minutes = GraphMinutes()
    for trace in traces { minutes.add(trace) }
    let range = Timestamp(ticks: base.ticks + 600 * 10_000_000)..<Timestamp(ticks: base.ticks + 1200 * 10_000_000)
    #expect(minutes.graph(in: range) == ServiceGraph(of: traces.filter { range.contains($0.start) }))
    #expect(minutes.graph(in: base..<base).services.isEmpty)
    minutes.removeMinutes(before: range.lowerBound)
    #expect(minutes.range?.lowerBound == range.lowerBound)
    #expect(minutes.graph(in: nil) == ServiceGraph(of: traces.filter { $0.start >= range.lowerBound }))
    #expect(GraphMinutes().graph(in: nil) == ServiceGraph(of: []))
  }
}

@Suite struct `Graph counts` {
  @Test func `of a segment are those of its traces`() throws {
    let (segment, traces) = try sample(seed: 33, 400)
    var counts = GraphCounts()
    counts.add(try SummarySegment(decoding: segment.bytes, ids: segment.ids))
    #expect(counts.graph() == ServiceGraph(of: traces))
  }

  @Test func `of minutes and of segments add up`() throws {
    let (segment, traces) = try sample(seed: 36, 200)
    let (other, others) = try sample(seed: 37, 200)
    var minutes = GraphMinutes()
    minutes.add(segment)
    var counts = GraphCounts()
    counts.add(try GraphMinutes(decoding: minutes.encoded()))
    counts.add(other)
    #expect(counts.graph() == ServiceGraph(of: traces + others))
  }

  @Test func `of a filter's matches are exact`() throws {
    let (segment, traces) = try sample(seed: 34, 300)
    let filter = try filter(#"responsetime > 2 AND !service("api") { fault }"#)
    let matches = try SummaryScan(filter).matches(in: segment)
    var counts = GraphCounts()
    counts.add(segment, matching: matches)
    for row in matches.undecidedRows where filter.matches(traces[row]) { counts.add(traces[row]) }
    #expect(matches.sureCount > 0 && matches.undecidedCount > 0)
    #expect(counts.graph() == ServiceGraph(of: traces.filter { filter.matches($0) }))
  }

  @Test func `round times as histograms do`() throws {
    let random = RandomSource(seed: 35)
    var traces: [Trace] = []
    for number in 0..<3000 {
      let long = number % 10 == 0 ? random.next() >> (10 + random.next() % 40) : random.next() % 60_000_000
      let ticks = Int64(number % 3 == 0 ? long / 10_000 * 10_000 + 5000 : long)
      var entity = Entity(.segment, id: random.entityID(), name: "n\(number % 40)", start: base)
      entity.end = Timestamp(ticks: base.ticks &+ max(0, min(ticks, .max - base.ticks)))
      let id = random.traceID(at: base)
      entity.traceID = id
      traces.append(Trace(id: id, compiling: [entity]))
    }
    var counts = GraphCounts()
    for trace in traces.reversed() { counts.add(trace) }
    #expect(counts.graph() == ServiceGraph(of: traces))
  }
}
