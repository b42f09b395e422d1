import GRDB
import SegmentBlocks
import XRayModel

/// Neighbouring blocks as one.
struct BlockMerge: Sendable {
  let parts: [BlockTraces]
  let block: SealedBlock
  /// ``Totals/revision`` of the state of the file that this was made from.
  let revision: Int64

  /// Neighbours that fit into one block, at least two together.
  static func groups(_ catalog: Catalog, _ options: SQLiteTraceStore.Options) -> [[Int64]] {
    var groups: [[Int64]] = []
    var group: [CatalogBlock] = []
    for block in catalog.blocks where block.damage == nil {
      let documents = group.reduce(block.documents) { $0 + $1.documents }
      let bytes = group.reduce(block.bytes) { $0 + $1.bytes }
      if documents > options.blockDocuments || bytes > Int64(options.blockBytes) {
        groups.append(group.map(\.id))
        group = []
      }
      group.append(block)
    }
    return (groups + [group.map(\.id)]).filter { $0.count > 1 }
  }

  /// `nil` when one of the blocks is gone or cannot be read.
  init?(_ ids: [Int64], in db: Database, _ catalog: Catalog, path: String) throws {
    guard let first = ids.first, let last = ids.last else { return nil }
    revision = catalog.revision
    var gathering = TraceGathering(db, catalog, path: path)
    var parts: [BlockTraces] = []
    var open = OpenBlock(id: first)
    for id in ids {
      guard let block = catalog.block(id), let body = try? BlockBody.find(id, in: db, path: path),
        let reader = try? body.reader(path: path), let traces = try? block.traces(in: db, path: path),
        try open.append(reader, traces, isContinued: { try gathering.blocks(of: $0).contains { $0 < first } })
      else { return nil }
      parts.append(traces)
    }
    self.parts = parts
    let earlier = try EarlierParts(of: open.continued, before: first, in: db, catalog, path: path)
    var block = SealedBlock(open, earlier: earlier)
    block.elsewhere = try Set(block.traces.ids.filter { try gathering.blocks(of: $0).contains { $0 > last } })
    self.block = block
  }
}

extension OpenBlock {
  /// Takes the documents of a sealed block, in the order of arrival; `false` when they cannot be read.
  mutating func append(
    _ reader: BlockReader, _ traces: BlockTraces, isContinued: (TraceID) throws -> Bool,
    where isKept: (TraceID) -> Bool = { _ in true }
  ) throws -> Bool {
    guard let order = try? reader.arrival(), let documents = try? reader.documentsByArrival(),
      documents.count == traces.checksums.count
    else { return false }
    var owners = [Int](repeating: 0, count: documents.count)
    for position in traces.ids.indices {
      for place in traces.part(at: position).places { owners[order[place]] = position }
    }
    let areContinued = try traces.ids.map(isContinued)
    for (ordinal, owner) in owners.enumerated() where isKept(traces.ids[owner]) {
      let document = documents[ordinal]
      append(
        document, of: traces.ids[owner], checksum: Checksum(of: document).value, seen: traces.arrivals.seen(ordinal),
        isContinued: areContinued[owner])
    }
    return true
  }
}
