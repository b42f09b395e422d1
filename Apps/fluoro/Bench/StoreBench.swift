import SQLiteStore
import Traces
import XRayModel

/// Measures the embedded store through its public interface, on one set of documents after the other.
struct StoreBench {
  /// How much is done for a figure.
  struct Effort {
    /// Of which the median is told.
    var runs: Int
    /// Calls of which percentiles are told.
    var lookups: Int
    /// When a measure is ended although it has fewer calls.
    var secondsPerMeasure: Double
    /// Batches whose latency is measured beside retention.
    var pacedBatches: Int
    /// Documents for programs that take milliseconds for each.
    var slowPeerDocuments: Int

    static let full = Effort(
      runs: 5, lookups: 1000, secondsPerMeasure: 5, pacedBatches: 400, slowPeerDocuments: 1000)
    static let quick = Effort(
      runs: 3, lookups: 300, secondsPerMeasure: 1, pacedBatches: 100, slowPeerDocuments: 100)
  }

  let folder: String
  let effort: Effort
  let seed: UInt64
  let say: (String) -> Void
  var targets = Targets()
  private(set) var data = BenchTable(
    "data", "Data",
    [
      "data": "data", "documents": "documents", "traces": "traces", "bytes_per_document": "bytes/doc",
      "documents_per_trace": "docs/trace",
    ])
  var ingest = BenchTable(
    "ingest", "Ingest",
    [
      "data": "data", "documents": "documents", "batch": "batch", "runs": "runs", "cpu_us_per_document": "CPU µs/doc",
      "wall_us_per_document": "wall µs/doc", "bytes_per_document": "file bytes/doc", "ratio": "raw ÷ file",
      "peak_mebibytes": "peak MiB", "refused": "refused",
    ])
  var stages = BenchTable(
    "stages", "Stages of ingest, batches of 500",
    ["data": "data", "stage": "stage", "cpu_us_per_document": "CPU µs/doc"])
  var bytes = BenchTable(
    "bytes", "Where the bytes are",
    ["data": "data", "part": "part", "bytes_per_document": "bytes/doc", "share_percent": "% of the file"])
  var reads = BenchTable(
    "reads", "Reads",
    [
      "data": "data", "documents": "documents", "read": "read", "calls": "calls", "p50_ms": "p50 ms",
      "p99_ms": "p99 ms",
      "cpu_us_per_call": "CPU µs/call",
    ])
  var growth = BenchTable(
    "growth", "As the store grows",
    [
      "ids": "trace ids", "documents": "documents", "traces": "traces", "cpu_us_per_document": "CPU µs/doc, the last",
      "bytes_per_document": "file bytes/doc", "peak_mebibytes": "peak MiB", "p50_ms": "trace p50 ms",
      "p99_ms": "trace p99 ms", "newest_ms": "newest 100 ms",
    ])
  var queries = BenchTable(
    "queries", "Filters and graphs",
    [
      "documents": "documents", "traces": "traces", "query": "query", "found": "found", "first_ms": "first ms",
      "calls": "calls", "p50_ms": "then p50 ms", "cpu_us_per_call": "CPU µs/call",
    ])
  var concurrent = BenchTable(
    "concurrent", "Reading while writing",
    [
      "data": "data", "beside": "beside the writer", "documents_per_second": "docs/s", "calls": "reads",
      "p50_ms": "read p50 ms", "p99_ms": "read p99 ms",
    ])
  var retention = BenchTable(
    "retention", "Batches of 100, one every 10 ms",
    [
      "beside": "beside them", "batches": "batches", "p50_ms": "put p50 ms", "p99_ms": "put p99 ms", "max_ms": "max ms",
      "removed": "documents removed",
    ])
  var visible = BenchTable(
    "visible", "From the return of put to the document in its trace",
    [
      "data": "data", "batches": "batches", "p50_ms": "p50 ms", "p99_ms": "p99 ms", "max_ms": "max ms",
      "not_at_first_read": "not at first read",
    ])
  var peers = BenchTable(
    "peers", "The same documents, otherwise",
    [
      "data": "data", "what": "what", "documents": "documents", "cpu_us_per_document": "CPU µs/doc",
      "bytes_per_document": "bytes/doc", "ratio": "raw ÷ bytes", "store_share": "store ÷ it",
    ])

  init(folder: String, effort: Effort, seed: UInt64, say: @escaping (String) -> Void) {
    self.folder = folder
    self.effort = effort
    self.seed = seed
    self.say = say
  }

  var tables: [BenchTable] {
    [targets.table, data, ingest, stages, bytes, reads, growth, queries, concurrent, retention, visible, peers]
  }

  mutating func measure(_ documents: DocumentSet) async throws {
    let bytes = documents.bytes(ofFirst: documents.count)
    data.append(
      .text(documents.name), .count(documents.count), .count(documents.traces.count),
      .number(Double(bytes) / Double(documents.count), places: 0),
      .number(Double(documents.count) / Double(max(documents.traces.count, 1)), places: 2))
    let few = max(documents.count / 10, 1)
    try await measureIngest(documents, few)
    try await measureReads(documents, few)
    try await measureConcurrently(documents, after: few)
    let whole = try await measureIngest(documents, documents.count)
    targets.judge(
      .ingest, documents.name, documents.count, whole.cost.processorMicroseconds(per: documents.count))
    try await measureStages(documents, whole)
    try measureBytes(documents, whole)
    try await measureReads(documents, documents.count)
    finished.append((documents, whole))
  }

  /// Each set with the store that took all of it.
  private var finished: [(documents: DocumentSet, whole: Ingestion)] = []

  /// Comes last, since the slowest of them run beside each other.
  mutating func comparePeers() async throws {
    var all: [(documents: DocumentSet, whole: Ingestion, peers: [Peer])] = []
    for (documents, whole) in finished {
      say("\(documents.name): comparing with zlib, zstd and SQLite")
      all.append((documents, whole, try quickPeers(documents)))
    }
    say("waiting for zstd -19")
    let slow = try all.map { try Zstd(level: 19, $0.documents) }
    for (index, zstd) in slow.enumerated() {
      let (documents, whole, peers) = all[index]
      let packed = try zstd?.finish()
      compare(whole, of: documents, with: peers + [Peer(name: "zstd -19, the whole file", packed: packed)])
      targets.judge(
        .size, documents.name, documents.count, packed.map { Double(whole.fileBytes) / Double($0.bytes) })
    }
  }

  /// Calls until there are enough samples, or the time is up.
  func sample(_ calls: Int, _ call: () async throws -> Void) async throws -> (samples: Samples, cost: Cost) {
    var samples = Samples()
    let watch = Stopwatch()
    repeat {
      let start = ContinuousClock.now
      try await call()
      samples.append(start.duration(to: .now) / .seconds(1))
    } while samples.count < calls && watch.cost.wallSeconds < effort.secondsPerMeasure
    return (samples, watch.cost)
  }

  func directory(_ count: Int) -> String { "\(folder)/store-\(count)" }
}
