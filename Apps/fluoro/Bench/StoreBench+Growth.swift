import Glibc
import SQLiteStore
import TraceFilters
import Traces
import XRayModel

extension StoreBench {
  /// Sizes at which growing stores are measured. The third has a million traces.
  private static let sizes = [100_000, 1_000_000, 2_920_000, 5_000_000]
  /// At which trace ids that do not begin with the time are compared.
  private static let randomSizes = [100_000, 1_000_000]

  /// Fills stores of growing sizes, the largest with `count` documents, and reads from each.
  mutating func measureGrowth(to count: Int) async throws {
    var sizes = Self.sizes.filter { $0 <= count }
    if sizes.isEmpty { sizes = [count] }
    let last = sizes[sizes.count - 1]
    var costs: [Double] = []
    for size in sizes { costs.append(try await measureStore(of: size, hasRandomIDs: false, isLast: size == last)) }
    targets.judge(.growth, "synthetic", last, costs[costs.count - 1] / costs[0])
    for size in sizes where size == sizes[0] || Self.randomSizes.contains(size) {
      _ = try await measureStore(of: size, hasRandomIDs: true, isLast: false)
    }
  }

  /// Returns the microseconds that the last documents took, each.
  private mutating func measureStore(of size: Int, hasRandomIDs: Bool, isLast: Bool) async throws -> Double {
    let directory = "\(folder)/grown"
    defer { TemporaryFolder.remove(directory) }
    let kind = hasRandomIDs ? "random" : "by time"
    say("a store of \(size) documents, trace ids \(kind)")
    let grown = try Grown.make(
      in: directory, size, seed: seed, hasRandomIDs: hasRandomIDs, answer: "\(folder)/grown.json")
    let store = try SQLiteTraceStore(directory: directory, options: .init(isReadOnly: true))
    let random = RandomSource(seed: 1)
    let lookup = { try await find(grown.ids[Int(random.next() % UInt64(grown.ids.count))], in: store) }
    _ = try await sample(effort.lookups, lookup)
    var (traces, _) = try await sample(effort.lookups, lookup)
    let page = { _ = try await store.summaries(TraceQuery(limit: 100)) }
    _ = try await sample(2, page)
    var (newest, _) = try await sample(20, page)
    try await store.close()
    growth.append(
      .text(kind), .count(size), .count(grown.traces), .number(grown.microseconds, places: 1),
      .number(Double(grown.fileBytes) / Double(size), places: 1),
      grown.peakBytes.map { .number(Double($0) / 1_048_576, places: 0) } ?? .missing("unknown"),
      .number(traces.percentile(0.5) * 1e3, places: 3), .number(traces.percentile(0.99) * 1e3, places: 3),
      .number(newest.percentile(0.5) * 1e3, places: 3))
    if !hasRandomIDs {
      if isLast {
        targets.judge(.traceMedian, "synthetic", size, traces.percentile(0.5) * 1e3)
        targets.judge(.traceTail, "synthetic", size, traces.percentile(0.99) * 1e3)
        targets.judge(.memory, "synthetic", size, grown.peakBytes.map { Double($0) / 1_048_576 })
      }
      try await measureQueries(directory, size, grown.traces, isLast: isLast)
    }
    return grown.microseconds
  }

  // MARK: Filters and graphs

  private mutating func measureQueries(_ directory: String, _ size: Int, _ traces: Int, isLast: Bool) async throws {
    say("filters and graphs over \(traces) traces")
    let newest = try await newestStart(directory)
    let hour = newest.advanced(by: .seconds(-3600))..<newest.advanced(by: .seconds(1))
    // So rare that no page is full, and each block has slow traces: all has to be looked at.
    let fault = "responsetime > 0.15 AND fault = true"
    let queries: [(name: String, filter: String?, range: Range<Timestamp>?, target: Targets.Target?, isGraph: Bool)] = [
      (fault, fault, nil, .filter, false),
      ("annotation[tenant] = \"tenant-7\" AND responsetime > 0.1", "", nil, .annotation, false),
      ("rootcause.fault.service { name CONTAINS \"payment\" }", "", nil, nil, false),
      ("service(\"shop-cartList\") { fault = true }", "", nil, nil, false),
      ("graph of the last hour", nil, hour, .hour, true), ("graph of all", nil, nil, nil, true),
      ("graph of: \(fault)", fault, nil, .filteredGraph, true),
      ("graph of: responsetime > 0.3", "responsetime > 0.3", nil, nil, true),
    ]
    for query in queries {
      let text = query.filter.map { $0.isEmpty ? query.name : $0 }
      let filter = try text.map { try TraceFilter(FilterExpression(parsing: $0)) }
      let store = try SQLiteTraceStore(directory: directory, options: .init(isReadOnly: true))
      let found = Found()
      let ask = {
        if query.isGraph {
          let graph =
            if let filter { try await store.serviceGraph(in: query.range, matching: filter) } else {
              try await store.serviceGraph(in: query.range)
            }
          found.count = graph.services.count
        } else if let filter {
          found.count = try await store.summaries(TraceQuery(limit: 100), matching: filter).summaries.count
        }
      }
      let start = ContinuousClock.now
      try await ask()
      let first = start.duration(to: .now) / .seconds(1)
      var (samples, cost) = try await sample(20, ask)
      try await store.close()
      self.queries.append(
        .count(size), .count(traces), .text(query.name), .count(found.count), .number(first * 1e3, places: 2),
        .count(samples.count), .number(samples.percentile(0.5) * 1e3, places: 2),
        .number(cost.processorMicroseconds(per: samples.count), places: 0))
      if let target = query.target, isLast || size == target.least {
        targets.judge(target, "synthetic", size, cost.processorMicroseconds(per: samples.count) / 1e3)
      }
    }
  }

  private func newestStart(_ directory: String) async throws -> Timestamp {
    let store = try SQLiteTraceStore(directory: directory, options: .init(isReadOnly: true))
    let newest = try await store.summaries(TraceQuery(limit: 1)).summaries.first
    try await store.close()
    guard let newest else { throw Failure.failed("the store has no traces") }
    return newest.start
  }
}

/// How many the last call found.
private final class Found {
  var count = 0
}

/// A store that another process filled.
private struct Grown {
  var traces: Int
  var microseconds: Double
  var fileBytes: Int
  var peakBytes: Int?
  var ids: [TraceID]

  static func make(
    in directory: String, _ documents: Int, seed: UInt64, hasRandomIDs: Bool, answer: String
  ) throws -> Grown {
    let descriptor = open(answer, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.failed("cannot write \(answer): \(Console.systemError)") }
    defer { close(descriptor) }
    let arguments = ["bench", "grow", directory, "--documents", "\(documents)", "--seed", "\(seed)"]
    // This very program.
    let child = try ChildProcess(
      "/proc/self/exe", arguments + (hasRandomIDs ? ["--random-ids"] : []), output: descriptor)
    try child?.wait()
    let json = try JSONValue(parsing: systemText(answer))
    guard let traces = json["traces"]?.number?.integer, let bytes = json["file_bytes"]?.number?.integer,
      let microseconds = json["cpu_us_per_document"]?.number?.double,
      let ids = json["ids"]?.array?.compactMap({ $0.string.flatMap { TraceID($0) } }), !ids.isEmpty
    else { throw Failure.failed("the process that fills a store did not tell how it went") }
    return Grown(
      traces: Int(traces), microseconds: microseconds, fileBytes: Int(bytes),
      peakBytes: (json["peak_bytes"]?.number?.integer).map { Int($0) }, ids: ids)
  }
}
