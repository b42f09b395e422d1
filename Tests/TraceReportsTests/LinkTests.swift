import Testing
import Traces
import XRayModel

@testable import TraceReports

@Suite struct `Links between traces` {
  let traces = Sample().linked()

  @Test func `stand below their row in text, with the arrow of time`() {
    let producer = TextTimeline(traces[0], width: 80).text.split(separator: "\n").map(String.init)
    #expect(producer.contains("        ╌▶ \(traces[1].id) billing"))
    let consumer = TextTimeline(traces[1], width: 80).text.split(separator: "\n").map(String.init)
    #expect(consumer.last == "  ◀╌ \(traces[0].id) billing")
  }

  @Test func `are tags in a drawing`() {
    let fragment = TimelineDrawing(traces[0]).fragment
    #expect(fragment.contains(">╌▶ \(traces[1].id)</span>"))
    #expect(tagProblems(fragment).isEmpty)
    #expect(TimelineDrawing.stylesheet.contains(".tag.linked"))
  }

  @Test func `that are many are counted, and never cut an id`() {
    let sample = Sample(seed: 2)
    var segment = sample.segment(hostileText, 0, 10)
    var deepest = sample.subsegment("x", 0, 1)
    deepest.links = (0..<25).map { _ in
      TraceLink(traceID: sample.traceID(), id: nil, attributes: ["aws.xray.reserved.names": [.string(hostileText)]])
    }
    for _ in 0..<30 {
      var outer = sample.subsegment("x", 0, 1)
      outer.subsegments = [deepest]
      deepest = outer
    }
    segment.subsegments = [deepest]
    let trace = Trace(id: sample.traceID(), compiling: [segment])
    let lines = TextTimeline(trace, width: 60).text.split(separator: "\n").map(String.init)
    #expect(lines.dropFirst().allSatisfy { $0.cells <= 60 })
    #expect(lines.filter { $0.contains("╌▶ 1-") }.count == 10)
    #expect(lines.last?.hasSuffix("and 15 more") == true)
    #expect(TimelineDrawing(trace).fragment.contains("╌▶ 25 traces"))
    #expect(tagProblems(TimelineDrawing(trace).fragment).isEmpty)
  }

  @Test func `are edges of the map`() {
    let graph = ServiceGraph(of: traces)
    // Both ends tell of the one message.
    #expect(graph.services.flatMap(\.edges).filter(\.isLink).count == 1)
    let text = TextServiceMap(graph, width: 90).text
    #expect(text.contains("╌▶ billing"))
    #expect(ServiceMapDrawing(graph).svg.contains(#"class="edge link""#))
  }
}
