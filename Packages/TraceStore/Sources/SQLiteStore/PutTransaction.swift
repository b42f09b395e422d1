import GRDB
import SegmentBlocks
import XRayModel

/// Stores the documents of one batch, or seals a block, within a transaction.
struct PutTransaction {
  let db: Database
  let store: SQLiteTraceStore
  let now: Timestamp
  /// What the writer knows when the transaction is committed.
  private(set) var state: WriterState
  private var traces: [TraceID: KnownTrace] = [:]
  /// The traces of sealed blocks that were looked at; without content where they cannot be read.
  private var indexes: [Int64: BlockTraces?] = [:]
  /// The traces of the open block's last documents, which are not in the file yet.
  private var unwritten: [TraceID] = []

  /// A trace that the batch adds to.
  private struct KnownTrace {
    /// Where documents that may be the same lie among the sealed blocks.
    var parts: [TracePart] = []
    /// The documents of those parts that were looked at, by block; without content if they could not be read.
    var documents: [Int64: DocumentBatch] = [:]
    /// Whether sealed blocks, or those on the way there, have some of it.
    var isContinued = false
  }

  /// Blocks of a trace, the latest first, in which a document is looked for before it is stored. Batches that are
  /// sent again come soon, and a trace that never ends must not make each put slower than the one before.
  static let comparedBlocksLimit = 16
  /// No earlier block is added once these have so many documents of the trace.
  static let comparedDocumentsLimit = 4096

  init(_ db: Database, of store: SQLiteTraceStore, now: Timestamp, state: consuming WriterState) {
    self.db = db
    self.store = store
    self.now = now
    self.state = state
  }

  mutating func put(_ document: ArraySlice<UInt8>, _ index: SegmentIndex) throws {
    let id = index.traceID
    var trace = traces.removeValue(forKey: id) ?? know(id)
    let checksum = Checksum(of: document).value
    let isKnown = isStored(document, id, &trace, checksum)
    let isContinued = trace.isContinued
    traces[id] = trace
    guard !isKnown else { return }
    if !isContinued, state.open.places[id] == nil { state.totals.traces += 1 }
    state.open.append(document, of: id, checksum: checksum, seen: now, isContinued: isContinued)
    unwritten.append(id)
    state.totals.sequence += 1
    state.totals.documents += 1
    state.totals.bytes += Int64(document.count)
    if state.open.isFull(store.options) { try close() }
  }

  mutating func finish() throws {
    try writeOpen()
    try state.totals.write(to: db)
  }

  /// Writes what came since the last time.
  private mutating func writeOpen() throws {
    guard !unwritten.isEmpty else { return }
    let id = state.totals.sequence - Int64(unwritten.count)
    let documents = state.open.documents
    try OpenRow.write(id, now, unwritten, documents, documents.count - unwritten.count, to: db)
    state.open.note(row: id)
    unwritten = []
  }

  /// Begins a new open block.
  mutating func close() throws {
    try writeOpen()
    for trace in traces.keys where state.open.places[trace] != nil { traces[trace]?.isContinued = true }
    state.close()
  }

  /// Seals the first block that is full.
  mutating func seal(_ block: SealedBlock) throws {
    guard let full = state.full.first?.block, full.id == block.id else { return }
    state.totals.revision += 1
    try block.write(to: db, catalog: state.catalog, revision: state.totals.revision, path: store.path)
    for row in full.rows { try db.run("DELETE FROM open WHERE id = ?", [row]) }
    state.catalog.set(block.catalogBlock(revision: state.totals.revision))
    state.full.removeFirst()
  }

  // MARK: Looking for what is there

  /// Looks up what is known of a trace.
  private mutating func know(_ id: TraceID) -> KnownTrace {
    var trace = KnownTrace()
    var count = 0
    for block in state.catalog.blocks(mayHolding: id).reversed() {
      guard let part = self.index(of: block)?.part(of: id) else { continue }
      trace.parts.append(part)
      count += part.checksums.count
      if trace.parts.count == Self.comparedBlocksLimit || count >= Self.comparedDocumentsLimit { break }
    }
    trace.isContinued = !trace.parts.isEmpty || state.full.contains { $0.block.places[id] != nil }
    return trace
  }

