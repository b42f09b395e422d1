import Testing
import XRayModel

private func document(_ id: UInt64) -> [UInt8] {
  Entity(
    .segment, id: EntityID(rawValue: id), name: "n", traceID: TraceID(epoch: 1, high: 2, low: 3),
    start: Timestamp(seconds: 1), end: Timestamp(seconds: 2)
  ).document
}

struct DocumentBatchTests {
  @Test func `documents lie back to back and come out as they went in`() {
    var batch = DocumentBatch([[1, 2, 3], [], [4]] as [[UInt8]])
    batch.reserveCapacity(documents: 5, bytes: 10)
    batch.append([5, 6])
    ([7] as [UInt8]).withUnsafeBytes { batch.append(copying: $0) }
    #expect(batch.count == 5 && !batch.isEmpty && batch.bytes == [1, 2, 3, 4, 5, 6, 7])
    #expect((0..<5).map { Array(batch[$0]) } == [[1, 2, 3], [], [4], [5, 6], [7]])
    #expect(batch.range(of: 0) == 0..<3 && batch.range(of: 1) == 3..<3 && batch.range(of: 4) == 6..<7)
    batch.removeAll()
    #expect(batch.isEmpty && batch.count == 0 && batch.bytes.isEmpty && batch.ends.isEmpty)
  }
}

struct CollectingSinkTests {
  @Test func `each document is answered by itself, and the valid ones are kept in order`() async {
    let sink = CollectingSink()
    let outcomes = await sink.put(DocumentBatch([document(1), Array("{}".utf8), document(2)]))
    let rejection = SegmentRejection(.missingId)
    #expect(outcomes == [.stored, .unprocessed(rejection), .stored])
    #expect(sink.documents == [document(1), document(2)] && sink.rejections == [rejection])
    #expect(sink.entities.map(\.id.rawValue) == [1, 2])
  }
}

struct LedgerTests {
  private let daemon = LedgerHop(
    name: "daemon", received: 10, passedOn: 5, rejected: ["header": 1, "size": 1], dropped: ["full": 2], held: 1)

  @Test func `a hop balances when everything it received went somewhere`() {
    #expect(daemon.isBalanced && daemon.rejectedTotal == 2 && daemon.droppedTotal == 2)
    var leaking = daemon
    leaking.held = 0
    #expect(!leaking.isBalanced)
  }

  @Test func `a ledger without gaps has none, and a gap is named by its place`() {
    var store = LedgerHop(name: "store", received: 5, passedOn: 5)
    #expect(Ledger([daemon, store]).gaps == [:])
    store.received = 4
    #expect(Ledger([daemon, store]).gaps == ["store": -1, "daemon to store": 1])
    #expect(Ledger([]).gaps == [:])
  }
}
