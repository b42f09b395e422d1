import GRDB
import TraceColumns
import XRayModel

/// A sealed block as the catalog knows it.
struct CatalogBlock: Sendable {
  let id: Int64
  /// ``Totals/revision`` when it was written.
  let revision: Int64
  let documents: Int
  let bytes: Int64
  /// When its documents came.
  let seen: ClosedRange<Timestamp>
  let bounds: Bounds
  private let filter: IDFilter
  /// What its filter needs to look at rows for; `nil` when it is damaged.
  let zone: SegmentZone?
  /// Between which ids those of its traces lie.
  struct Bounds: Sendable {
    let low: TraceID
    let high: TraceID

    func contains(_ id: TraceID) -> Bool { low <= id && id <= high }
  }

  /// Why the row of `traces` could not be read, and what the block itself tells in its place.
  private(set) var damage: StoreError?
  private(set) var recovered: BlockTraces?

  init(_ traces: BlockTraces, revision: Int64, zone: SegmentZone?) {
    id = traces.block
    self.revision = revision
    documents = traces.checksums.count
    bytes = traces.bytes
    seen = traces.arrivals.first...traces.arrivals.last
    bounds = Bounds(low: traces.ids.first ?? .notSampled, high: traces.ids.last ?? .notSampled)
    filter = IDFilter(traces.ids)
    self.zone = zone
  }

  init(_ id: Int64, in db: Database, path: String) throws {
    let zone = try? BlockSummaries.zone(of: id, in: db, path: path)
    do {
      guard let row = try db.row("\(BlockTraces.select) WHERE block = ?", [id]) else {
        throw StoreError(.damaged, path: path, place: "traces of block \(id)", "are missing")
      }
      let traces = try BlockTraces(row, path: path)
      guard traces.block == id else {
        throw StoreError(.damaged, path: path, place: "traces of block \(id)", "those of another stand in their place")
      }
      self.init(traces, revision: try row.number(1), zone: zone)
    } catch {
      let damage = StoreError(error, path: path, place: "traces of block \(id)")
      guard damage.reason == .damaged else { throw damage }
      let recovered = try? BlockBody.find(id, in: db, path: path)?.traces(path: path)
      let nothing = BlockTraces(block: id, traces: [], bytes: 0, arrivals: BlockTraces.Arrivals())
      self.init(recovered ?? nothing, revision: -1, zone: zone)
      self.damage = damage
      self.recovered = recovered
    }
  }

  /// The blocks in rising order, each with the revision of its row of `traces`. The two tables name the same blocks;
  /// either tells of one that the other lost.
  static func list(_ db: Database, path: String) throws -> [(id: Int64, revision: Int64)] {
    var found: [Int64: Int64] = [:]
    for (sql, isKnown) in [("SELECT id FROM block", false), ("SELECT block, revision FROM traces", true)] {
      do {
        let rows = try db.rows(sql)
        while let row = try rows.next() { found[try row.number(0)] = isKnown ? try row.number(1) : -1 }
      } catch  where StoreError(error, path: path).reason == .damaged {
        // The other table tells, or the sum of the documents is found to be wrong.
        continue
      }
    }
    return found.map { (id: $0.key, revision: $0.value) }.sorted { $0.id < $1.id }
  }

  func mayHold(_ trace: TraceID) -> Bool {
    bounds.contains(trace) && documents > 0 && filter.mayHold(trace)
  }

  /// Its traces.
  func traces(in db: Database, path: String) throws -> BlockTraces {
    if let recovered { return recovered }
    guard let row = try db.row("\(BlockTraces.select) WHERE block = ?", [id]) else {
      throw StoreError(.damaged, path: path, place: "traces of block \(id)", "are missing")
    }
    let traces = try BlockTraces(row, path: path)
    guard traces.block == id else {
      throw StoreError(.damaged, path: path, place: "traces of block \(id)", "those of another stand in their place")
    }
    return traces
  }
}
