import GRDB
import XRayModel

/// What the store holds: the row of `totals`.
struct Totals {
  /// The number that the next document gets.
  var sequence: Int64 = 0
  var documents: Int64 = 0
  var bytes: Int64 = 0
  var traces: Int64 = 0
  /// Grows with every change to the sealed blocks, and when open documents go.
  var revision: Int64 = 0

  init() {}

  /// What the store has; zeros when nothing was ever put.
  init(_ db: Database, path: String) throws {
    let sql = "SELECT sequence, documents, bytes, traces, revision, checksum FROM totals WHERE id = 1"
    guard let row = try db.row(sql) else { return }
    do {
      sequence = try row.number(0)
      documents = try row.number(1)
      bytes = try row.number(2)
      traces = try row.number(3)
      revision = try row.number(4)
      guard try row.number(5) == checksum else {
        throw StoreError(.damaged, path: path, place: "totals", "their checksum is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: "totals")
    }
  }

  private var checksum: Int64 {
    var checksum = Checksum()
    for number in [sequence, documents, bytes, traces, revision] { checksum.add(number) }
    return Int64(checksum.value)
  }

  func write(to db: Database) throws {
    try db.run(
      """
      INSERT OR REPLACE INTO totals (id, sequence, documents, bytes, traces, revision, checksum)
      VALUES (1, ?, ?, ?, ?, ?, ?)
      """, [sequence, documents, bytes, traces, revision, checksum])
  }
}
