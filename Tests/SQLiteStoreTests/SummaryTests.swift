import Testing
import TraceFilters
import Traces
import XRayModel

@testable import SQLiteStore

/// Documents whose traces begin in one block and go on in others, some of them much later.
private func scatteredDocuments(_ count: Int, seed: UInt64) -> [[UInt8]] {
  let random = RandomSource(seed: seed)
  var documents = makeDocuments(count, seed: seed)
  for _ in 0..<count / 4 {
    let (a, b) = (Int(random.next() % UInt64(count)), Int(random.next() % UInt64(count)))
    documents.swapAt(a, b)
  }
  return documents
}

@Suite struct `Summaries of traces whose documents lie in many blocks` {
  let scratch: Scratch
  init() throws { scratch = try Scratch() }

  @Test(arguments: 1...6)
  func `are those of the whole traces at every moment`(seed: UInt64) async throws {
    let documents = scatteredDocuments(400, seed: seed)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    let beside = try await {
      try await store.put(Array(documents[..<1]))
      return try SQLiteTraceStore(directory: scratch.path, options: .readOnly)
    }()
    var put = 1
    let random = RandomSource(seed: seed)
    while put < documents.count {
      let next = min(documents.count, put + 1 + Int(random.next() % 60))
      try await store.put(Array(documents[put..<next]), by: 25)
      put = next
      let traces = Array(documents[..<put]).traces
      for reader in [store, beside] {
        #expect(try await reader.allSummaries(by: 13) == traces.map(TraceSummary.init(of:)))
        #expect(try await reader.serviceGraph(in: nil) == ServiceGraph(of: traces))
      }
    }
    #expect(try await store.check().isIntact)
    #expect(try await store.statistics().traces == documents.traces.count)
  }

  @Test func `are found by filters, page by page`() async throws {
    let documents = scatteredDocuments(500, seed: 7)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let traces = documents.traces
    for text in [
      "service(\"service-2\")", "duration > 0.5 AND !service(\"service-1\")", "http.url CONTAINS \"service-3\"",
      "service(\"service-0\") { ok }", "edge(\"service-0\", \"service-1\")", "annotation.note BEGINSWITH \"a\"",
    ] {
      let filter = try TraceFilter(FilterExpression(parsing: text))
      let expected = traces.filter { filter.matches($0) }
      var found: [TraceID] = []
      var query = TraceQuery(limit: 4)
      repeat {
        let page = try await store.summaries(query, matching: filter)
        #expect(page.summaries.count <= 4 && page.hasMore == (page.nextToken != nil))
        found += page.summaries.map(\.id)
        query.token = page.nextToken
      } while query.token != nil
      #expect(found == expected.map(\.id), "\(text)")
      #expect(try await store.serviceGraph(in: nil, matching: filter) == ServiceGraph(of: expected), "\(text)")
    }
  }

  @Test func `have tokens that belong to their filter`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(makeDocuments(200))
    let filters = try ["duration >= 0", "duration > 0"].map { try TraceFilter(FilterExpression(parsing: $0)) }
    let token = try #require(try await store.summaries(TraceQuery(limit: 3), matching: filters[0]).nextToken)
    let query = TraceQuery(limit: 3, token: token)
    #expect(try await store.summaries(query, matching: filters[0]).summaries.count == 3)
    await expectError(.badToken) { _ = try await store.summaries(query, matching: filters[1]) }
    await expectError(.badToken) { _ = try await store.summaries(query) }
  }

  @Test func `make the graph of a range, whether blocks lie in it whole or not`() async throws {
    let documents = scatteredDocuments(600, seed: 9)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let traces = documents.traces
    for (last, first) in [(0, traces.count - 1), (10, 40), (3, 90), (20, 21)] {
      let range = traces[first].start..<traces[last].start
      let expected = ServiceGraph(of: traces.filter { range.contains($0.start) })
      #expect(try await store.serviceGraph(in: range) == expected)
    }
  }
}

