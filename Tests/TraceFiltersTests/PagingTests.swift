import Testing
import TraceFilters
import Traces
import XRayModel

/// An engine that knows nothing of filters.
private struct ListStore: FilteringTraceStore {
  var list: [Trace]

  func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] { [] }
  func traces(_ ids: [TraceID]) async throws -> [Trace] { list.filter { ids.contains($0.id) } }

  func summaries(_ query: TraceQuery) async throws -> TracePage {
    let found = list.map { TraceSummary(of: $0) }.filter { query.range?.contains($0.start) ?? true }
      .sorted { ($0.start, $0.id) > ($1.start, $1.id) }
    return TracePage(summaries: found, processedCount: found.count, nextToken: nil)
  }

  func serviceGraph(in range: Range<Timestamp>?) async throws -> ServiceGraph { ServiceGraph(of: list) }
  func documents() -> AsyncThrowingStream<DocumentBatch, any Error> { AsyncThrowingStream { $0.finish() } }

  func statistics() async throws -> StoreStatistics {
    StoreStatistics(
      documents: 0, traces: list.count, documentBytes: 0, storedBytes: 0, received: 0, rejected: [:], tolerated: [:])
  }

  func removeTraces(lastSeenBefore moment: Timestamp) async throws -> Int { 0 }
  func close() async throws {}
}

@Suite struct `Pages of any engine's matches` {
  @Test func `follow one another, also where traces began together`() async throws {
    let random = RandomSource(seed: 60)
    let traces = (0..<50).map { number in
      let start = Timestamp(seconds: Int64(1_480_615_200 + number / 5))
      let id = random.traceID(at: start)
      var entity = Entity(.segment, id: random.entityID(), name: "web", traceID: id, start: start)
      entity.end = start
      entity.isFault = number % 3 == 0
      return Trace(id: id, compiling: [entity])
    }
    let store = ListStore(list: traces)
    let filter = try TraceFilter(FilterExpression(parsing: "fault"))
    let all = try await store.summaries(TraceQuery(limit: 100), matching: filter)
    #expect(all.summaries.count == 17 && all.nextToken == nil && !all.hasMore)
    var query = TraceQuery(limit: 4)
    var found: [TraceSummary] = []
    repeat {
      let page = try await store.summaries(query, matching: filter)
      #expect(page.summaries.count <= 4 && page.hasMore == (page.nextToken != nil))
      found += page.summaries
      query.token = page.nextToken
    } while query.token != nil
    #expect(found == all.summaries)
    await #expect(throws: FilterPageError(token: "x")) {
      try await store.summaries(TraceQuery(token: "x"), matching: filter)
    }
  }
}
