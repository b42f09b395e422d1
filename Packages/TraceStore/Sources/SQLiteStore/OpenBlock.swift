import GRDB
import XRayModel

/// The block that is being filled. Its documents lie in rows of `open` until there are enough of them to be
/// deflated together.
struct OpenBlock {
  let id: Int64
  private(set) var block = Block()
  private(set) var places: [TraceID: [DocumentPlace]] = [:]
  /// The rows of `open` that hold ``block`` up to ``writtenCount``.
  private var rows: [Int64] = []
  private var writtenCount = 0

  /// An empty block whose first document will have the number `id`.
  init(id: Int64) { self.id = id }

  /// What a store was left with. A damaged row stays where it is, for a check to find.
  init(_ db: Database, totals: Totals, path: String) throws {
    var found: [StoredBlock] = []
    let rows = try db.rows("\(StoredBlock.select(.open)) ORDER BY id")
    while let row = try rows.next() {
      do throws(StoreError) { found.append(try StoredBlock(row, form: .open, path: path)) } catch { continue }
    }
    self.init(id: found.first?.id ?? totals.sequence)
    for stored in found {
      guard let block = try? stored.opened(path: path) else { continue }
      for range in block.ranges {
        let document = block.bytes[range]
        guard let index = try? SegmentIndex(scanning: document.span) else { continue }
        append(document, of: index.traceID, checksum: DocumentPlace.checksum(document))
      }
      self.rows.append(stored.id)
    }
    writtenCount = block.ranges.count
  }

  func isFull(_ options: SQLiteTraceStore.Options) -> Bool {
    block.bytes.count >= options.blockBytes || block.ranges.count >= options.blockDocuments
  }

  @discardableResult
  mutating func append(_ document: ArraySlice<UInt8>, of trace: TraceID, checksum: UInt32) -> DocumentPlace {
    let place = DocumentPlace(ordinal: block.ranges.count, checksum: checksum)
    block.append(document)
    places[trace, default: []].append(place)
    return place
  }

  /// Writes what came since the last time, to last.
  ///
  /// - Parameter sequence: The number of the next document.
  mutating func persist(_ db: Database, sequence: Int64) throws {
    let count = block.ranges.count
    guard writtenCount < count else { return }
    let row = StoredBlock(block.suffix(from: writtenCount), id: sequence - Int64(count - writtenCount), form: .open)
    try row.write(to: db)
    rows.append(row.id)
    writtenCount = count
  }

  /// Moves the documents into a deflated block and files them under their traces.
  func seal(_ db: Database) throws {
    guard !block.ranges.isEmpty else { return }
    try StoredBlock(block, id: id, form: .block).write(to: db)
    for (trace, places) in places.sorted(by: { $0.key < $1.key }) {
      try db.run(
        "INSERT INTO trace_block (trace, block, documents) VALUES (?, ?, ?)",
        [trace.key, id, DocumentPlace.encode(places)])
    }
    for row in rows { try db.run("DELETE FROM open WHERE id = ?", [row]) }
  }
}
