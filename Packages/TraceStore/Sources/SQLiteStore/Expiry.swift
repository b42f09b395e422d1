import GRDB
import SegmentBlocks
import XRayModel

/// Which traces were last seen before a moment, and what is left of blocks without them.
struct Expiry: Sendable {
  private let moment: Timestamp
  /// Blocks with documents that came before the moment, the last ones first: a trace of which a part is gone already
  /// is in no list then, since its summary lies in its last block.
  let blocks: [Int64]
  /// Traces to be removed that have documents in no block yet.
  let open: Set<TraceID>

  init(before moment: Timestamp, in db: Database, _ catalog: Catalog, path: String) throws {
    self.moment = moment
    blocks = catalog.blocks.reversed().filter { $0.seen.lowerBound < moment }.map(\.id)
    var parts = Parts(db, catalog, moment, path: path)
    open = try Set(catalog.openParts.keys.filter { try parts.haveExpired(of: $0) })
  }

  /// What becomes of a block.
  struct Remains: Sendable {
    let old: BlockTraces
    /// `nil` when nothing is left.
    let block: SealedBlock?
    /// Traces of which nothing is left anywhere.
    let forgotten: Int
  }

  /// What is left of a block; `nil` when it stays as it is, also because it cannot be read.
  func remains(of id: Int64, in db: Database, _ catalog: Catalog, path: String) throws -> Remains? {
    var parts = Parts(db, catalog, moment, path: path)
    guard let block = catalog.block(id), block.damage == nil,
      let body = try? BlockBody.find(id, in: db, path: path), let reader = try? body.reader(path: path)
    else { return nil }
    let traces = try block.traces(in: db, path: path)
    let expired = try Set(traces.ids.filter { try parts.haveExpired(of: $0) })
    guard !expired.isEmpty else { return nil }
    let forgotten = try expired.count { try catalog.openParts[$0] == nil && parts.gathering.blocks(of: $0) == [id] }
    guard expired.count < traces.ids.count else { return Remains(old: traces, block: nil, forgotten: forgotten) }
    var rest = OpenBlock(id: id)
    guard
      try rest.append(
        reader, traces, isContinued: { try parts.gathering.blocks(of: $0).contains { $0 < id } },
        where: { !expired.contains($0) })
    else { return nil }
    let earlier = try EarlierParts(of: rest.continued, before: id, in: db, catalog, path: path)
    return Remains(old: traces, block: SealedBlock(rest, earlier: earlier), forgotten: forgotten)
  }
}

/// When the parts of traces were last seen.
private struct Parts {
  private let db: Database
  private let catalog: Catalog
  private let moment: Timestamp
  private let path: String
  var gathering: TraceGathering
  /// Of blocks that came partly before the moment, partly later: the traces that were seen later.
  private var seenLater: [Int64: Set<TraceID>] = [:]

  init(_ db: Database, _ catalog: Catalog, _ moment: Timestamp, path: String) {
    self.db = db
    self.catalog = catalog
    self.moment = moment
    self.path = path
    gathering = TraceGathering(db, catalog, path: path)
  }

  /// Whether all documents of a trace came before the moment.
  mutating func haveExpired(of id: TraceID) throws -> Bool {
    for row in catalog.openParts[id]?.rows ?? [] where catalog.open[row].seen >= moment { return false }
    for part in try gathering.blocks(of: id) {
      guard let block = catalog.block(part), block.seen.upperBound >= moment else { continue }
      guard block.seen.lowerBound < moment, try !tracesSeenLater(in: block).contains(id) else { return false }
    }
    return true
  }

  private mutating func tracesSeenLater(in block: CatalogBlock) throws -> Set<TraceID> {
    if let known = seenLater[block.id] { return known }
    let traces = try block.traces(in: db, path: path)
    var later = Set<TraceID>()
    if let order = try? BlockBody.find(block.id, in: db, path: path)?.reader(path: path).arrival() {
      for (position, trace) in traces.ids.enumerated() {
        let isLater = traces.part(at: position).places.contains { traces.arrivals.seen(order[$0]) >= moment }
        if isLater { later.insert(trace) }
      }
    } else {
      later.formUnion(traces.ids)
    }
    seenLater[block.id] = later
    return later
  }
}
