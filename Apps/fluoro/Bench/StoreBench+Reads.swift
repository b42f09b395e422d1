import SQLiteStore
import Traces
import XRayModel

extension StoreBench {
  /// Reads the store that the first `count` documents left behind, as often as it takes for percentiles.
  mutating func measureReads(_ documents: DocumentSet, _ count: Int) async throws {
    say("\(documents.name): reading from \(count) documents")
    let store = try SQLiteTraceStore(directory: directory(count), options: .init(isReadOnly: true))
    let ids = documents.traces(inFirst: count)
    let random = RandomSource(seed: 1)
    let lookup = { try await find(ids[Int(random.next() % UInt64(ids.count))], in: store) }
    // Once for nothing, so that it is warm.
    _ = try await sample(effort.lookups, lookup)
    try await append(documents, count, "trace by id", sample(effort.lookups, lookup))
    let page = { _ = try await store.summaries(TraceQuery(limit: 100)) }
    try await append(documents, count, "newest 100 summaries", sample(20, page))
    let graph = { _ = try await store.serviceGraph(in: nil) }
    try await append(documents, count, "service graph of all", sample(3, graph))
    try await store.close()
  }

  private mutating func append(
    _ documents: DocumentSet, _ count: Int, _ name: String, _ result: (samples: Samples, cost: Cost)
  ) {
    var samples = result.samples
    reads.append(
      .text(documents.name), .count(count), .text(name), .count(samples.count),
      .number(samples.percentile(0.5) * 1e3, places: 3),
      samples.count < 100 ? .missing("") : .number(samples.percentile(0.99) * 1e3, places: 3),
      .number(result.cost.processorMicroseconds(per: samples.count), places: 0))
  }

  /// Goes on writing to the store that the first `count` documents left behind: alone, then beside a task that reads
  /// as fast as it can, and then with a look at each batch.
  mutating func measureConcurrently(_ documents: DocumentSet, after count: Int) async throws {
    say("\(documents.name): reading while writing")
    let store = try SQLiteTraceStore(directory: directory(count))
    let part = documents.count * 7 / 20
    let ids = documents.traces(inFirst: count)
    var watch = Stopwatch()
    try await put(documents, count..<count + part, by: 500, into: store)
    let alone = Double(part) / watch.cost.wallSeconds
    watch = Stopwatch()
    var (samples, seconds) = try await readWhile(ids, in: store) {
      try await put(documents, count + part..<count + 2 * part, by: 500, into: store)
      return watch.cost.wallSeconds
    }
    concurrent.append(
      .text(documents.name), .number(alone, places: 0), .number(Double(part) / seconds, places: 0),
      .count(samples.count), .number(samples.percentile(0.5) * 1e3, places: 3),
      .number(samples.percentile(0.99) * 1e3, places: 3))
    try await measureVisibility(documents, count + 2 * part..<documents.count, in: store)
    try await store.close()
  }

  private func readWhile<Result: Sendable>(
    _ ids: [TraceID], in store: SQLiteTraceStore, _ write: () async throws -> Result
  ) async throws -> (samples: Samples, result: Result) {
    try await withThrowingTaskGroup(of: Samples.self) { group in
      group.addTask { try await Self.readUntilCancelled(ids, in: store) }
      let result = try await write()
      group.cancelAll()
      return (try await group.next() ?? Samples(), result)
    }
  }

  private static func readUntilCancelled(_ ids: [TraceID], in store: SQLiteTraceStore) async throws -> Samples {
    let random = RandomSource(seed: 2)
    var samples = Samples()
    while !Task.isCancelled {
      let start = ContinuousClock.now
      do {
        try await find(ids[Int(random.next() % UInt64(ids.count))], in: store)
      } catch {
        // A read that was broken off is none.
        if Task.isCancelled { break }
        throw error
      }
      samples.append(start.duration(to: .now) / .seconds(1))
    }
    return samples
  }

  /// Puts 50 documents at a time and reads the last one's trace until it is there.
  private mutating func measureVisibility(
    _ documents: DocumentSet, _ range: Range<Int>, in store: SQLiteTraceStore
  ) async throws {
    say("\(documents.name): looking for documents that were just put")
    var samples = Samples()
    var late = 0
    let end = min(range.upperBound, range.lowerBound + 200 * 50)
    try await documents.read(range.lowerBound..<end, by: 50) { batch in
      let outcomes = try await store.put(batch)
      let start = ContinuousClock.now
      guard outcomes.last == .stored else { return }
      let index = try SegmentIndex(scanning: batch[batch.count - 1].span)
      var attempts = 1
      while try await !holds(index, store) {
        attempts += 1
        guard start.duration(to: .now) < .seconds(10) else {
          throw Failure.failed("trace \(index.traceID) does not show a document that was put 10 s ago")
        }
      }
      samples.append(start.duration(to: .now) / .seconds(1))
      if attempts > 1 { late += 1 }
    }
    visible.append(
      .text(documents.name), .count(samples.count), .number(samples.percentile(0.5) * 1e3, places: 3),
      .number(samples.percentile(0.99) * 1e3, places: 3), .number(samples.maximum * 1e3, places: 3), .count(late))
  }

  private func holds(_ index: SegmentIndex, _ store: SQLiteTraceStore) async throws -> Bool {
    var isThere = false
    for trace in try await store.traces([index.traceID]) {
      for segment in trace.segments { segment.forEach { if $0.id == index.id { isThere = true } } }
    }
    return isThere
  }
}

private func find(_ id: TraceID, in store: SQLiteTraceStore) async throws {
  guard try await store.traces([id]).count == 1 else { throw Failure.failed("the store does not find trace \(id)") }
}
