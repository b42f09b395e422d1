import Testing
import Traces
import XRayModel

@testable import SQLiteStore

@Suite struct `A list of traces` {
  let scratch: Scratch
  let store: SQLiteTraceStore
  let documents = makeDocuments(300)

  init() async throws {
    scratch = try Scratch()
    store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
  }

  @Test(arguments: [1, 3, 10, 1000])
  func `comes newest first, in pages that hold each trace once`(limit: Int) async throws {
    #expect(try await store.allSummaries(by: limit).map(\.id) == documents.traces.map(\.id))
  }

  @Test func `holds the traces that began in a half-open range`() async throws {
    let traces = documents.traces
    let range = traces[30].start..<traces[10].start
    let expected = traces.filter { range.contains($0.start) }
    #expect(expected.first?.start != traces[10].start && expected.last?.start == traces[30].start)
    #expect(try await store.allSummaries(by: 7, in: range).map(\.id) == expected.map(\.id))
    #expect(try await store.serviceGraph(in: range) == ServiceGraph(of: expected))
    let nothing = try await store.summaries(TraceQuery(range: epoch..<epoch))
    #expect(nothing == TracePage(summaries: [], processedCount: 0, nextToken: nil))
  }

  @Test func `orders traces of one moment by id`() async throws {
    let random = RandomSource(seed: 4)
    let ids = (0..<9).map { _ in random.traceID(at: epoch) }
    let moment = epoch.advanced(by: .seconds(1000))
    try await store.put(ids.map { document(of: $0, id: random.entityID(), start: moment) })
    let found = try await store.allSummaries(by: 2, in: moment..<moment.advanced(by: .seconds(1)))
    #expect(found.map(\.id) == ids.sorted(by: >))
  }

  @Test func `refuses a token of another query, one that was altered and one that never was any`() async throws {
    let range = epoch..<epoch.advanced(by: .seconds(3600))
    let page = try await store.summaries(TraceQuery(range: range, limit: 5))
    let token = try #require(page.nextToken)
    var altered = Array(token)
    altered[20] = altered[20] == "0" ? "1" : "0"
    let queries = [
      TraceQuery(range: nil, limit: 5, token: token), TraceQuery(range: range, limit: 5, token: String(altered)),
      TraceQuery(range: range, limit: 5, token: ""),
      TraceQuery(range: range, limit: 5, token: "überhaupt nicht"),
      TraceQuery(range: range, limit: 5, token: token + "00"),
    ]
    for query in queries { await expectError(.badToken) { _ = try await store.summaries(query) } }
  }

  @Test func `goes on with pages of another size`() async throws {
    let all = try await store.summaries(TraceQuery(limit: 1000)).summaries.map(\.id)
    let first = try await store.summaries(TraceQuery(limit: 2))
    let rest = try await store.summaries(TraceQuery(limit: 1000, token: first.nextToken))
    #expect(first.summaries.map(\.id) + rest.summaries.map(\.id) == all)
  }

  @Test func `skips and repeats nothing while documents are put between its pages`() async throws {
    let before = documents.traces.map(\.id)
    let random = RandomSource(seed: 5)
    var found: [TraceID] = []
    var query = TraceQuery(limit: 4)
    repeat {
      let page = try await store.summaries(query)
      found += page.summaries.map(\.id)
      query.token = page.nextToken
      let later = epoch.advanced(by: .seconds(500 + found.count))
      try await store.put([
        document(of: random.traceID(at: later), id: random.entityID(), start: later),
        document(of: before[found.count % before.count], id: random.entityID(), start: later),
      ])
    } while query.token != nil
    #expect(found == before)
  }

  @Test func `moves a trace when an earlier document of it comes`() async throws {
    let traces = documents.traces
    let start = epoch.advanced(by: .seconds(-100))
    try await store.put([document(of: traces[0].id, id: EntityID(rawValue: 77), start: start)])
    let summaries = try await store.allSummaries()
    #expect(summaries.count == traces.count)
    #expect(summaries.last?.id == traces[0].id)
    #expect(summaries.last?.start == start)
  }
}
