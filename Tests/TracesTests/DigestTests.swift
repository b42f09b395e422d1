import Testing
import Traces
import XRayModel

@Suite struct `The digest of a trace` {
  @Test func `is its summary and what it adds to a graph`() {
    let call = Entity.subsegment(2, "s3", 10, 20, namespace: "aws", aws: ["operation": "PutObject", "bucket": "b"])
    let trace = Trace([.segment(1, "web", 0, 100).with(call).with(status: 500)])
    let digest = trace.digest
    #expect(digest.summary == TraceSummary(of: trace) && digest.facts == GraphFacts(of: trace))
    #expect(digest.facts.visits.map(\.service.name) == ["web", "web", "b"])
    #expect(digest.facts.visits.map(\.isClient) == [false, true, false])
    #expect(digest.facts.calls.map(\.target.name) == ["web", "b"])
    #expect(!digest.facts.isLinked)
  }

  @Test func `tells of links to other traces only`() {
    let id = TraceID(epoch: 1, high: 2, low: 3)
    func isLinked(to target: TraceID) -> Bool {
      var inner = Entity.subsegment(2, "inner", 10, 20)
      inner.links = [TraceLink(traceID: target, id: nil)]
      return Trace(id: id, compiling: [Entity.segment(1, "web", 0, 100, in: id).with(inner)]).digest.facts.isLinked
    }
    #expect(isLinked(to: TraceID(epoch: 1, high: 2, low: 4)))
    #expect(!isLinked(to: id))
  }
}