  private mutating func index(of block: CatalogBlock) -> BlockTraces? {
    if let known = indexes[block.id] { return known }
    // On a connection of its own: after a transaction met a damaged page, SQLite no longer commits it.
    let found = try? store.read { db in try block.traces(in: db, path: store.path) }
    indexes[block.id] = .some(found)
    return found
  }

  private mutating func isStored(
    _ document: ArraySlice<UInt8>, _ id: TraceID, _ trace: inout KnownTrace, _ checksum: UInt32
  ) -> Bool {
    if state.open.holds(document, of: id, checksum: checksum) { return true }
    if state.full.contains(where: { $0.block.holds(document, of: id, checksum: checksum) }) { return true }
    for part in trace.parts where part.checksums.contains(UInt16(truncatingIfNeeded: checksum)) {
      let documents = trace.documents[part.block] ?? self.documents(of: part)
      trace.documents[part.block] = documents
      if (0..<documents.count).contains(where: { documents[$0] == document }) { return true }
    }
    return false
  }

  /// Empty when they cannot be read any more.
  private mutating func documents(of part: TracePart) -> DocumentBatch {
    if state.compared?.id != part.block {
      let block = try? store.read { db in try BlockBody.find(part.block, in: db, path: store.path) }
      state.compared = (part.block, try? block?.reader(path: store.path))
    }
    guard let reader = state.compared?.reader else { return DocumentBatch() }
    return (try? part.documents(in: reader, path: store.path)) ?? DocumentBatch()
  }

  // MARK: Removing

  /// Removes documents of some traces that are in no block yet. Returns their number.
  ///
  /// What the writer knows of open blocks is out of date then.
  mutating func removeOpen(_ traces: Set<TraceID>) throws -> Int {
    var removed = 0
    var ids: [Int64] = []
    let entries = try db.rows("SELECT \(OpenEntries.columns) FROM open ORDER BY id")
    while let row = try entries.next() {
      guard let entries = try? OpenEntries(row, body: nil, path: store.path) else { continue }
      if entries.traces.contains(where: traces.contains) { ids.append(entries.id) }
    }
    for id in ids {
      guard let found = try db.row("\(OpenRow.select) WHERE id = ?", [id]),
        let row = try? OpenRow(found, path: store.path)
      else { continue }
      var rest = OpenRow(id: id, seen: row.seen)
      for (position, trace) in row.traces.enumerated() {
        let document = row.documents[position]
        if traces.contains(trace) {
          removed += 1
          state.totals.bytes -= Int64(document.count)
        } else {
          rest.append(document, of: trace)
        }
      }
      if rest.traces.isEmpty { try db.run("DELETE FROM open WHERE id = ?", [id]) } else { try rest.write(to: db) }
    }
    state.totals.documents -= Int64(removed)
    state.totals.revision += 1
    return removed
  }

  /// Removes sealed blocks, and puts another in the place of the first.
  mutating func replace(_ old: [BlockTraces], with block: SealedBlock?) throws {
    state.totals.revision += 1
    state.compared = nil
    for old in old {
      state.totals.documents -= Int64(old.checksums.count)
      state.totals.bytes -= old.bytes
      guard old.block != block?.id else { continue }
      try SealedBlock.remove(old.block, from: db)
      state.catalog.remove(old.block)
    }
    guard let block else { return }
    state.totals.documents += block.body.documents
    state.totals.bytes += block.traces.bytes
    try block.write(to: db, catalog: state.catalog, revision: state.totals.revision, path: store.path)
    state.catalog.set(block.catalogBlock(revision: state.totals.revision))
  }

  /// Takes traces out of the totals of which nothing is left.
  mutating func forget(_ count: Int) { state.totals.traces -= Int64(count) }
}
