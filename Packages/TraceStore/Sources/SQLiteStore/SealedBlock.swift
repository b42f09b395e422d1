import GRDB
import SegmentBlocks
import TraceColumns
import Traces
import XRayModel

/// All that is written when a block is sealed: documents, and what is known of their traces.
struct SealedBlock: Sendable {
  let body: BlockBody
  let traces: BlockTraces
  /// `nil` when there are more traces than a segment takes: then they are summed up whenever they are asked for.
  let summaries: BlockSummaries?
  let zone: SegmentZone?
  /// Traces of the block that cannot be summed up, for a part of them is damaged.
  let unreadable: [TraceID]
  /// Of earlier blocks: traces whose summaries are out of date from now on.
  let continued: [Int64: Set<TraceID>]
  /// Traces of which later blocks have fuller summaries; `nil` when the file knows.
  var elsewhere: Set<TraceID>?

  var id: Int64 { body.id }

  func catalogBlock(revision: Int64) -> CatalogBlock { CatalogBlock(traces, revision: revision, zone: zone) }

  /// - Parameter catalog: As it is before.
  func write(to db: Database, catalog: Catalog, revision: Int64, path: String) throws {
    try body.write(to: db)
    try traces.write(to: db, revision: revision)
    try summaries?.write(to: db)
    // A block that is written anew keeps what later ones have.
    let known = Set((try? HiddenTraces.of(id, in: db, path: path)) ?? []).intersection(traces.ids)
    try HiddenTraces.write((elsewhere ?? known).union(unreadable), of: id, to: db)
    // An earlier block may have been removed since it was looked at.
    for (block, traces) in continued where catalog.block(block) != nil {
      let hidden = (try? HiddenTraces.of(block, in: db, path: path)) ?? []
      try HiddenTraces.write(traces.union(hidden), of: block, to: db)
    }
  }

  static func remove(_ id: Int64, from db: Database) throws {
    try db.run("DELETE FROM block WHERE id = ?", [id])
    for table in ["traces", "summaries", "hidden"] {
      try db.run("DELETE FROM \(table) WHERE block = ?", [id])
    }
  }
}

extension SealedBlock {
  /// Seals what came to an open block.
  ///
  /// - Parameter earlier: What the sealed blocks before it have of the traces that it continues.
  init(_ open: OpenBlock, earlier: EarlierParts) {
    let traces = open.tracesInOrder
    body = BlockBody(id: open.id, open.documents, order: traces.flatMap { $0.places.map(\.ordinal) })
    self.traces = BlockTraces(
      block: open.id,
      traces: traces.lazy.map { ($0.id, $0.places.map { UInt16(truncatingIfNeeded: $0.checksum) }) },
      bytes: Int64(open.documents.bytes.count), arrivals: open.arrivals)
    var rows: [SegmentRow] = []
    rows.reserveCapacity(traces.count)
    var unreadable: [TraceID] = []
    for trace in traces {
      var entities: [Entity] = []
      do {
        let documents = try earlier.documents(of: trace.id)
        for position in 0..<documents.count { Entity(accepted: documents[position].span).map { entities.append($0) } }
      } catch {
        unreadable.append(trace.id)
      }
      for place in trace.places { Entity(accepted: open.documents[place.ordinal].span).map { entities.append($0) } }
      rows.append(SegmentRow(of: Trace(id: trace.id, compiling: entities)))
    }
    self.unreadable = unreadable
    let segment = try? SummarySegment(rows)
    summaries = segment.map { BlockSummaries(block: open.id, $0) }
    zone = segment?.zone
    continued = earlier.blocks
  }
}

/// What sealed blocks have of some traces.
struct EarlierParts: Sendable {
  private var documents: [TraceID: Result<DocumentBatch, StoreError>] = [:]
  /// By block: the traces that it has something of.
  private(set) var blocks: [Int64: Set<TraceID>] = [:]

  /// - Parameter next: The block that continues them.
  init(of traces: Set<TraceID>, before next: Int64, in db: Database, _ catalog: Catalog, path: String) throws {
    var gathering = TraceGathering(db, catalog.before(next), path: path)
    var rest = traces.sorted()[...]
    while !rest.isEmpty {
      let gathered = try gathering.gather(rest, sealedOnly: true)
      rest = rest.dropFirst(gathered.count)
      for trace in gathered {
        documents[trace.id] = Result { () throws(StoreError) in try trace.whole() }
        for block in trace.blocks { blocks[block, default: []].insert(trace.id) }
      }
    }
  }

  /// The documents of a trace; none when it begins later.
  func documents(of trace: TraceID) throws(StoreError) -> DocumentBatch {
    try documents[trace]?.get() ?? DocumentBatch()
  }
}
