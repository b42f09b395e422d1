import GRDB
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A damaged store` {
  let scratch: Scratch
  /// The last three stay in `open`.
  let documents = makeDocuments(99)
  /// The traces that the documents make.
  let traces: [Trace]
  /// The store as it was written.
  let file: [UInt8]

  init() async throws {
    scratch = try Scratch()
    traces = documents.traces
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    try await store.close()
    file = try scratch.bytes()
  }

  @Test(arguments: 0..<10)
  func `never serves anything but what was written, whichever bit is flipped`(part: Int) async throws {
    let random = RandomSource(seed: UInt64(100 + part))
    var undetected = 0
    for _ in 0..<12 {
      let bit = Int(random.next() % UInt64(file.count * 8))
      var bytes = file
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      try scratch.write(bytes)
      do {
        let store = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
        let isComplete = try await read(store)
        let isIntact = try await store.check().isIntact
        #expect(isComplete || !isIntact)
        if isIntact { undetected += 1 }
      } catch is StoreError {}
    }
    // What is not noticed lies in bytes that hold nothing.
    #expect(undetected < 12)
  }

  /// Reads everything and compares; `false` when something was reported as damaged.
  private func read(_ store: SQLiteTraceStore) async throws -> Bool {
    var isComplete = true
    for trace in traces {
      do throws(any Error) {
        #expect(try await store.traces([trace.id]) == [trace])
      } catch let error as StoreError {
        #expect(error.reason == .damaged)
        isComplete = false
      }
    }
    let expected = Dictionary(uniqueKeysWithValues: traces.map { ($0.id, TraceSummary(of: $0)) })
    do {
      let summaries = try await store.allSummaries(by: 7)
      for summary in summaries { #expect(summary == expected[summary.id]) }
      if summaries.count < traces.count { isComplete = false }
    } catch let error as StoreError {
      #expect(error.reason == .damaged)
      isComplete = false
    }
    var rest = documents[...]
    do {
      for try await batch in store.documents() {
        for position in 0..<batch.count {
          // In order, with gaps where blocks are lost.
          let place = rest.firstIndex(of: Array(batch[position]))
          #expect(place != nil)
          if let place { rest = rest[(place + 1)...] }
        }
      }
    } catch let error as StoreError {
      #expect(error.reason == .damaged)
      isComplete = false
    }
    return isComplete
  }

  @Test func `is read on around a damaged block, which it names`() async throws {
    try alter("UPDATE block SET body = zeroblob(length(body)) WHERE id = 32")
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    let lost = Set(documents[32..<48].map { (try? Entity(document: $0.span))?.traceID })
    for trace in traces {
      if lost.contains(trace.id) {
        let error = await expectError(.damaged) { _ = try await store.traces([trace.id]) }
        #expect(error?.place == "block 32")
      } else {
        #expect(try await store.traces([trace.id]) == [trace])
      }
    }
    let intact = traces.filter { !lost.contains($0.id) }
    // Summaries and the graph are kept apart from the documents.
    #expect(try await store.allSummaries(by: 5) == traces.map(TraceSummary.init(of:)))
    #expect(try await store.serviceGraph(in: nil) == ServiceGraph(of: traces))
    var delivered: [[UInt8]] = []
    let error = await expectError(.damaged) {
      for try await batch in store.documents() { delivered += (0..<batch.count).map { Array(batch[$0]) } }
    }
    #expect(error?.place == "block 32")
    #expect(delivered == Array(documents[..<32] + documents[48...]))
    let check = try await store.check()
    #expect(check.damage.map(\.place) == ["block 32"])
    #expect(Set(check.damagedTraces) == Set(lost.compactMap(\.self)))
    #expect(check.traces == intact.count)
    // It goes on taking documents.
    let more = makeDocuments(40, seed: 3)
    try await store.put(more + documents)
    #expect(try await store.traces(more.traces.map(\.id)) == more.traces)
    // What nobody can read is kept for a check to find.
    try await store.removeTraces(lastSeenBefore: .upperBound)
    #expect(try await store.check().damage.map(\.place).contains("block 32"))
  }

  @Test(arguments: [
    "DELETE FROM block WHERE id = 16", "DELETE FROM open", "UPDATE open SET body = zeroblob(length(body))",
    "UPDATE open SET seen = seen + 1", "UPDATE open SET body_checksum = 7",
    "DELETE FROM traces", "DELETE FROM traces WHERE block = 16",
    "UPDATE traces SET entries = zeroblob(length(entries))",
    "UPDATE traces SET filter = zeroblob(length(filter))", "UPDATE traces SET block = block + 1",
    "UPDATE traces SET entries = substr(entries, 1, length(entries) - 1)", "UPDATE traces SET arrivals = x'80'",
    "DELETE FROM summaries", "UPDATE summaries SET block = block + 1",
    "UPDATE summaries SET zone = zeroblob(length(zone))",
    "UPDATE summaries SET body = substr(body, 1, length(body) - 1)", "UPDATE summaries SET checksum = 0",
    "UPDATE hidden SET traces = zeroblob(length(traces))", "DELETE FROM hidden",
    "UPDATE block SET id = id + 1",
    "UPDATE totals SET documents = 7", "UPDATE block SET documents = 9000000000000",
    "UPDATE block SET body = substr(body, 1, length(body) - 1)", "UPDATE open SET entries = substr(entries, 21)",
  ])
  func `is noticed whatever was altered`(sql: String) async throws {
    try alter(sql)
    for options in [SQLiteTraceStore.Options.readOnly, .small] {
      do {
        let store = try SQLiteTraceStore(directory: scratch.path, options: options)
        _ = try await read(store)
        #expect(try await !store.check().isIntact)
        try await store.close()
      } catch let error as StoreError {
        #expect(error.reason == .damaged)
      }
    }
  }

  @Test func `says where it ends when its end is missing, and is read up to there`() async throws {
    for pages in [2, 5, 7, file.count / 4096 - 3] {
      try scratch.write(Array(file[..<(pages * 4096 + 100)]))
      let error = await expectError(.damaged) { _ = try SQLiteTraceStore(directory: scratch.path) }
      #expect(error?.place == "byte \(pages * 4096 + 100)")
      do {
        let store = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
        _ = try await read(store)
        #expect(try await !store.check().isIntact)
      } catch let error as StoreError {
        #expect(error.reason == .damaged)
      }
    }
    try scratch.write(Array(file[..<(file.count - 4096 * 3)]))
    let store = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    let check = try await store.check()
    #expect(check.documents > 0 && !check.isIntact)
  }

  @Test func `loses no more of a block than the part that is damaged`() async throws {
    let scratch = try Scratch()
    var options = SQLiteTraceStore.Options()
    options.blockDocuments = 400
    let documents = makeDocuments(400, seed: 6)
    let store = try SQLiteTraceStore(directory: scratch.path, options: options)
    try await store.put(documents)
    try await store.close()
    // In the last part of the block.
    let queue = try DatabaseQueue(path: scratch.file)
    try await queue.write {
      try $0.execute(sql: "UPDATE block SET body = CAST(substr(body, 1, length(body) - 9) || zeroblob(9) AS BLOB)")
    }
    try queue.close()
    let damaged = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    var lost: Set<TraceID> = []
    for trace in documents.traces {
      do throws(any Error) {
        #expect(try await damaged.traces([trace.id]) == [trace])
      } catch let error as StoreError {
        #expect(error.reason == .damaged && error.place == "block 0")
        lost.insert(trace.id)
      }
    }
    #expect(!lost.isEmpty && lost.count < documents.traces.count / 2)
    let kept = documents.filter { !lost.contains((try? Entity(document: $0.span))?.traceID ?? .notSampled) }
    var delivered: [[UInt8]] = []
    await expectError(.damaged) {
      for try await batch in damaged.documents() { delivered += (0..<batch.count).map { Array(batch[$0]) } }
    }
    #expect(delivered == kept)
    #expect(try await damaged.allSummaries() == documents.traces.map(TraceSummary.init(of:)))
    #expect(try await Set(damaged.check().damagedTraces) == lost)
  }

  private func alter(_ sql: String) throws {
    let queue = try DatabaseQueue(path: scratch.file)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }
}
