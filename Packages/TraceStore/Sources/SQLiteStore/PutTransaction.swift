import GRDB
import SegmentBlocks
import XRayModel

/// Stores the documents of one batch, within a transaction.
struct PutTransaction {
  let db: Database
  let store: SQLiteTraceStore
  let now: Timestamp
  /// What the writer knows when the transaction is committed.
  private(set) var state: WriterState
  /// The blocks that were sealed in this transaction, which other connections do not see yet.
  private var sealed: [Int64: SealedBlock] = [:]
  private var traces: [TraceID: KnownTrace] = [:]
  /// Documents of the open block from here on are not in the file yet.
  private var unwritten: OpenRow

  /// A trace that the batch adds to.
  private struct KnownTrace {
    /// `nil` when its row is damaged, which then stays as it is.
    var record: TraceRecord?
    /// Where documents that may be the same lie among the sealed blocks.
    var parts: [TracePart] = []
    /// The documents of those parts that were looked at, by block; without content if they could not be read.
    var documents: [Int64: DocumentBatch] = [:]
  }

  /// Blocks of a trace, the latest first, in which a document is looked for before it is stored. Batches that are
  /// sent again come soon, and a trace that never ends must not make each put slower than the one before.
  static let comparedBlocksLimit = 16
  /// No earlier block is added once these have so many documents of the trace.
  static let comparedDocumentsLimit = 4096

  init(_ db: Database, of store: SQLiteTraceStore, now: Timestamp, state: consuming WriterState) {
    unwritten = OpenRow(id: state.totals.sequence)
    self.db = db
    self.store = store
    self.now = now
    self.state = state
  }

  mutating func put(_ document: ArraySlice<UInt8>, _ index: SegmentIndex) throws {
    var trace = try traces.removeValue(forKey: index.traceID) ?? know(index)
    let checksum = Checksum(of: document).value
    guard !isStored(document, index.traceID, &trace, checksum) else {
      traces[index.traceID] = trace
      return
    }
    trace.record?.add(start: index.start, seen: now, bytes: document.count)
    traces[index.traceID] = trace
    state.open.append(document, of: index.traceID, checksum: checksum)
    unwritten.append(document, of: index.traceID)
    state.totals.sequence += 1
    state.totals.documents += 1
    state.totals.bytes += Int64(document.count)
    if state.open.isFull(store.options) { try close() }
  }

  mutating func finish() throws {
    try writeOpen()
    for (_, trace) in traces.sorted(by: { $0.key < $1.key }) { try trace.record?.write(to: db) }
    try state.totals.write(to: db)
  }

  /// Writes what came since the last time.
  private mutating func writeOpen() throws {
    if !unwritten.traces.isEmpty {
      try unwritten.write(to: db)
      state.open.note(row: unwritten.id)
    }
    unwritten = OpenRow(id: state.totals.sequence)
  }

  /// Begins a new open block, and seals the one before the last.
  private mutating func close() throws {
    try writeOpen()
    try seal()
    state.full = FullBlock(block: state.open)
    state.open = OpenBlock(id: state.totals.sequence)
  }

  /// Seals the block that is full, if there is one.
  mutating func seal() throws {
    guard let full = state.full else { return }
    let block = full.sealed ?? SealedBlock(full.block)
    try block.write(to: db)
    for (trace, part) in full.block.parts {
      try part.write(to: db, trace: trace)
      traces[trace]?.parts.append(part)
    }
    for row in full.block.rows { try db.run("DELETE FROM open WHERE id = ?", [row]) }
    sealed[block.id] = block
    state.full = nil
  }

  /// Seals everything.
  mutating func sealAll() throws {
    if !state.open.isEmpty { try close() }
    try seal()
  }

  /// Takes a trace out of the totals, once its documents are removed.
  mutating func forget(_ record: TraceRecord) {
    state.compared = nil
    state.totals.documents -= record.documents
    state.totals.bytes -= record.bytes
    state.totals.traces -= 1
  }

  /// Looks up what is known of the document's trace.
  private mutating func know(_ index: SegmentIndex) throws -> KnownTrace {
    var trace = KnownTrace()
    do {
      trace.record = try TraceRecord.find(index.traceID, in: db, path: store.path)
    } catch let error as StoreError where error.reason == .damaged {
      return trace
    }
    guard trace.record != nil else {
      state.totals.traces += 1
      trace.record = TraceRecord(id: index.traceID, start: index.start, seen: now)
      return trace
    }
    let rows = try db.rows(
      "\(TracePart.select) WHERE trace = ? ORDER BY block DESC LIMIT \(Self.comparedBlocksLimit)", [index.traceID.key])
    var count = 0
    while count < Self.comparedDocumentsLimit, let row = try rows.next() {
      let part = try TracePart(row)
      count += part.checksums.count
      trace.parts.append(part)
    }
    return trace
  }

  private mutating func isStored(
    _ document: ArraySlice<UInt8>, _ id: TraceID, _ trace: inout KnownTrace, _ checksum: UInt32
  ) -> Bool {
    if state.open.holds(document, of: id, checksum: checksum) { return true }
    if let full = state.full?.block, full.holds(document, of: id, checksum: checksum) { return true }
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
      state.compared = (part.block, try? block(part.block)?.reader(path: store.path))
    }
    guard let reader = state.compared?.reader else { return DocumentBatch() }
    return (try? part.documents(in: reader, path: store.path)) ?? DocumentBatch()
  }

  /// A sealed block; `nil` when it cannot be read any more.
  func block(_ id: Int64) -> SealedBlock? { sealed[id] ?? store.readableBlock(id) }
}
