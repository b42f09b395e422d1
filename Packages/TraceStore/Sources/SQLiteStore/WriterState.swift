import GRDB
import SegmentBlocks
import XRayModel

/// What the writer remembers between two transactions; all that matters can be read from the file at any time.
struct WriterState {
  /// The block that takes what comes.
  var open: OpenBlock
  /// Blocks that take no more, the earliest first. Their documents stay in `open` until they are sealed, one after the
  /// other, so that nothing depends on how long encoding takes.
  var full: [FullBlock] = []
  var totals: Totals
  /// The sealed blocks.
  var catalog: Catalog
  /// The sealed block that a document was last compared with; without content if it could not be read.
  var compared: (id: Int64, reader: BlockReader?)?

  struct FullBlock {
    let block: OpenBlock
    /// `nil` until it was begun.
    var encoding: Task<SealedBlock, any Error>?
  }

  /// What a store was left with. A damaged row of `open` stays where it is, for a check to find.
  init(_ db: Database, options: SQLiteTraceStore.Options, path: String) throws {
    totals = try Totals(db, path: path)
    catalog = try Catalog(db, known: Catalog(), path: path)
    open = OpenBlock(id: totals.sequence)
    let rows = try db.rows("\(OpenRow.select) ORDER BY id")
    while let row = try rows.next() {
      guard let row = try? OpenRow(row, path: path) else { continue }
      if open.isEmpty { open = OpenBlock(id: row.id) }
      open.adopt(row) { trace in
        full.contains { $0.block.places[trace] != nil } || catalog.blocks.contains { $0.mayHold(trace) }
      }
      if open.isFull(options) { close() }
    }
  }

  /// Begins a new open block.
  mutating func close() {
    let next = OpenBlock(id: totals.sequence, like: open)
    full.append(FullBlock(block: open))
    open = next
  }
}