@Suite struct `A graph of many blocks` {
  @Test func `is that of its traces, for any range, from sums and from rows`() async throws {
    let scratch = try Scratch()
    let random = RandomSource(seed: 17)
    // A trace every second or two, of documents that come at once: hours, in groups of blocks that are summed up.
    let documents = (0..<900).map { position in
      let start = epoch.advanced(by: .milliseconds(position * 1700))
      return document(
        of: random.traceID(at: start), id: random.entityID(), start: start, name: "service-\(position % 5)")
    }
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let traces = documents.traces
    func moment(_ seconds: Int) -> Timestamp { epoch.advanced(by: .seconds(seconds)) }
    // 1,700,000,000 is 20 seconds after a minute began.
    for (first, last) in [(-20, 1600), (40, 700), (41, 700), (40, 701), (100, 160), (3, 1200), (400, 400)] {
      let range = moment(first)..<moment(last)
      for _ in 0..<2 {
        let expected = ServiceGraph(of: traces.filter { range.contains($0.start) })
        #expect(try await store.serviceGraph(in: range) == expected, "\(first)..<\(last)")
      }
    }
    try await store.put([document(of: traces[500].id, id: EntityID(rawValue: 9), start: moment(10))])
    let updated = (documents + [document(of: traces[500].id, id: EntityID(rawValue: 9), start: moment(10))]).traces
    #expect(try await store.serviceGraph(in: nil) == ServiceGraph(of: updated))
    let range = moment(40)..<moment(700)
    let expected = ServiceGraph(of: updated.filter { range.contains($0.start) })
    #expect(try await store.serviceGraph(in: range) == expected)
  }
}

@Suite struct `Traces whose ids do not begin with the time` {
  @Test func `are kept and found like others`() async throws {
    let scratch = try Scratch()
    let random = RandomSource(seed: 21)
    let documents = (0..<500).map { position in
      let id = TraceID(
        epoch: UInt32(truncatingIfNeeded: random.next()), high: UInt32(truncatingIfNeeded: random.next()),
        low: random.next())
      return document(of: id, id: random.entityID(), start: epoch.advanced(by: .milliseconds(position)))
    }
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    try await store.put(documents)
    #expect(try await store.allDocuments() == documents)
    #expect(try await store.traces(documents.traces.map(\.id)) == documents.traces)
    #expect(try await store.allSummaries(by: 50) == documents.traces.map(TraceSummary.init(of:)))
  }
}

@Suite struct `A filter of ids` {
  @Test func `holds every id that it was made of, and hardly any other`() {
    let random = RandomSource(seed: 3)
    let ids = (0..<3000).map { _ in random.traceID(at: epoch) }
    let filter = IDFilter(ids)
    #expect(ids.allSatisfy(filter.mayHold))
    let others = (0..<200_000).count { _ in filter.mayHold(random.traceID(at: epoch)) }
    #expect(others < 60)
    let read = IDFilter(bytes: filter.bytes)
    #expect(read?.words == filter.words)
    #expect(IDFilter(bytes: [1, 2, 3]) == nil && IDFilter(bytes: [UInt8]()) == nil)
    #expect(!IDFilter([]).mayHold(ids[0]))
  }
}

@Suite struct `Compaction` {
  @Test func `makes one block of small neighbours and changes nothing else`() async throws {
    let scratch = try Scratch()
    let documents = scatteredDocuments(300, seed: 4)
    for part in stride(from: 0, to: 300, by: 10) {
      let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
      try await store.put(Array(documents[part..<part + 10]))
      try await store.close()
    }
    var options = SQLiteTraceStore.Options()
    options.blockDocuments = 100
    let store = try SQLiteTraceStore(directory: scratch.path, options: options)
    let before = try await store.check()
    #expect(before.isIntact && before.blocks > 10)
    try await store.compact()
    let after = try await store.check()
    #expect(after.isIntact && after.blocks <= 4)
    #expect(try await store.allDocuments() == documents)
    #expect(try await store.allSummaries() == documents.traces.map(TraceSummary.init(of:)))
    #expect(try await store.traces(documents.traces.map(\.id)) == documents.traces)
    #expect(try await store.serviceGraph(in: nil) == ServiceGraph(of: documents.traces))
    try await store.put(documents)
    #expect(try await store.statistics().documents == documents.count)
  }
}

