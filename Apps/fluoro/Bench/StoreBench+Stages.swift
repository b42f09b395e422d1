import SegmentBlocks
import TraceColumns
import Traces
import XRayModel

extension StoreBench {
  /// What of the ingest can be done alone, one after the other; the rest is SQLite's, and what looks for documents
  /// that are there already.
  mutating func measureStages(_ documents: DocumentSet, _ whole: Ingestion) async throws {
    say("\(documents.name): taking the storing of \(documents.count) documents apart")
    let count = documents.count
    var costs: [Stage: [Double]] = [:]
    for _ in 0..<min(effort.runs, 3) {
      let watch = Stopwatch()
      try await documents.read(0..<count, by: 500) { _ in }
      var seconds = [Stage.reading: watch.cost.processorSeconds]
      try await documents.read(0..<count, by: Self.blockDocuments) { try Self.take($0, apart: &seconds) }
      for (stage, seconds) in seconds { costs[stage, default: []].append(seconds * 1e6 / Double(count)) }
    }
    let total = whole.cost.processorMicroseconds(per: count)
    let parts = Stage.allCases.map { (stage: $0, cost: costs[$0, default: []].median) }
    for (stage, cost) in parts { append(documents, stage.rawValue, cost) }
    append(documents, "SQLite and all the rest", total - parts.reduce(0) { $0 + $1.cost })
    append(documents, "put and close, as measured above", total)
  }

  private enum Stage: String, CaseIterable {
    case reading = "reading the file, making batches"
    case scanning = "scanning and validating (SegmentIndex)"
    case packing = "packing, reading back (SegmentBlock)"
    case summing = "compiling and summing up (Trace, SummarySegment)"
  }

  /// As many as the store has in a block.
  private static let blockDocuments = 4096

  private mutating func append(_ documents: DocumentSet, _ stage: String, _ cost: Double) {
    stages.append(.text(documents.name), .text(stage), .number(cost, places: 2))
  }

  private static func take(_ batch: DocumentBatch, apart seconds: inout [Stage: Double]) throws {
    func measure<Result>(_ stage: Stage, _ work: () throws -> Result) rethrows -> Result {
      let watch = Stopwatch()
      defer { seconds[stage, default: 0] += watch.cost.processorSeconds }
      return try work()
    }
    let ids = measure(.scanning) {
      (0..<batch.count).compactMap { number in
        (try? SegmentIndex(scanning: batch[number].span)).map { (trace: $0.traceID, number: number) }
      }
    }
    let traces = Dictionary(grouping: ids, by: \.trace).sorted { $0.key < $1.key }
    var accepted = DocumentBatch()
    for (_, number) in ids { accepted.append(batch[number]) }
    let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($0.element.number, $0.offset) })
    let order = traces.flatMap { $0.value.compactMap { places[$0.number] } }
    _ = try measure(.packing) { try SegmentBlock.encode(accepted, order: order) }
    _ = try measure(.summing) {
      let rows = traces.map { id, documents in
        SegmentRow(
          of: Trace(id: id, compiling: documents.compactMap { try? Entity(document: batch[$0.number].span) }))
      }
      return try SummarySegment(rows)
    }
  }
}
