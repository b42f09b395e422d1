import FoundationEssentials
import GRDB
import XRayModel

/// What a store has, in memory: enough to know where the documents of a trace may lie. It belongs to one state of
/// the file.
struct Catalog: Sendable {
  /// ``Totals/revision`` and ``Totals/sequence`` of that state; -1 when nobody knows.
  private(set) var revision: Int64 = -1
  private(set) var sequence: Int64 = -1
  /// By rising id.
  private(set) var blocks: [CatalogBlock] = [] { didSet { bounds = blocks.map(\.bounds) } }
  /// Of each block, side by side: most lookups end here.
  private var bounds: [CatalogBlock.Bounds] = []
  /// What is in no block yet, by rising id.
  private(set) var open: [OpenEntries] = []
  /// What ``open`` has of a trace.
  private(set) var openParts: [TraceID: OpenPart] = [:]

  struct OpenPart: Sendable {
    /// The places of the rows.
    var rows: [Int] = []
    var documents = 0
  }

  /// What cannot be known any more. Any trace might have documents there.
  private(set) var loss: StoreError?

  init() {}

  /// The catalog of a state of the file.
  ///
  /// - Parameter known: That of an earlier or later state; what did not change is taken from it.
  init(_ db: Database, known: Catalog, path: String) throws {
    let totals = try? Totals(db, path: path)
    self = known
    if totals == nil || totals?.revision != known.revision || (totals?.sequence ?? 0) < known.sequence {
      try load(db, known: known, path: path)
    } else {
      try loadOpen(db, from: known.sequence, path: path)
    }
    revision = totals?.revision ?? -1
    sequence = totals?.sequence ?? -1
    let documents = blocks.reduce(0) { $0 + $1.documents } + open.reduce(0) { $0 + $1.traces.count }
    if loss == nil, let totals, totals.documents != documents {
      loss = StoreError(
        .damaged, path: path, place: "documents", "\(documents) are found, \(totals.documents) expected")
    }
  }

  /// The sealed blocks alone, at some revision.
  init(sealed other: Catalog, revision: Int64) {
    blocks = other.blocks
    bounds = other.bounds
    self.revision = revision
  }

  func isCurrent(_ totals: Totals) -> Bool { totals.revision == revision && totals.sequence == sequence }

  func isLater(than other: Catalog) -> Bool { (revision, sequence) > (other.revision, other.sequence) }

  private mutating func load(_ db: Database, known: Catalog, path: String) throws {
    let before = Dictionary(known.blocks.map { ($0.id, $0) }) { first, _ in first }
    (open, openParts, loss) = ([], [:], nil)
    var found: [CatalogBlock] = []
    do {
      for (id, revision) in try CatalogBlock.list(db, path: path) {
        let block: CatalogBlock
        if let known = before[id], known.revision == revision, known.damage == nil {
          block = known
        } else {
          block = try CatalogBlock(id, in: db, path: path)
        }
        if let damage = block.damage, block.recovered == nil { loss = damage }
        found.append(block)
      }
    } catch {
      try lose(StoreError(error, path: path, place: "traces of blocks"))
    }
    blocks = found
    try loadOpen(db, from: .min, path: path)
  }

  private mutating func loadOpen(_ db: Database, from sequence: Int64, path: String) throws {
    do {
      let rows = try db.rows("SELECT \(OpenEntries.columns) FROM open WHERE id >= ? ORDER BY id", [sequence])
      while let row = try rows.next() {
        let id = try row.number(0)
        do {
          // A damaged page may answer with anything.
          guard id > open.last?.id ?? -1 else {
            throw StoreError(.damaged, path: path, place: "open \(id)", "stands where it does not belong")
          }
          let entries = try OpenEntries(row, body: try Self.body(ofOpen: id, db), path: path)
          for trace in entries.traces {
            openParts[trace, default: OpenPart()].documents += 1
            if openParts[trace]?.rows.last != open.count { openParts[trace]?.rows.append(open.count) }
          }
          open.append(entries)
        } catch {
          try lose(StoreError(error, path: path, place: "open \(id)"))
        }
      }
    } catch {
      try lose(StoreError(error, path: path, place: "open documents"))
    }
  }

  private static func body(ofOpen id: Int64, _ db: Database) throws -> Data {
    guard let row = try db.row("SELECT body FROM open WHERE id = ?", [id]) else { throw UnexpectedValue(column: 0) }
    return try row.blob(0)
  }

  private mutating func lose(_ error: StoreError) throws {
    guard error.reason == .damaged else { throw error }
    loss = loss ?? error
  }

  // MARK: Looking up

  /// The sealed blocks that may have documents of a trace, in order.
  func blocks(mayHolding id: TraceID) -> [CatalogBlock] {
    bounds.indices.filter { bounds[$0].contains(id) && blocks[$0].mayHold(id) }.map { blocks[$0] }
  }

  func block(_ id: Int64) -> CatalogBlock? {
    var (low, high) = (0, blocks.count)
    while low < high {
      let middle = (low + high) / 2
      if blocks[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < blocks.count && blocks[low].id == id ? blocks[low] : nil
  }

  /// Without the blocks from `id` on.
  func before(_ id: Int64) -> Catalog {
    var catalog = self
    catalog.blocks.removeAll { $0.id >= id }
    return catalog
  }

  // MARK: Writing

  /// Takes a block that was just sealed, or written anew.
  mutating func set(_ block: CatalogBlock) {
    let place = blocks.firstIndex { $0.id >= block.id } ?? blocks.count
    if place < blocks.count, blocks[place].id == block.id {
      blocks[place] = block
    } else {
      blocks.insert(block, at: place)
    }
  }

  mutating func remove(_ id: Int64) { blocks.removeAll { $0.id == id } }
}