@Suite struct `Retention by bytes` {
  @Test func `forgets what was last seen longest ago`() async throws {
    let scratch = try Scratch()
    let clock = VirtualClock(start: epoch)
    var options = SQLiteTraceStore.Options()
    options.blockDocuments = 200
    let store = try SQLiteTraceStore(directory: scratch.path, options: options, clock: clock)
    let documents = makeDocuments(3000)
    for batch in documents.batches(of: 50) {
      _ = try await store.put(batch)
      clock.advance(by: .seconds(1))
    }
    #expect(try await store.removeTraces(untilBytes: .max) == 0)
    let full = try await store.statistics().storedBytes
    #expect(try await store.removeTraces(untilBytes: full) == 0)
    let removed = try await store.removeTraces(untilBytes: full / 2)
    #expect(removed > 1000 && removed < 2500)
    #expect(try await store.statistics().storedBytes <= full / 2)
    // Whole traces go: what is left of the documents begins anywhere, and no trace is cut.
    let left = try await store.allDocuments()
    #expect(left.count == 3000 - removed && left.last == documents.last)
    let kept = Set(left.traces.map(\.id))
    #expect(documents.traces.filter { kept.contains($0.id) } == left.traces)
    #expect(try await store.check().isIntact)
  }
}

@Suite struct `What else a store answers` {
  let scratch: Scratch
  let documents = scatteredDocuments(400, seed: 11)
  init() throws { scratch = try Scratch() }

  @Test func `is a series over time of services or calls`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let traces = documents.traces
    let range = traces[60].start..<traces[5].start
    for text in ["", "service(\"service-1\")", "edge(\"service-0\", \"service-1\")"] {
      let selector = try #require(EntitySelector(FilterExpression(parsing: text)))
      let series = try await store.timeSeries(of: selector, period: 1, in: range)
      #expect(series.points == TimeSeries(of: traces, selector: selector, period: 1, range: range).points)
      #expect(text.hasPrefix("edge") || !series.points.isEmpty)
    }
  }

  @Test func `are the names that an expression can ask for`() async throws {
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    try await store.put(documents)
    let names = try await store.seenNames(in: nil)
    #expect(names.serviceNames == ["service-0", "service-1", "service-2", "service-3"])
    #expect(names.annotationKeys == ["note"])
    let expression = FilterExpression.completions(in: "service(\"", at: 10, names: names)
    #expect(!expression.choices.isEmpty)
    #expect(try await store.seenNames(in: epoch..<epoch).serviceNames == [])
  }

  @Test func `is a graph with the links between traces, wherever they lie`() async throws {
    let random = RandomSource(seed: 33)
    let store = try SQLiteTraceStore(directory: scratch.path, options: .small)
    var all = documents
    for position in stride(from: 3, to: documents.traces.count, by: 7) {
      let producer = documents.traces[position]
      let start = producer.start.advanced(by: .seconds(2))
      let consumer = """
        {"trace_id":"\(random.traceID(at: start))","id":"\(random.entityID())","name":"consumer","start_time":\(start),\
        "end_time":\(start.advanced(by: .milliseconds(5))),"links":[{"trace_id":"\(producer.id)",\
        "id":"\(producer.segments[0].id)","attributes":{"aws.xray.reserved.reference_type":"parent"}}]}
        """
      all.append(Array(consumer.utf8))
    }
    try await store.put(all)
    let graph = try await store.serviceGraph(in: nil)
    #expect(graph == ServiceGraph(of: all.traces))
    #expect(graph.services.contains { $0.edges.contains(where: \.isLink) })
    let filter = try TraceFilter(FilterExpression(parsing: "service(\"consumer\") OR service(\"service-0\")"))
    let matching = all.traces.filter { filter.matches($0) }
    #expect(try await store.serviceGraph(in: nil, matching: filter) == ServiceGraph(of: matching))
  }
}
