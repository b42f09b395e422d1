import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `Several users of one store` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `read complete states while one writes`() async throws {
    let documents = makeDocuments(600)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(Array(documents[..<100]))
    let beside = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await store.put(Array(documents[100...]), by: 20) }
      for reader in [store, beside] {
        group.addTask {
          for _ in 0..<8 {
            let found = try await reader.allDocuments()
            #expect(found.count >= 100 && found == Array(documents[..<found.count]))
            let ids = try await reader.summaries(TraceQuery(limit: 5)).summaries.map(\.id)
            #expect(try await reader.traces(ids).count == ids.count)
            _ = try await reader.serviceGraph(in: nil)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await beside.allDocuments() == documents)
    #expect(try await store.check().isIntact)
  }

  @Test func `put at the same time`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    let parts = (1...4).map { makeDocuments(100, seed: $0) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for part in parts { group.addTask { try await store.put(part, by: 9) } }
      try await group.waitForAll()
    }
    let found = try await store.allDocuments()
    #expect(found.count == 400)
    for part in parts { #expect(found.filter(Set(part).contains) == part) }
    #expect(try await store.check().isIntact)
  }

  @Test func `are told when another one writes already`() async throws {
    let first = try SQLiteTraceStore(directory: scratch.path)
    let error = await expectError(.busy) { _ = try SQLiteTraceStore(directory: scratch.path) }
    #expect(error?.path == scratch.file)
    try await first.close()
    let second = try SQLiteTraceStore(directory: scratch.path)
    try await second.put(makeDocuments(1))
  }

  @Test func `cannot write through a store that is open for reading`() async throws {
    try await SQLiteTraceStore(directory: scratch.path).put(makeDocuments(3))
    let store = try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    await expectError(.readOnly) { try await store.put(makeDocuments(1)) }
    await expectError(.readOnly) { try await store.removeTraces(lastSeenBefore: .upperBound) }
    #expect(try await store.allDocuments() == makeDocuments(3))
  }

  @Test func `are told that it was closed`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path)
    try await store.put(makeDocuments(3))
    try await store.close()
    try await store.close()
    await expectError(.closed) { try await store.put(makeDocuments(1)) }
    await expectError(.closed) { _ = try await store.summaries(TraceQuery()) }
    await expectError(.closed) { _ = try await store.allDocuments() }
  }
}

@Suite struct `Retention` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test func `forgets the traces last seen before a moment and nothing else`() async throws {
    let clock = VirtualClock(start: epoch)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small, clock: clock)
    let old = makeDocuments(150, seed: 1)
    let new = makeDocuments(150, seed: 2)
    let oldTraces = old.traces
    // Old and new share blocks; the new ones and one of the old ones are seen again later.
    for (old, new) in zip(old.batches(of: 3), new.batches(of: 3)) {
      _ = try await store.put(old)
      _ = try await store.put(new)
    }
    clock.advance(by: .seconds(3600))
    let again = (new.traces + [oldTraces[0]]).map { document(of: $0.id, id: EntityID(rawValue: 5), start: $0.start) }
    try await store.put(again)
    let kept = old.filter { (try? Entity(document: $0.span))?.traceID == oldTraces[0].id }
    let removed = try await store.removeTraces(lastSeenBefore: epoch.advanced(by: .seconds(1)))
    #expect(removed == 150 - kept.count)
    #expect(try await Set(store.allDocuments()) == Set(new + kept + again))
    #expect(try await store.allDocuments().count == 150 + kept.count + again.count)
    #expect(try await store.allSummaries() == (new + kept + again).traces.map(TraceSummary.init(of:)))
    #expect(try await store.traces(oldTraces.dropFirst().map(\.id)) == [])
    #expect(try await store.statistics().documents == 150 + kept.count + again.count)
    #expect(try await store.check().isIntact)
    try await store.put(old)
    #expect(try await store.statistics().documents == 300 + again.count)
  }

  @Test func `gives the space back`() async throws {
    let clock = VirtualClock(start: epoch)
    let store = try SQLiteTraceStore(directory: scratch.path, clock: clock)
    try await store.put(makeDocuments(1500), by: 500)
    let full = try await store.statistics().storedBytes
    clock.advance(by: .seconds(60))
    try await store.put(makeDocuments(10, seed: 2))
    #expect(try await store.removeTraces(lastSeenBefore: clock.now) == 1500)
    #expect(try await store.statistics().storedBytes < full / 4)
    #expect(try await store.removeTraces(lastSeenBefore: clock.now) == 0)
    #expect(try await store.allDocuments() == makeDocuments(10, seed: 2))
  }

  @Test func `goes on while documents are put`() async throws {
    let clock = VirtualClock(start: epoch)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small, clock: clock)
    try await store.put(makeDocuments(500))
    clock.advance(by: .seconds(60))
    let new = makeDocuments(200, seed: 2)
    async let put = store.put(new, by: 5)
    let removed = try await store.removeTraces(lastSeenBefore: clock.now)
    _ = try await put
    #expect(removed == 500)
    #expect(try await store.allDocuments() == new)
    #expect(try await store.check().isIntact)
  }
}
