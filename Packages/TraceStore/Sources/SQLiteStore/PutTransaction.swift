import GRDB
import XRayModel

/// Stores the documents of one batch, within a transaction.
struct PutTransaction {
  let db: Database
  let store: SQLiteTraceStore
  let now: Timestamp
  /// What the writer knows when the transaction is committed.
  private(set) var state: WriterState
  /// The blocks that were sealed in this transaction, which other connections do not see yet.
  private var sealed: [Int64: Block] = [:]
  private var traces: [TraceID: KnownTrace] = [:]

  /// A trace that the batch adds to.
  private struct KnownTrace {
    /// `nil` when its row is damaged, which then stays as it is.
    var record: TraceRecord?
    /// By checksum: where documents that may be the same lie.
    var places: [UInt32: [(block: Int64, ordinal: Int)]] = [:]

    mutating func add(_ place: DocumentPlace, in block: Int64) {
      places[place.checksum, default: []].append((block, place.ordinal))
    }
  }

  /// Blocks of a trace, the latest first, in which a document is looked for before it is stored. Batches that are
  /// sent again come soon, and a trace that never ends must not make each put slower than the one before.
  static let comparedBlocksLimit = 16

  init(_ db: Database, of store: SQLiteTraceStore, now: Timestamp, state: WriterState) {
    self.db = db
    self.store = store
    self.now = now
    self.state = state
  }

  mutating func put(_ document: ArraySlice<UInt8>, _ index: SegmentIndex) throws {
    var trace = try traces.removeValue(forKey: index.traceID) ?? know(index)
    defer { traces[index.traceID] = trace }
    let checksum = DocumentPlace.checksum(document)
    for place in trace.places[checksum] ?? [] {
      if stored(place.block, place.ordinal) == document { return }
    }
    trace.add(state.open.append(document, of: index.traceID, checksum: checksum), in: state.open.id)
    trace.record?.add(start: index.start, seen: now, bytes: document.count)
    state.totals.sequence += 1
    state.totals.documents += 1
    state.totals.bytes += Int64(document.count)
    if state.open.isFull(store.options) { try seal() }
  }

  mutating func finish() throws {
    try state.open.persist(db, sequence: state.totals.sequence)
    for (_, trace) in traces.sorted(by: { $0.key < $1.key }) { try trace.record?.write(to: db) }
    try state.totals.write(to: db)
  }

  mutating func seal() throws {
    try state.open.seal(db)
    sealed[state.open.id] = state.open.block
    state.open = OpenBlock(id: state.totals.sequence)
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
    for place in state.open.places[index.traceID] ?? [] { trace.add(place, in: state.open.id) }
    let rows = try db.rows(
      "SELECT block, documents FROM trace_block WHERE trace = ? ORDER BY block DESC LIMIT \(Self.comparedBlocksLimit)",
      [index.traceID.key])
    while let row = try rows.next() {
      let block = try row.number(0)
      for place in try DocumentPlace.decode(row.blob(1)) { trace.add(place, in: block) }
    }
    return trace
  }

  /// The document at a place; `nil` when it cannot be read any more.
  private mutating func stored(_ id: Int64, _ ordinal: Int) -> ArraySlice<UInt8>? {
    if id == state.open.id { return state.open.block[ordinal] }
    if let block = sealed[id] { return block[ordinal] }
    if state.compared?.id != id { state.compared = (id, block(id)) }
    return state.compared?.block?[ordinal]
  }

  /// A sealed block; `nil` when it cannot be read any more.
  func block(_ id: Int64) -> Block? {
    sealed[id] ?? (try? store.readableBlock(id)?.opened(path: store.path))
  }
}
