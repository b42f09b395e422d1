import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A SQLite store` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test(arguments: [1, 7, 50, 400])
  func `gives every document back as it was sent and in the order of arrival`(batchSize: Int) async throws {
    let documents = makeDocuments(400)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    let outcomes = try await store.put(documents, by: batchSize)
    #expect(outcomes == [SegmentOutcome](repeating: .stored, count: documents.count))
    #expect(try await store.allDocuments() == documents)
    #expect(try await store.check().isIntact)
  }

  @Test func `answers with the traces that the documents make`() async throws {
    let documents = makeDocuments(300)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let traces = documents.traces
    let unknown = RandomSource(seed: 99).traceID(at: epoch)
    let asked = [traces[3].id, unknown, traces[0].id, traces[3].id]
    #expect(try await store.traces(asked) == [traces[3], traces[0], traces[3]])
    #expect(try await store.traces(traces.map(\.id)) == traces)
    #expect(try await store.allSummaries() == traces.map(TraceSummary.init(of:)))
    #expect(try await store.serviceGraph(in: nil) == ServiceGraph(of: traces))
    #expect(try await store.traces([]) == [])
  }

  @Test func `opens again with everything in it`() async throws {
    let documents = makeDocuments(200)
    let first = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await first.put(Array(documents[..<137]))
    try await first.close()
    let second = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await second.put(Array(documents[137...]))
    #expect(try await second.allDocuments() == documents)
    #expect(try await second.traces(documents.traces.map(\.id)) == documents.traces)
    let statistics = try await second.statistics()
    #expect(statistics.documents == 200)
    #expect(statistics.traces == documents.traces.count)
    #expect(statistics.documentBytes == documents.reduce(0) { $0 + $1.count })
    #expect(statistics.received == 63)
    #expect(try await second.check().isIntact)
  }

  @Test func `is one file when it is closed`() async throws {
    let documents = makeDocuments(60)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    _ = try await store.allDocuments()
    try await store.close()
    #expect(fileSize(scratch.file + "-wal") == nil)
    let copy = try Scratch()
    try copy.write(scratch.bytes())
    #expect(try await SQLiteTraceStore(directory: copy.path, options: .readOnly).allDocuments() == documents)
  }

  @Test func `answers for each document in its place`() async throws {
    let good = makeDocuments(3)
    let tolerable = Array(
      """
      {"trace_id":"1-5f84c7a1-0123456789abcdef01234567","id":"05ea2f13322884d0","name":"n","start_time":1,\
      "end_time":2,"metadata":{"d":{"x":NaN}}}
      """.utf8)
    let store = try SQLiteTraceStore(directory: scratch.path)
    let outcomes = try await store.put([good[0], Array("{".utf8), good[1], Array("{\"id\":\"x\"}".utf8), tolerable])
    let codes = outcomes.map { if case .unprocessed(let rejection) = $0 { rejection.code.rawValue } else { "stored" } }
    #expect(codes == ["stored", "ParseError", "stored", "InvalidId", "stored"])
    let statistics = try await store.statistics()
    #expect(statistics.received == 5)
    #expect(statistics.rejected == ["ParseError": 1, "InvalidId": 1])
    #expect(statistics.tolerated == ["NonFiniteMetadata": 1])
    #expect(try await store.allDocuments() == [good[0], good[1], tolerable])
  }

  @Test func `answers an empty batch and one without a valid document`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path)
    #expect(try await store.put(DocumentBatch()) == [])
    #expect(try await store.put([[], [0xFF]]).count == 2)
    #expect(try await store.allDocuments() == [])
    #expect(try await store.summaries(TraceQuery()) == TracePage(summaries: [], processedCount: 0, nextToken: nil))
  }

  @Test func `stores documents of the greatest size`() async throws {
    let head = #"{"trace_id":"1-5f84c7a1-0123456789abcdef01234567","id":"05ea2f13322884d0","name":"n","#
    let filler = { (id: Int, size: Int) -> [UInt8] in
      let start = head + "\"start_time\":\(id),\"end_time\":9,\"user\":\""
      return Array((start + String(repeating: "u", count: size - start.utf8.count - 2) + "\"}").utf8)
    }
    let documents = (1...9).map { filler($0, SegmentIndex.documentBytesLimit) }
    var options = SQLiteTraceStore.Options()
    options.blockBytes = 4 * SegmentIndex.documentBytesLimit
    let store = try SQLiteTraceStore(directory: scratch.path, options: options)
    try await store.put(documents)
    let tooLong = try await store.put([filler(1, SegmentIndex.documentBytesLimit + 1)])
    #expect(tooLong != [.stored])
    #expect(try await store.allDocuments() == documents)
    #expect(try await store.check().blocks == 1)
    try await store.close()
    let read = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    #expect(try await read.allDocuments() == documents)
    #expect(try await read.check().blocks == 3)
  }

  @Test func `seals what is worth it when it is closed`() async throws {
    let documents = makeDocuments(35)
    for (count, sealed) in [(16, 1), (19, 1), (20, 2), (34, 2), (35, 2)] {
      let scratch = try Scratch()
      let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
      try await store.put(Array(documents[..<count]))
      try await store.close()
      let read = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
      #expect(try await read.check().blocks == sealed)
      #expect(try await read.allDocuments() == Array(documents[..<count]))
    }
  }

  @Test func `goes on where a store with blocks of another size stopped`() async throws {
    let documents = makeDocuments(500)
    var written = 0
    for size in [200, 16, 90, 7, 400] {
      var options = SQLiteTraceStore.Options()
      options.blockDocuments = size
      let store = try SQLiteTraceStore(directory: scratch.path, options: options)
      try await store.put(Array(documents[written..<written + 100]), by: 30)
      written += 100
      #expect(try await store.allDocuments() == Array(documents[..<written]))
      // Left as it is: the next one finds the open blocks of this one.
      let left = try scratch.copyOfFiles()
      let next = try SQLiteTraceStore(directory: left.path, options: .small)
      try await next.put(documents)
      #expect(try await next.allDocuments() == documents)
      #expect(try await next.check().isIntact)
      try await store.close()
    }
  }

  @Test func `makes the same file of the same documents`() async throws {
    let files = try [Scratch(), Scratch()]
    for directory in files {
      let clock = VirtualClock(start: epoch)
      let store = try SQLiteTraceStore(directory: directory.path, options: .small, clock: clock)
      for batch in makeDocuments(300).batches(of: 23) {
        _ = try await store.put(batch)
        clock.advance(by: .seconds(1))
      }
      try await store.close()
    }
    #expect(try files[0].bytes() == files[1].bytes())
  }

  @Test func `takes less than half the bytes of even small documents`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path)
    try await store.put(makeDocuments(2000), by: 500)
    try await store.close()
    let read = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    let statistics = try await read.statistics()
    #expect(statistics.storedBytes * 2 < statistics.documentBytes)
  }
}

@Suite struct `A document that is put twice` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `is stored once within a batch, an open block, a sealed block and after opening again`() async throws {
    let documents = makeDocuments(120)
    let first = try SQLiteTraceStore(directory: scratch.path, options: .small)
    #expect(try await first.put(documents + documents, by: 240).count == 240)
    for size in [1, 30, 120] {
      #expect(try await first.put(documents, by: size) == [SegmentOutcome](repeating: .stored, count: 120))
    }
    try await first.close()
    let second = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await second.put(documents)
    #expect(try await second.allDocuments() == documents)
    #expect(try await second.statistics().documents == 120)
    #expect(try await second.check().isIntact)
  }

  @Test func `is stored once in a trace that never ends`() async throws {
    let random = RandomSource(seed: 12)
    let trace = random.traceID(at: epoch)
    let documents = (0..<400).map { _ in document(of: trace, id: random.entityID(), start: epoch) }
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents, by: 30)
    try await store.put(Array(documents[200...]), by: 30)
    #expect(try await store.allDocuments() == documents)
    #expect(try await store.traces([trace]) == documents.traces)
  }

  @Test func `is not confused with another one of the same checksum`() async throws {
    let documents = ["05ea2f13322884d0", "1d8f11e6301a4af7"].map { id in
      Array(
        """
        {"trace_id":"1-5f84c7a1-0123456789abcdef01234567","id":"\(id)","name":"collide","start_time":1602537377,\
        "end_time":1602537378}
        """.utf8)
    }
    #expect(Checksum(of: documents[0][...]).value == Checksum(of: documents[1][...]).value)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents, by: 1)
    try await store.put(makeDocuments(40))
    try await store.put(documents.reversed(), by: 2)
    #expect(try await store.statistics().documents == 42)
    #expect(try await Array(store.allDocuments()[..<2]) == documents)
  }
}
