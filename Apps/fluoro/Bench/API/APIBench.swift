import Glibc
import TraceReports
import XRayModel

/// Measures `fluoro serve`, and other servers of X-Ray's API beside it.
struct APIBench {
  /// How much is measured.
  struct Effort {
    /// That are put in a run.
    var documents: Int
    var putRuns: Int
    var starts: Int
    /// Of five traces each.
    var lookups: Int
    /// Of each filter.
    var pages: Int
    /// That other servers get, and Fluoro's beside them.
    var besideDocuments: Int

    static let full = Effort(
      documents: 100_000, putRuns: 3, starts: 9, lookups: 1000, pages: 30, besideDocuments: 5000)
    static let quick = Effort(documents: 5000, putRuns: 1, starts: 3, lookups: 500, pages: 10, besideDocuments: 1000)
  }

  let folder: String
  let own: TestedServer
  let peers: [TestedServer]
  let effort: Effort
  let seed: UInt64
  let say: (String) -> Void

  var targets = APITargets()
  var puts = BenchTable(
    "puts", "PutTraceSegments, 50 documents to a call",
    [
      "connections": "connections", "run": "run", "documents": "documents", "per_cpu_second": "docs/CPU s",
      "cpu_us": "CPU µs/doc", "cpu_us_at_end": "of it after the last answer", "per_second": "docs/s",
      "p50_ms": "p50 ms", "p99_ms": "p99 ms", "peak_mb": "peak MB", "end_ms": "end ms", "exit": "exit",
    ])
  var ledger = BenchTable(
    "ledger", "What became of every document",
    [
      "connections": "connections", "run": "run", "sent": "sent", "unprocessed": "unprocessed",
      "metrics": "held, by /metrics", "stored": "in the store after the end", "unaccounted": "in no count",
    ])
  var calls = BenchTable(
    "calls", "Calls that read, one after the other",
    [
      "traces": "traces", "call": "call", "calls": "calls", "found": "found", "first_ms": "first ms",
      "p50_ms": "p50 ms", "p99_ms": "p99 ms", "cpu_ms": "CPU ms", "bytes": "bytes",
    ])
  var starts = BenchTable(
    "starts", "From the start of the process",
    [
      "store": "store", "documents": "documents", "runs": "runs", "ready_ms": "ready ms", "ready_ms_most": "at most",
      "answer_ms": "first answer ms", "cpu_ms": "CPU ms, with the end", "end_ms": "end ms",
    ])
  var memory = BenchTable(
    "memory", "Memory of the process",
    [
      "when": "when", "documents": "documents", "resident_mb": "resident MB", "private_mb": "private MB",
      "peak_mb": "peak MB",
    ])
  var beside = BenchTable(
    "beside", "The same calls, server by server",
    [
      "call": "call", "server": "server", "documents": "documents", "calls": "calls", "connections": "connections made",
      "cpu_us": "CPU µs/call", "p50_ms": "p50 ms", "p99_ms": "p99 ms", "bytes": "bytes", "cpu_ratio": "CPU ÷ ours",
      "p50_ratio": "p50 ÷ ours",
    ])

  init(
    folder: String, own: TestedServer, peers: [TestedServer], effort: Effort, seed: UInt64,
    say: @escaping (String) -> Void
  ) {
    self.folder = folder
    self.own = own
    self.peers = peers
    self.effort = effort
    self.seed = seed
    self.say = say
  }

  var tables: [BenchTable] { [targets.table, puts, ledger, calls, starts, memory, beside] }

  var log: String { "\(folder)/log" }

  /// Documents of a call, as X-Ray allows and its daemon sends.
  static let batch = 50

  /// Calls that put made-up documents, and the ids of their traces.
  func putCalls(_ count: Int) throws -> (calls: [APICall], ids: [TraceID]) {
    var traffic = SyntheticTraffic(random: RandomSource(seed: seed))
    var calls: [APICall] = []
    var ids: Set<TraceID> = []
    for first in stride(from: 0, to: count, by: Self.batch) {
      let documents = (first..<min(first + Self.batch, count)).map { _ in traffic.next() }
      for document in documents { ids.insert(try SegmentIndex(scanning: document.span).traceID) }
      calls.append(.putTraceSegments(documents[...]))
    }
    return (calls, ids.sorted { ($0.epoch, $0.high, $0.low) < ($1.epoch, $1.high, $1.low) })
  }

  mutating func noteMemory(_ when: String, documents: Int, _ process: MeasuredProcess?) {
    guard let memory = process?.memory else { return }
    self.memory.append(
      .text(when), .count(documents), .number(memory.residentBytes / 1e6, places: 1),
      .number(memory.privateBytes / 1e6, places: 1), .number(memory.peakBytes / 1e6, places: 1))
  }
}

extension Samples {
  /// In milliseconds; missing where there are too few to tell.
  mutating func cell(_ share: Double, least: Int = 1) -> BenchTable.Cell {
    count < least ? .missing("") : .number(percentile(share) * 1e3, places: 3)
  }
}
