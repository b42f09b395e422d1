import Testing
import Traces
import XRayModel

@Suite struct `The order of documents` {
  /// Any packing of a random trace, in any order, with leftovers from when it was in progress.
  @Test(arguments: 0..<60) func `does not matter`(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let documents = randomDocuments(using: &random)
    let expected = Trace(documents)
    let summary = TraceSummary(of: expected)
    let graph = ServiceGraph(of: [expected])
    for _ in 0..<20 {
      let trace = Trace(documents.shuffled(using: &random))
      #expect(trace == expected)
      guard trace == expected else { return }
      #expect(TraceSummary(of: trace) == summary)
      #expect(ServiceGraph(of: [trace]) == graph)
    }
    var again = Trace(expected.segments)
    again.revision = expected.revision
    #expect(again == expected)
  }

  @Test func `of traces in a graph does not matter`() {
    var random = RandomSource(seed: 7)
    let traces = (0..<40).map { _ in Trace(randomDocuments(using: &random)) }
    let expected = ServiceGraph(of: traces)
    for _ in 0..<20 { #expect(ServiceGraph(of: traces.shuffled(using: &random)) == expected) }
  }

  /// Segments, subsegments and calls with random parents, embedded or on their own, partly sent in progress first,
  /// partly sent twice, partly lost.
  private func randomDocuments(using random: inout RandomSource) -> [Entity] {
    let count = Int.random(in: 1...24, using: &random)
    var entities: [Entity] = []
    for number in 1...count {
      let start = Int.random(in: 0..<1000, using: &random)
      let end = Int.random(in: 0..<10, using: &random) == 0 ? nil : start + Int.random(in: 0..<1000, using: &random)
      let parent = number == 1 ? nil : Int.random(in: 1...(number + 1), using: &random)
      if number == 1 || Int.random(in: 0..<4, using: &random) == 0 {
        entities.append(
          .segment(number, "service \(number % 5)", start, end, parent: parent, origin: "AWS::EC2::Instance"))
      } else {
        let call = Bool.random(using: &random)
        let aws: JSONObject = ["operation": "GetItem", "table_name": .string("table \(number % 3)")]
        entities.append(
          .subsegment(
            number, call ? "DynamoDB" : "work", start, end, parent: parent ?? 1, namespace: call ? "aws" : nil,
            aws: call ? aws : [:]
          ).with { $0.isFault = number % 4 == 0 })
      }
      entities[number - 1].annotate("number", .number(JSONNumber(number % 3)))
    }
    var documents: [Entity] = []
    for entity in entities where entity.end != nil && Bool.random(using: &random) {
      documents.append(entity.with { $0.end = nil })
    }
    // Some subsegments travel inside a parent that comes earlier in the list.
    for index in entities.indices.reversed() {
      let entity = entities[index]
      if entity.kind == .subsegment, let parent = entity.parentID, parent.rawValue <= UInt64(index),
        Bool.random(using: &random)
      {
        entities[Int(parent.rawValue) - 1].subsegments.append(
          entity.with {
            $0.parentID = nil
            $0.traceID = nil
          })
        if Int.random(in: 0..<4, using: &random) == 0 { documents.append(entity) }
      } else if Int.random(in: 0..<12, using: &random) != 0 {
        documents.append(entity)
      }
    }
    return documents
  }
}
