import GRDB
import Synchronization
public import TraceFilters
public import Traces
public import XRayModel

/// The embedded trace store: documents in columnar blocks, in one SQLite file that can be copied and read without
/// us (docs/store-format.md).
///
/// One process writes at a time; any number read beside it, and neither waits for the other. A `put` answers after
/// its commit, so killing the process loses nothing that was answered. A power cut may lose the last moments unless
/// ``Options/isSynchronousFull``.
///
/// What is damaged on disk is never served: every block and every index entry carries a checksum. Asking for a
/// damaged trace throws a ``StoreError`` that names the place, lists and graphs go by its summary, which is kept
/// apart, and ``check()`` reports it.
public actor SQLiteTraceStore: FilteringTraceStore {
  public struct Options: Hashable, Sendable {
    /// Opens for reading only: the file must exist, and another process may write to it meanwhile.
    public var isReadOnly: Bool
    /// Survives power cuts, too, at the price of waiting for the disk with every batch.
    public var isSynchronousFull: Bool
    /// A block is full when its documents have this many bytes.
    var blockBytes = 4 << 20
    /// A block is full when it has so many documents.
    var blockDocuments = 4096
    /// Most pages that the file may have; for tests of a full disk.
    var pageLimit: Int?

    public init(isReadOnly: Bool = false, isSynchronousFull: Bool = false) {
      self.isReadOnly = isReadOnly
      self.isSynchronousFull = isSynchronousFull
    }
  }

  /// The name of the file in its directory.
  public static let fileName = "fluoro.sqlite"

  /// The file. SQLite keeps what was not yet written back to it in a file beside it, with `-wal` appended.
  public nonisolated let path: String
  let options: Options
  let clock: any WallClock
  let pool: DatabasePool
  /// Brings the log back into the file beside the puts; `nil` when the store is open for reading.
  private let checkpointer: DatabaseQueue?
  private var lock: WriterLock?
  /// `nil` after a failed write, until it is read from the file again.
  private var state: WriterState?
  /// The last block whose encoding was begun.
  private var encoding: Task<SealedBlock, any Error>?
  private var checkpointing: Task<Void, Never>?
  private var sealedSinceCheckpoint = 0
  /// What readers know of the file.
  let knowledge = Mutex(Knowledge())
  private var isClosed = false
  private var received = 0
  private var rejected: [String: Int] = [:]
  private var tolerated: [String: Int] = [:]

  /// Opens the store in `directory`, or creates both.
  ///
  /// - Parameter clock: Tells when documents came, which retention goes by.
  /// - Throws: A ``StoreError``.
  public init(
    directory: String, options: Options = Options(), clock: any WallClock = SystemClock()
  ) throws {
    let path = directory + (directory.hasSuffix("/") ? "" : "/") + Self.fileName
    self.path = path
    self.options = options
    self.clock = clock
    if options.isReadOnly {
      guard fileSize(path) != nil else { throw StoreError(.cannotOpen, path: path, "there is no store") }
    } else {
      try createDirectory(directory)
      lock = try WriterLock(at: path + ".lock", for: path)
    }
    do {
      pool = try DatabasePool(path: path, configuration: Self.configuration(options, path: path))
      guard !options.isReadOnly else {
        checkpointer = nil
        return
      }
      checkpointer = try DatabaseQueue(path: path, configuration: Self.configuration(options, path: path))
      state = try pool.writeWithoutTransaction { db in
        try Schema.prepare(db, path: path)
        if options.isSynchronousFull { try db.execute(sql: "PRAGMA synchronous = FULL") }
        if let limit = options.pageLimit { try db.execute(sql: "PRAGMA max_page_count = \(limit)") }
        return try WriterState(db, options: options, path: path)
      }
    } catch {
      throw StoreError(error, path: path).withMissingEnd()
    }
  }

  private static func configuration(_ options: Options, path: String) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = options.isReadOnly
    configuration.busyMode = .timeout(5)
    configuration.label = "fluoro.store"
    configuration.prepareDatabase { db in
      // The file may be anybody's: its definitions run no code, and each page is looked at before it is used.
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
      if options.isReadOnly {
        // Without this, SQLite refuses a file whose end is missing altogether.
        try db.execute(sql: "PRAGMA writable_schema = ON")
        guard try Schema.recognize(db, path: path) == .store else {
          throw StoreError(.cannotOpen, path: path, "is empty: it needs to be opened for writing once")
        }
      } else if !db.configuration.readonly {
        _ = try Schema.recognize(db, path: path)
        // Takes effect in a new file only: lets retention give space back without rewriting everything.
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_size_limit = \(16 << 20)")
        // The pages of two open blocks: they are looked at once more when they go. Checkpoints have a connection of
        // their own; only when that does not keep up, they hold a put back.
        try db.execute(sql: "PRAGMA cache_size = -10000; PRAGMA wal_autocheckpoint = 8000")
      }
    }
    return configuration
  }

  /// Closes the store and brings everything into its one file. All that was put is on disk already.
  public func close() async throws {
    isClosed = true
    // What cannot be sealed now, for want of room, can be when the store is opened again.
    if state != nil { try? await sealBeforeClosing() }
    _ = try? await encoding?.value
    state = nil
    do {
      // SQLite empties its log when the last connection goes, unless that is one for reading.
      pool.invalidateReadOnlyConnections()
      await checkpointing?.value
      try checkpointer?.close()
      try pool.close()
    } catch {
      throw StoreError(error, path: path)
    }
    lock = nil
  }

  /// A block takes a good part of its bytes even when it is small: few documents wait for more.
  private func sealBeforeClosing() async throws {
    guard let state, !state.full.isEmpty || isWorthSealing(state.open) else { return }
    if isWorthSealing(state.open) { try transact { try $0.close() } }
    try await seal(leaving: 0)
    // The pages of `open`.
    try writeWithoutTransaction { try $0.execute(sql: "PRAGMA incremental_vacuum") }
  }

  private func isWorthSealing(_ open: OpenBlock) -> Bool {
    open.documents.count >= options.blockDocuments / 4 || open.documents.bytes.count >= options.blockBytes / 4
  }

  public func statistics() async throws -> StoreStatistics {
    let totals = try read { try Totals($0, path: self.path) }
    return StoreStatistics(
      documents: Int(totals.documents), traces: Int(totals.traces), documentBytes: Int(totals.bytes),
      storedBytes: (fileSize(path) ?? 0) + (fileSize(path + "-wal") ?? 0), received: received, rejected: rejected,
      tolerated: tolerated)
  }

  // MARK: Writing

  public nonisolated func put(_ batch: DocumentBatch) async throws -> [SegmentOutcome] {
    let scan = BatchScan(batch)
    try await store(batch, scan)
    return scan.outcomes
  }

  private func store(_ batch: DocumentBatch, _ scan: BatchScan) async throws {
    if !scan.accepted.isEmpty {
      // Faster than blocks can be sealed, nothing is taken.
      try await seal(leaving: 2)
      try write { transaction in
        for (position, index) in scan.accepted { try transaction.put(batch[position], index) }
      }
      beginEncoding()
      // The batch is stored: what cannot be sealed now is with one of the next.
      try? await seal(leaving: 1)
    }
    received += batch.count
    rejected.merge(scan.rejected, uniquingKeysWith: +)
    tolerated.merge(scan.tolerated, uniquingKeysWith: +)
  }

  /// Seals full blocks, the earliest first, until so many are left.
  private func seal(leaving count: Int) async throws {
    while let full = state?.full, full.count > count, let first = full.first {
      beginEncoding()
      guard let encoding = state?.full.first?.encoding else { return }
      let block = try await encoding.value
      // Others may have sealed it meanwhile, or read everything from the file again.
      guard state?.full.first?.block.id == first.block.id, state?.full.first?.encoding == encoding else { continue }
      try transact { try $0.seal(block) }
      publishSealedBlocks()
      beginCheckpoint()
    }
  }

  /// Brings the log back into the file, once some blocks were sealed.
  private func beginCheckpoint() {
    sealedSinceCheckpoint += 1
    guard sealedSinceCheckpoint >= Self.blocksPerCheckpoint, let checkpointer else { return }
    sealedSinceCheckpoint = 0
    checkpointing = Task.detached { [before = checkpointing] in
      await before?.value
      // What cannot be done now, for a reader's sake, is done the next time.
      _ = try? await checkpointer.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
    }
  }

  /// The pages of `open` that one block leaves are taken by the next: fewer checkpoints write them less often.
  private static let blocksPerCheckpoint = 3

  /// Encodes the first full block beside everything else.
  private func beginEncoding() {
    guard let full = state?.full.first, full.encoding == nil else { return }
    let encoding = Task.detached { [block = full.block, before = self.encoding] in
      _ = try? await before?.value
      return SealedBlock(block, earlier: try self.earlierParts(of: block))
    }
    state?.full[0].encoding = encoding
    self.encoding = encoding
  }

  /// Lets readers know what they would have to read otherwise.
  private func publishSealedBlocks() {
    guard let state else { return }
    let catalog = Catalog(sealed: state.catalog, revision: state.totals.revision)
    knowledge.withLock { if $0.catalog.revision < catalog.revision { $0.catalog = catalog } }
  }

  private nonisolated func earlierParts(of block: OpenBlock) throws -> EarlierParts {
    try reading(sealedOnly: true) { db, catalog in
      try EarlierParts(of: block.continued, before: block.id, in: db, catalog, path: path)
    }
  }

  /// Runs one transaction: all of it is committed when this returns, or nothing when it throws.
  func write<Result>(_ body: (inout PutTransaction) throws -> Result) throws -> Result {
    guard !isClosed else { throw StoreError(.closed, path: path, "was closed") }
    guard !options.isReadOnly else { throw StoreError(.readOnly, path: path, "was opened for reading only") }
    return try transact(body)
  }

  /// ``Totals/revision`` as the writer knows it; `nil` until it is read again.
  var revision: Int64? { state?.totals.revision }

  /// Makes the writer read from the file what is in no block yet.
  func forgetOpenBlocks() { state = nil }

  private func transact<Result>(_ body: (inout PutTransaction) throws -> Result) throws -> Result {
    var state = self.state.take()
    do {
      let result = try pool.write { db in
        // Moved, not copied: the open block would be copied with its first change.
        var transaction = try PutTransaction(
          db, of: self, now: clock.now, state: state.take() ?? WriterState(db, options: options, path: path))
        let result = try body(&transaction)
        try transaction.finish()
        state = transaction.state
        return result
      }
      self.state = state
      return result
    } catch {
      throw StoreError(error, path: path)
    }
  }

  func writeWithoutTransaction<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do { return try pool.writeWithoutTransaction(body) } catch { throw StoreError(error, path: path) }
  }

  /// Reads one state of the file, whatever is written meanwhile.
  nonisolated func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    var result: Result?
    do {
      try pool.read { db in result = try body(db) }
    } catch {
      // The end of a transaction fails when it met a damaged page, even if it only read and went around it.
      if result == nil { throw StoreError(error, path: path) }
    }
    guard let result else { throw StoreError(.inputOutput, path: path, "nothing was read") }
    return result
  }

  /// Reads one state of the file, with the catalog of that state.
  ///
  /// - Parameter sealedOnly: The catalog may be without what is in no block yet.
  nonisolated func reading<Result>(
    sealedOnly: Bool = false, _ body: (Database, Catalog) throws -> Result
  ) throws -> Result {
    try read { db in try body(db, try catalog(in: db, sealedOnly: sealedOnly)) }
  }

  private nonisolated func catalog(in db: Database, sealedOnly: Bool) throws -> Catalog {
    let known = knowledge.withLock(\.catalog)
    if let totals = try? Totals(db, path: path) {
      if known.isCurrent(totals) || sealedOnly && known.revision == totals.revision { return known }
    }
    let catalog = try Catalog(db, known: known, path: path)
    knowledge.withLock { if catalog.isLater(than: $0.catalog) { $0.catalog = catalog } }
    return catalog
  }
}

/// What readers know of the file from one question to the next.
struct Knowledge {
  var catalog = Catalog()
  var summaries = SummaryCache()
}

extension StoreError {
  /// Says how much is missing when the file ends before the place that its header names.
  fileprivate func withMissingEnd() -> StoreError {
    guard reason == .damaged, let size = fileSize(path), let expected = fileSizeByHeader(path), size < expected
    else { return self }
    return StoreError(
      .damaged, path: path, place: "byte \(size)", "the file ends here, \(expected - size) bytes too early")
  }
}
