import Foundation
import GRDB
import Testing
import Traces
import XRayModel

@testable import SQLiteStore

/// A directory that goes away with the test.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/fluoro-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var file: String { path + "/" + SQLiteTraceStore.fileName }

  func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) }

  func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: file)) }

  /// What would be left of a store if its process were killed now: its files as they are on disk.
  func copyOfFiles() throws -> Scratch {
    let copy = try Scratch()
    for suffix in ["", "-wal"] where FileManager.default.fileExists(atPath: file + suffix) {
      try FileManager.default.copyItem(atPath: file + suffix, toPath: copy.file + suffix)
    }
    return copy
  }
}

let epoch = Timestamp(seconds: Int64(1_700_000_000))

/// Documents as a small fleet sends them: `count` of them, over about a fifth as many traces.
func makeDocuments(_ count: Int, seed: UInt64 = 1) -> [[UInt8]] {
  let random = RandomSource(seed: seed)
  var traces: [(id: TraceID, start: Timestamp)] = []
  return (0..<count).map { position in
    if traces.isEmpty || random.next() % 5 == 0 {
      let start = epoch.advanced(by: .milliseconds(position * 10))
      traces.append((random.traceID(at: start), start))
    }
    let trace = traces[max(0, traces.count - 1 - Int(random.next() % 4))]
    return document(
      of: trace.id, id: random.entityID(), start: trace.start.advanced(by: .milliseconds(Int(random.next() % 1000))),
      name: "service-\(random.next() % 4)", note: random.requestID())
  }
}

func document(
  of trace: TraceID, id: EntityID, start: Timestamp, name: String = "orders", note: String = ""
) -> [UInt8] {
  let end = start.advanced(by: .milliseconds(120))
  return Array(
    """
    {"trace_id":"\(trace)","id":"\(id)","name":"\(name)","start_time":\(start),"end_time":\(end),\
    "http":{"request":{"method":"GET","url":"https://example.com/\(name)"},"response":{"status":200}},\
    "annotations":{"note":"\(note)"},"metadata":{"default":{"text":"grüße\\n"}}}
    """.utf8)
}

extension [[UInt8]] {
  /// In batches of `size`.
  func batches(of size: Int) -> [DocumentBatch] {
    stride(from: 0, to: count, by: size).map { DocumentBatch(self[$0..<Swift.min($0 + size, count)]) }
  }

  /// The traces that these documents make, in falling order of start and id.
  var traces: [Trace] {
    let entities = compactMap { try? Entity(document: $0.span) }
    return Dictionary(grouping: entities) { $0.traceID ?? .notSampled }
      .map { Trace(id: $0.key, compiling: $0.value) }
      .sorted { ($0.start, $0.id) > ($1.start, $1.id) }
  }
}

extension SQLiteTraceStore.Options {
  /// Small blocks, so that few documents make many.
  static var small: Self {
    var options = Self()
    options.blockDocuments = 16
    return options
  }

  static var readOnly: Self { Self(isReadOnly: true) }
}

extension SQLiteTraceStore {
  @discardableResult
  func put(_ documents: [[UInt8]], by size: Int = 50) async throws -> [SegmentOutcome] {
    var outcomes: [SegmentOutcome] = []
    for batch in documents.batches(of: size) { outcomes += try await put(batch) }
    return outcomes
  }

  func allDocuments() async throws -> [[UInt8]] {
    var documents: [[UInt8]] = []
    for try await batch in self.documents() { documents += (0..<batch.count).map { Array(batch[$0]) } }
    return documents
  }

  func allSummaries(by limit: Int = 1000, in range: Range<Timestamp>? = nil) async throws -> [TraceSummary] {
    var summaries: [TraceSummary] = []
    var query = TraceQuery(range: range, limit: limit)
    repeat {
      let page = try await self.summaries(query)
      summaries += page.summaries
      query.token = page.nextToken
    } while query.token != nil
    return summaries
  }
}

/// Expects `body` to throw a ``StoreError`` with this reason, and gives it back.
@discardableResult
func expectError(
  _ reason: StoreError.Reason, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> StoreError? {
  do {
    try await body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch {
    let found = error as? StoreError
    #expect(found?.reason == reason, "\(error)", sourceLocation: sourceLocation)
    return found
  }
  return nil
}
