import Testing
import Traces
import XRayModel

@testable import TraceReports

@Suite struct `The layout of a timeline` {
  private func isClose(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-9 } ?? false }

  @Test func `puts segments under the subsegments that called them`() {
    let layout = TimelineLayout(Sample().synchronous())
    #expect(
      layout.rows.map { "\($0.depth) \($0.entity.name ?? "")" } == [
        "0 shop", "1 Lambda", "2 checkout", "3 checkout", "4 Initialization", "4 Invocation", "5 S3", "6 S3",
      ])
    #expect(
      layout.rows.map(\.role) == [
        .segment, .call, .segment, .segment, .coldStart, .subsegment, .call, .inferred,
      ])
    #expect(layout.rows[0].descendants == 7)
    #expect(layout.rows[5].isLast)
    #expect(!layout.rows[4].isLast)
    #expect(layout.rows.map(\.parent) == [nil, 0, 1, 2, 3, 3, 5, 6])
  }

  @Test func `draws what outlives its parent where it happened`() {
    let layout = TimelineLayout(Sample().asynchronous())
    #expect(layout.span == 1)
    #expect(layout.rows.map(\.role) == [.segment, .dwell, .attempt, .segment, .attempt, .segment])
    let dwell = layout.rows[1]
    #expect(isClose(dwell.bar.upperBound, 0.045))
    #expect(isClose(dwell.parentEnd, 0.015))
    let second = layout.rows[4]
    #expect(isClose(second.bar.lowerBound, 0.9) && isClose(second.bar.upperBound, 1))
    #expect(isClose(second.parentEnd, 0.015))
    #expect(isClose(layout.secondsAfterParent(second), 0.985))
    #expect(layout.rows[0].parentEnd == nil)
  }

  @Test func `begins with the first start of anything`() {
    let sample = Sample()
    var function = sample.segment("f", origin: "AWS::Lambda::Function", 500, 600)
    function.subsegments = [sample.subsegment("Initialization", 100, 490)]
    let layout = TimelineLayout(Trace(id: sample.traceID(), segments: [function], revision: 1))
    #expect(layout.start == sample.moment(100))
    #expect(isClose(layout.rows[0].bar.lowerBound, 0.8))
    #expect(layout.rows[1].bar.lowerBound == 0)
  }

  @Test func `leaves bars in progress open to the end`() {
    let sample = Sample()
    var segment = sample.segment("f", 0, nil)
    segment.subsegments = [sample.subsegment("work", 10, 20)]
    let layout = TimelineLayout(Trace(id: sample.traceID(), segments: [segment], revision: 1))
    #expect(layout.rows[0].isOpen && layout.rows[0].bar == 0...1)
    #expect(layout.rows[0].status == .inProgress)
    #expect(!layout.rows[1].isOpen)
  }

  @Test func `shows segments that name each other as parents`() {
    let sample = Sample()
    var a = sample.segment("a", 0, 10)
    var b = sample.segment("b", 0, 10)
    (a.parentID, b.parentID) = (b.id, a.id)
    let layout = TimelineLayout(Trace(id: sample.traceID(), segments: [a, b], revision: 2))
    #expect(layout.rows.map(\.entity.name) == ["a", "b"])
    #expect(layout.rows.map(\.depth) == [0, 1])
  }

  @Test func `takes a chain of thousands of segments`() {
    let sample = Sample()
    var segments: [Entity] = []
    for place in 0..<3000 { segments.append(sample.segment("s", parent: segments.last?.id, Double(place), 5000)) }
    let layout = TimelineLayout(Trace(id: sample.traceID(), segments: segments, revision: 3000))
    #expect(layout.rows.last?.depth == 2999)
    #expect(layout.rows.first?.descendants == 2999)
  }

  @Test func `keeps every bar on the scale, whatever the clocks said`() {
    let sample = Sample(seed: 3)
    for _ in 0..<50 {
      var segment = sample.segment("root", 1000, 1000 + 500 * sample.random.fraction())
      for _ in 0..<10 {
        let start = 2000 * sample.random.fraction()
        let end = sample.random.fraction() < 0.2 ? nil : 2000 * sample.random.fraction()
        segment.subsegments.append(sample.subsegment("s", start, end))
      }
      let layout = TimelineLayout(Trace(id: sample.traceID(), segments: [segment], revision: 1))
      #expect(layout.rows.count == 11)
      #expect(layout.rows.allSatisfy { $0.bar.lowerBound >= 0 && $0.bar.upperBound <= 1 })
      #expect(layout.ticks.count <= 7 && layout.ticks.allSatisfy { $0 <= layout.span * 1.000001 })
    }
  }

  @Test func `has no rows for a trace without segments`() {
    let layout = TimelineLayout(Trace(id: .notSampled, segments: [], revision: 0))
    #expect(layout.rows.isEmpty && layout.span == 0 && layout.ticks == [0])
  }
}
