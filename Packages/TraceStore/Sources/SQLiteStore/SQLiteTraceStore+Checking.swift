import GRDB
import TraceColumns
import Traces
import XRayModel

extension SQLiteTraceStore {
  /// Reads everything: the file's structure, every block, every trace, every summary. Other tasks may write meanwhile.
  ///
  /// - Throws: What keeps the check itself from going on; damage is in the answer.
  public nonisolated func check() async throws -> StoreCheck {
    var check = StoreCheck()
    for found in [structure(), sums()] {
      try check.note { check throws(StoreError) in check.damage += try found.get() }
    }
    var walk = BlockWalk()
    while let documents = try read({ db in try walk.next(in: db, path: path) }) {
      try Task.checkCancellation()
      check.documents += documents.count
      await Task.yield()
    }
    check.blocks = walk.blockCount
    check.damage += walk.damaged
    try await checkTraces(&check)
    return check
  }

  /// What SQLite says about its pages.
  private nonisolated func structure() -> Result<[StoreError], StoreError> {
    result { db in
      var damage: [StoreError] = []
      let rows = try Row.fetchCursor(db, sql: "PRAGMA integrity_check(20)")
      while let row = try rows.next() {
        guard case .string(let line) = (row[0] as DatabaseValue).storage, line != "ok" else { continue }
        damage.append(StoreError(.damaged, path: path, place: "structure", line))
      }
      return damage
    }
  }

  /// Whether the totals are the sums of what they stand for, and every block has its index, bounds and summaries.
  private nonisolated func sums() -> Result<[StoreError], StoreError> {
    result { db in
      let totals = try Totals(db, path: path)
      let catalog = try Catalog(db, known: Catalog(), path: path)
      var damage = catalog.blocks.compactMap(\.damage) + catalog.open.compactMap(\.damage)
      if let loss = catalog.loss { damage.append(loss) }
      guard damage.isEmpty else { return damage }
      let openBytes = catalog.open.reduce(0) { $0 + $1.lengths.reduce(0, +) }
      for (expected, found, noun) in [
        (totals.documents, try db.number("SELECT coalesce(sum(documents), 0) FROM block"), "documents in blocks"),
        (totals.bytes, catalog.blocks.reduce(0) { $0 + $1.bytes }, "bytes of documents"),
      ] {
        let open = noun.hasPrefix("bytes") ? openBytes : catalog.open.reduce(0) { $0 + $1.traces.count }
        guard found + Int64(open) != expected else { continue }
        damage.append(
          StoreError(
            .damaged, path: path, place: "totals", "\(found + Int64(open)) \(noun) are found, \(expected) expected"))
      }
      return damage
    }
  }

  /// Compiles every trace from its documents, and compares it with what its summary says.
  private nonisolated func checkTraces(_ check: inout StoreCheck) async throws {
    let catalog = try reading { _, catalog in catalog }
    var distinct = 0
    for block in catalog.blocks.map(Optional.some) + [nil] {
      try Task.checkCancellation()
      var damaged: [TraceID] = []
      try check.note { check throws(StoreError) in
        let (traces, found) = try result { db in try self.traces(of: block, catalog, db) }.get()
        distinct += traces.count
        for trace in traces {
          do throws(StoreError) {
            guard let compiled = try trace.documents.compiled(path: path) else { continue }
            check.traces += 1
            guard let summary = trace.summary, summary != TraceSummary(of: compiled) else { continue }
            throw StoreError(
              .damaged, path: path, place: "summaries of block \(block?.id ?? -1)",
              "that of trace \(compiled.id) is another one's, or out of date")
          } catch {
            damaged.append(trace.documents.id)
            check.add(error)
          }
        }
        for error in found { check.add(error) }
      }
      check.damagedTraces += damaged.sorted()
      await Task.yield()
    }
    try check.note { check throws(StoreError) in
      let expected = try result { db in try Totals(db, path: path) }.get().traces
      guard check.damage.isEmpty, expected != distinct else { return }
      check.add(
        StoreError(.damaged, path: path, place: "totals", "\(distinct) traces are found, \(expected) expected"))
    }
  }

  private struct CheckedTrace {
    var documents: GatheredTrace
    /// `nil` where it is not in columns.
    var summary: TraceSummary?
  }

  /// The traces whose last documents a block has; those of open documents where `block` is `nil`.
  private nonisolated func traces(
    of block: CatalogBlock?, _ catalog: Catalog, _ db: Database
  ) throws -> (traces: [CheckedTrace], damage: [StoreError]) {
    var gathering = TraceGathering(db, catalog, path: path)
    guard let block else {
      return (try gather(catalog.openParts.keys.sorted(), &gathering) { _ in nil }, [])
    }
    let index = try block.traces(in: db, path: path)
    var damage: [StoreError] = []
    var segment: SummarySegment?
    do {
      segment = try BlockSummaries.segment(of: index, in: db, path: path)
      segment?.hide(try HiddenTraces.of(block.id, in: db, path: path))
    } catch {
      let error = StoreError(error, path: path, place: "summaries of block \(block.id)")
      guard error.reason == .damaged else { throw error }
      damage.append(error)
    }
    let last = try index.ids.filter { id in
      try catalog.openParts[id] == nil && gathering.blocks(of: id).last == block.id
    }
    let traces = try gather(last, &gathering) { id in
      guard let segment, let row = segment.row(of: id) else { return nil }
      return try segment.summary(at: row)
    }
    return (traces, damage)
  }

  private nonisolated func gather(
    _ ids: [TraceID], _ gathering: inout TraceGathering, _ summary: (TraceID) throws -> TraceSummary?
  ) throws -> [CheckedTrace] {
    var traces: [CheckedTrace] = []
    var rest = ids[...]
    while !rest.isEmpty {
      let gathered = try gathering.gather(rest)
      rest = rest.dropFirst(gathered.count)
      for trace in gathered { traces.append(CheckedTrace(documents: trace, summary: try summary(trace.id))) }
    }
    return traces
  }

  private nonisolated func result<Success>(_ body: (Database) throws -> Success) -> Result<Success, StoreError> {
    Result { () throws(StoreError) in
      do { return try read(body) } catch { throw StoreError(error, path: path) }
    }
  }
}

extension StoreCheck {
  /// Notes damage that `body` meets; throws any other error.
  fileprivate mutating func note(_ body: (inout StoreCheck) throws(StoreError) -> Void) throws {
    do throws(StoreError) {
      try body(&self)
    } catch {
      guard error.reason == .damaged else { throw error }
      add(error)
    }
  }

  /// Adds damage unless its place is known already.
  fileprivate mutating func add(_ error: StoreError) {
    if !damage.contains(where: { $0.place == error.place }) { damage.append(error) }
  }
}
