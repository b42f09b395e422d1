import SQLiteStore
import Traces
import XRayModel

/// What it took to store documents, from opening a new store to its being closed.
struct Ingestion {
  var documents: Int
  var cost: Cost
  var fileBytes: Int
  /// `nil` where the kernel does not tell.
  var peakBytes: Int?
  var refused: Int
}

extension StoreBench {
  /// Leaves a closed store with the first `count` documents behind, and returns how it came about.
  @discardableResult
  mutating func measureIngest(_ documents: DocumentSet, _ count: Int) async throws -> Ingestion {
    var median: Ingestion?
    for size in [50, 500] {
      // Many documents are a median of their own, but for what the target is about.
      let runs = count < documents.count || size == 500 ? effort.runs : 1
      say("\(documents.name): storing \(count) documents by \(size)\(runs > 1 ? ", \(runs) times" : "")")
      var all: [Ingestion] = []
      for _ in 0..<runs { all.append(try await store(documents, count, by: size)) }
      let order = all.sorted { $0.cost.processorSeconds < $1.cost.processorSeconds }
      median = order[order.count / 2]
      let bytes = all.map { Double($0.fileBytes) }.median
      let peak = all.compactMap(\.peakBytes).max()
      ingest.append(
        .text(documents.name), .count(count), .count(size), .count(runs),
        .number(all.map { $0.cost.processorMicroseconds(per: count) }.median, places: 1),
        .number(all.map { $0.cost.wallMicroseconds(per: count) }.median, places: 1),
        .number(bytes / Double(count), places: 1),
        .number(Double(documents.bytes(ofFirst: count)) / bytes, places: 2),
        peak.map { .number(Double($0) / 1_048_576, places: 0) } ?? .missing("unknown"),
        .count(all.reduce(0) { $0 + $1.refused } / runs))
    }
    guard let median else { throw Failure.failed("nothing was stored") }
    return median
  }

  private func store(_ documents: DocumentSet, _ count: Int, by size: Int) async throws -> Ingestion {
    let directory = directory(count)
    TemporaryFolder.remove(directory)
    let memory = MemoryPeak()
    let watch = Stopwatch()
    let store = try SQLiteTraceStore(directory: directory)
    let refused = try await put(documents, 0..<count, by: size, into: store)
    try await store.close()
    return Ingestion(
      documents: count, cost: watch.cost, fileBytes: TemporaryFolder.bytes(in: directory),
      peakBytes: memory?.bytes, refused: refused)
  }

  /// Returns how many were refused.
  @discardableResult
  func put(
    _ documents: DocumentSet, _ range: Range<Int>, by size: Int, into store: SQLiteTraceStore
  ) async throws -> Int {
    var refused = 0
    try await documents.read(range, by: size) { batch in
      for outcome in try await store.put(batch) where outcome != .stored { refused += 1 }
    }
    return refused
  }
}
