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
    /// Programs that the store is compared with get no more documents than that.
    var peerDocuments = 200_000

    static let full = Effort(runs: 5, lookups: 1000, secondsPerMeasure: 5)
    static let quick = Effort(runs: 3, lookups: 300, secondsPerMeasure: 1)
  }

  let folder: String
  let effort: Effort
  let say: (String) -> Void
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
  var reads = BenchTable(
    "reads", "Reads",
    [
      "data": "data", "documents": "documents", "read": "read", "calls": "calls", "p50_ms": "p50 ms",
      "p99_ms": "p99 ms",
      "cpu_us_per_call": "CPU µs/call",
    ])
  var concurrent = BenchTable(
    "concurrent", "Reading while writing",
    [
      "data": "data", "alone_per_second": "docs/s alone", "read_beside_per_second": "docs/s beside a reader",
      "calls": "reads", "p50_ms": "read p50 ms", "p99_ms": "read p99 ms",
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

  init(folder: String, effort: Effort, say: @escaping (String) -> Void) {
    self.folder = folder
    self.effort = effort
    self.say = say
  }

  var tables: [BenchTable] { [data, ingest, stages, reads, concurrent, visible, peers] }

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
    try await measureStages(documents, whole)
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
      let isTooLong = documents.count > effort.peerDocuments
      let part = isTooLong ? try documents.prefix(effort.peerDocuments, in: folder) : documents
      all.append((part, whole, try quickPeers(part)))
    }
    say("waiting for zstd -19")
    let slow = try all.map { try Zstd(level: 19, $0.documents) }
    for (index, zstd) in slow.enumerated() {
      let peers = all[index].peers + [Peer(name: "zstd -19, the whole file", packed: try zstd?.finish())]
      compare(all[index].whole, of: all[index].documents, with: peers)
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
