import SQLiteStore
import TraceFilters
import Traces
import XRayModel

extension StoreBench {
  /// Goes on writing to the store that the first `count` documents left behind: alone, then beside tasks that read
  /// as fast as they can, and then with a look at each batch.
  mutating func measureConcurrently(_ documents: DocumentSet, after count: Int) async throws {
    let store = try SQLiteTraceStore(directory: directory(count))
    let part = documents.count * 9 / 50
    let ids = documents.traces(inFirst: count)
    let random = RandomSource(seed: 2)
    let filter = try TraceFilter(FilterExpression(parsing: "responsetime > 0.15 AND fault = true"))
    let readers: [(name: String, read: @Sendable () async throws -> Void)] = [
      ("nobody", {}), ("traces by id", { try await find(ids[Int(random.next() % UInt64(ids.count))], in: store) }),
      ("a filter with two predicates", { _ = try await store.summaries(TraceQuery(limit: 100), matching: filter) }),
      ("the service graph of all", { _ = try await store.serviceGraph(in: nil) }),
    ]
    var first = count
    for (name, read) in readers {
      say("\(documents.name): writing beside \(name)")
      let watch = Stopwatch()
      let range = first..<first + part
      let write = { [self] in
        try await put(documents, range, by: 500, into: store)
        return watch.cost.wallSeconds
      }
      var (samples, seconds) =
        first == count ? (Samples(), try await write()) : try await Self.doing(again: read, while: write)
      concurrent.append(
        .text(documents.name), .text(name), .number(Double(part) / seconds, places: 0), .count(samples.count),
        .number(samples.percentile(0.5) * 1e3, places: 3), .number(samples.percentile(0.99) * 1e3, places: 3))
      first += part
    }
    try await measureVisibility(documents, first..<documents.count, in: store)
    try await store.close()
  }

  /// Puts batches in a steady pace into a store that has some documents already, alone and beside retention that keeps
  /// taking away what is more than that.
  mutating func measureRetention() async throws {
    say("putting beside retention")
    let directory = "\(folder)/retention"
    defer { TemporaryFolder.remove(directory) }
    var source = DocumentSource(seed: seed &+ 1, hasRandomIDs: false, sampleSize: 1)
    let before = try SQLiteTraceStore(directory: directory)
    for _ in 0..<effort.pacedBatches { _ = try await before.put(try source.next(100)) }
    let documents = try await before.statistics().documents
    try await before.close()
    let limit = TemporaryFolder.bytes(in: directory)
    let store = try SQLiteTraceStore(directory: directory)
    for isBeside in [false, true] {
      let before = try await store.statistics().documents
      let put = { [self] in try await putPaced(&source, into: store) }
      var samples: Samples
      if isBeside {
        (_, samples) = try await Self.doing(
          again: {
            try await store.removeTraces(untilBytes: limit)
            try await Task.sleep(for: .milliseconds(50))
          }, while: put)
      } else {
        samples = try await put()
      }
      let removed = try await before + samples.count * 100 - store.statistics().documents
      retention.append(
        .text(isBeside ? "retention by bytes, again and again" : "nothing"), .count(samples.count),
        .number(samples.percentile(0.5) * 1e3, places: 3), .number(samples.percentile(0.99) * 1e3, places: 3),
        .number(samples.maximum * 1e3, places: 3), .count(removed))
      if isBeside { targets.judge(.retention, "synthetic", documents, samples.percentile(0.99) * 1e3) }
    }
    try await store.close()
  }

  private func putPaced(_ source: inout DocumentSource, into store: SQLiteTraceStore) async throws -> Samples {
    var samples = Samples()
    var next = ContinuousClock.now
    for _ in 0..<effort.pacedBatches {
      let batch = try source.next(100)
      next = max(next.advanced(by: .milliseconds(10)), .now)
      try await Task.sleep(until: next, clock: .continuous)
      let start = ContinuousClock.now
      _ = try await store.put(batch)
      samples.append(start.duration(to: .now) / .seconds(1))
    }
    return samples
  }

  /// Calls `read` again and again until `write` is done.
  private static func doing<Result>(
    again read: @escaping @Sendable () async throws -> Void, while write: () async throws -> Result
  ) async throws -> (samples: Samples, result: Result) {
    try await withThrowingTaskGroup(of: Samples.self) { group in
      group.addTask {
        var samples = Samples()
        while !Task.isCancelled {
          let start = ContinuousClock.now
          // A read that was broken off is none.
          do { try await read() } catch  where Task.isCancelled { break }
          samples.append(start.duration(to: .now) / .seconds(1))
        }
        return samples
      }
      let result = try await write()
      group.cancelAll()
      return (try await group.next() ?? Samples(), result)
    }
  }
}
