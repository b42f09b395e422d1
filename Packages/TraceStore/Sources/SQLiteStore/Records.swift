import FoundationEssentials
import GRDB
import XRayModel

/// What the index knows of a trace: a row of `trace`.
struct TraceRecord {
  var id: TraceID
  /// The earliest start of a document.
  var start: Timestamp
  /// When the last document came.
  var seen: Timestamp
  var documents: Int64 = 0
  /// Bytes of the documents.
  var bytes: Int64 = 0

  init(id: TraceID, start: Timestamp, seen: Timestamp) {
    self.id = id
    self.start = start
    self.seen = seen
  }

  static let select = "SELECT id, start, seen, documents, bytes, checksum FROM trace"

  /// Reads a row of ``select``.
  init(_ row: Row, path: String) throws(StoreError) {
    do {
      id = try row.traceID(0)
      start = Timestamp(ticks: try row.number(1))
      seen = Timestamp(ticks: try row.number(2))
      documents = try row.number(3)
      bytes = try row.number(4)
      let checksum = try row.number(5)
      guard checksum == self.checksum else {
        throw StoreError(.damaged, path: path, place: "trace \(id)", "the checksum of its index entry is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: "trace index")
    }
  }

  static func find(_ id: TraceID, in db: Database, path: String) throws -> TraceRecord? {
    guard let row = try db.row("\(select) WHERE id = ?", [id.key]) else { return nil }
    let record = try TraceRecord(row, path: path)
    // A damaged page may answer with another row.
    guard record.id == id else {
      throw StoreError(.damaged, path: path, place: "trace \(id)", "another trace stands in its place")
    }
    return record
  }

  /// Counts one more document.
  mutating func add(start: Timestamp, seen: Timestamp, bytes: Int) {
    self.start = min(self.start, start)
    self.seen = seen
    documents += 1
    self.bytes += Int64(bytes)
  }

  private var checksum: Int64 {
    var checksum = Checksum()
    id.key.withUnsafeBytes { checksum.add($0) }
    for number in [start.ticks, seen.ticks, documents, bytes] { checksum.add(number) }
    return Int64(checksum.value)
  }

  func write(to db: Database) throws {
    try db.run(
      """
      INSERT INTO trace (id, start, seen, documents, bytes, checksum) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET start = excluded.start, seen = excluded.seen, documents = excluded.documents,
      bytes = excluded.bytes, checksum = excluded.checksum
      """, [id.key, start.ticks, seen.ticks, documents, bytes, checksum])
  }
}

/// What the store holds: the row of `totals`.
struct Totals {
  /// The number that the next document gets.
  var sequence: Int64 = 0
  var documents: Int64 = 0
  var bytes: Int64 = 0
  var traces: Int64 = 0

  init() {}

  /// What the store has; zeros when nothing was ever put.
  init(_ db: Database, path: String) throws {
    let sql = "SELECT sequence, documents, bytes, traces, checksum FROM totals WHERE id = 1"
    guard let row = try db.row(sql) else { return }
    do {
      sequence = try row.number(0)
      documents = try row.number(1)
      bytes = try row.number(2)
      traces = try row.number(3)
      guard try row.number(4) == checksum else {
        throw StoreError(.damaged, path: path, place: "totals", "their checksum is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: "totals")
    }
  }

  private var checksum: Int64 {
    var checksum = Checksum()
    for number in [sequence, documents, bytes, traces] { checksum.add(number) }
    return Int64(checksum.value)
  }

  func write(to db: Database) throws {
    try db.run(
      "INSERT OR REPLACE INTO totals (id, sequence, documents, bytes, traces, checksum) VALUES (1, ?, ?, ?, ?, ?)",
      [sequence, documents, bytes, traces, checksum])
  }
}
