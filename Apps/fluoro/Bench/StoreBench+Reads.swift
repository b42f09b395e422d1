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

  /// Puts 50 documents at a time and reads the last one's trace until it is there.
  mutating func measureVisibility(
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
    targets.judge(.visible, documents.name, range.lowerBound, samples.maximum * 1e3)
  }

  private func holds(_ index: SegmentIndex, _ store: SQLiteTraceStore) async throws -> Bool {
    var isThere = false
    for trace in try await store.traces([index.traceID]) {
      for segment in trace.segments { segment.forEach { if $0.id == index.id { isThere = true } } }
    }
    return isThere
  }
}

/// Fails when the trace is not there.
func find(_ id: TraceID, in store: SQLiteTraceStore) async throws {
  guard try await store.traces([id]).count == 1 else { throw Failure.failed("the store does not find trace \(id)") }
}
