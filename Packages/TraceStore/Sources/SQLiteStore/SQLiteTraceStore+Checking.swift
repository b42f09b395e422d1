import GRDB
import Traces
import XRayModel

extension SQLiteTraceStore {
  /// Reads everything: the file's structure, every block, every trace. Other tasks may write meanwhile.
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

  /// Whether the totals are the sums of what they stand for.
  private nonisolated func sums() -> Result<[StoreError], StoreError> {
    result { db in
      let totals = try Totals(db, path: path)
      let sums = [
        (
          totals.documents, "documents in blocks",
          """
          SELECT (SELECT coalesce(sum(documents), 0) FROM block) + (SELECT coalesce(sum(documents), 0) FROM open)
          """
        ),
        (totals.documents, "documents in traces", "SELECT coalesce(sum(documents), 0) FROM trace"),
        (totals.bytes, "bytes of documents", "SELECT coalesce(sum(bytes), 0) FROM trace"),
        (totals.traces, "traces", "SELECT count(*) FROM trace"),
      ]
      return try sums.compactMap { expected, noun, sql in
        let found = try db.number(sql)
        return found == expected
          ? nil : StoreError(.damaged, path: path, place: "totals", "\(found) \(noun) are found, \(expected) expected")
      }
    }
  }

  private nonisolated func checkTraces(_ check: inout StoreCheck) async throws {
    var position: TraceReference?
    repeat {
      var references: [TraceReference] = []
      try check.note { _ throws(StoreError) in
        references = try result { db in try latest(Self.walkLimit, in: nil, after: position, db) }.get()
      }
      try await compile(references) { reference, trace in
        switch trace {
        case .success(let trace): check.traces += trace == nil ? 0 : 1
        case .failure(let error):
          check.damagedTraces.append(reference.id)
          check.add(error)
        }
      }
      position = references.last
    } while position != nil
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
