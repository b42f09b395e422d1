import GRDB
import SegmentBlocks
import XRayModel

/// What the writer remembers between two transactions; all that matters can be read from the file at any time.
struct WriterState {
  /// The block that takes what comes.
  var open: OpenBlock
  /// The block before it, until it is sealed: in the transaction in which ``open`` is full, too.
  var full: FullBlock?
  var totals: Totals
  /// The sealed block that a document was last compared with; without content if it could not be read.
  var compared: (id: Int64, reader: BlockReader?)?

  /// What a store was left with. A damaged row of `open` stays where it is, for a check to find.
  init(_ db: Database, options: SQLiteTraceStore.Options, path: String) throws {
    totals = try Totals(db, path: path)
    open = OpenBlock(id: totals.sequence)
    let rows = try db.rows("\(OpenRow.select) ORDER BY id")
    while let row = try rows.next() {
      guard let row = try? OpenRow(row, path: path) else { continue }
      // A writer leaves two blocks at most. What somebody else wrote beyond them can be read where it is.
      guard open.documents.count + row.documents.count <= SegmentBlock.documentLimit else { break }
      if open.isEmpty { open = OpenBlock(id: row.id) }
      open.adopt(row)
      if full == nil, open.isFull(options) {
        full = FullBlock(block: open)
        open = OpenBlock(id: totals.sequence)
      }
    }
  }

  /// Whether documents of a trace are in no sealed block yet.
  func hasUnsealed(_ trace: TraceID) -> Bool {
    open.places[trace] != nil || full?.block.places[trace] != nil
  }
}

/// A block that takes no more documents and is encoded while others are put. Its documents stay in `open` until it is
/// sealed, so that nothing depends on when that is.
struct FullBlock {
  let block: OpenBlock
  /// `nil` until it was begun.
  var encoding: Task<SealedBlock, Never>?
  /// `nil` until it is done.
  var sealed: SealedBlock?
}
