import Testing
import Traces
import XRayModel

@Suite struct `Compiling a trace` {
  @Test func `puts independent subsegments into their parents at any depth`() {
    let trace = Trace([
      .subsegment(3, "inner", 20, 30, parent: 2), .subsegment(4, "embedded", 5, 6, parent: 1),
      .segment(1, "web", 0, 100).with(.subsegment(2, "outer", 10, 50)),
    ])
    #expect(trace.shape == "web(embedded,outer(inner))")
    #expect(trace.find(3)?.parentID == nil)
    #expect(trace.find(3)?.traceID == nil)
    #expect(trace.segments.allSatisfy { $0.traceID == testTrace })
    #expect(trace.revision == 3)
  }

  @Test func `keeps a subsegment on the top level until its parent comes`() {
    let orphan = Entity.subsegment(3, "inner", 20, 30, parent: 2)
    let alone = Trace([orphan])
    #expect(alone.segments == [orphan])
    #expect(TraceSummary(of: alone).isPartial)
    let whole = Trace([orphan, .subsegment(2, "outer", 10, 40, parent: 1), .segment(1, "web", 0, 100)])
    #expect(whole.shape == "web(outer(inner))")
    #expect(!TraceSummary(of: whole).isPartial)
  }

  @Test func `replaces what is in progress by what is complete, and not the other way round`() {
    let open = Entity.segment(1, "web", 0, nil).with(.subsegment(2, "work", 10, nil))
    let done = Entity.segment(1, "web", 0, 100).with(.subsegment(2, "work", 10, 60))
    #expect(Trace([open]).shape == "web…(work…)")
    for documents in [[open, done], [done, open], [open, done, open]] {
      #expect(Trace(documents).shape == "web(work)")
    }
  }

  @Test func `keeps the first of two complete versions`() {
    let trace = Trace([.segment(1, "first", 0, 100), .segment(1, "second", 0, 90)])
    #expect(trace.shape == "first")
    #expect(trace.revision == 2)
  }

  @Test func `of two versions in progress keeps the one that tells more`() {
    let less = Entity.segment(1, "web", 0, nil)
    let more = less.with { $0.user = "ola" }
    #expect(Trace([less, more]) == Trace([more, less]))
    #expect(Trace([less, more]).segments[0].user == "ola")
  }

  @Test func `unites embedded and independent copies of a subsegment`() {
    let open = Entity.segment(1, "web", 0, nil).with(.subsegment(2, "work", 10, nil))
    let streamed = Entity.subsegment(2, "work", 10, 60, parent: 1)
    let done = Entity.segment(1, "web", 0, 100)
    let expected = Trace([open, streamed, done])
    #expect(expected.shape == "web(work)")
    for documents in [[streamed, done, open], [done, open, streamed], [open, done, streamed]] {
      #expect(Trace(documents) == expected)
    }
  }

  @Test func `orders children by start and then by id`() {
    let trace = Trace([
      .segment(1, "web", 0, 100).with(
        .subsegment(9, "late", 50, 60), .subsegment(8, "b", 10, 20), .subsegment(7, "a", 10, 20))
    ])
    #expect(trace.shape == "web(a,b,late)")
  }

  @Test func `leaves circles of parents on the top level`() {
    let trace = Trace([
      .subsegment(2, "own", 1, 2, parent: 2), .subsegment(3, "ring", 3, 4, parent: 4),
      .subsegment(4, "ring", 5, 6, parent: 3), .subsegment(5, "beside", 7, 8, parent: 3), .segment(1, "web", 0, 9),
    ])
    #expect(trace.shape == "web own ring(beside) ring")
    #expect(TraceSummary(of: trace).isPartial)
  }

  @Test func `keeps every entity of a chain too deep for one segment`() throws {
    let count = 10_000
    var documents = [Entity.segment(1, "web", 0, count)]
    for number in 2...count {
      documents.append(
        .subsegment(number, "s", number, count, parent: number - 1).with {
          $0.metadata = ["default": ["key": ["nested": 1]]]
        })
    }
    documents.reverse()
    let trace = Trace(documents)
    var found = 0
    for segment in trace.segments { segment.forEach { _ in found += 1 } }
    #expect(found == count)
    #expect(trace.segments.count == (count + Trace.depthLimit) / (Trace.depthLimit + 1))
    let summary = TraceSummary(of: trace)
    #expect(summary.isPartial)
    // What was compiled can be read again.
    for segment in trace.segments.prefix(3) {
      let read = try Entity(document: segment.document.span)
      #expect(read == segment)
    }
  }

  @Test func `compiles ten thousand children of one segment`() {
    var documents = (2...10_000).map { Entity.subsegment($0, "s", $0, $0 + 1, parent: 1) }
    documents.append(.segment(1, "web", 0, 20_000))
    let trace = Trace(documents)
    #expect(trace.segments.count == 1)
    #expect(trace.segments[0].subsegments.count == 9_999)
  }

  @Test func `of nothing is empty`() {
    let trace = Trace([])
    #expect(trace.segments.isEmpty && trace.revision == 0 && trace.duration == 0)
    #expect(TraceSummary(of: trace).entryPoint == nil)
    #expect(ServiceGraph(of: [trace]).services.isEmpty)
  }
}
