import GRDB

/// The tables, and how a file is recognised as a store (docs/store-format.md).
enum Schema {
  /// `FLUO` in SQLite's `application_id`.
  static let applicationID: Int64 = 0x464C_554F
  /// SQLite's `user_version`. Formats 1 and 2 were never released.
  static let version: Int64 = 3

  private static let statements = [
    """
    CREATE TABLE totals (id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, documents INTEGER NOT NULL, \
    bytes INTEGER NOT NULL, traces INTEGER NOT NULL, revision INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT
    """,
    """
    CREATE TABLE open (id INTEGER PRIMARY KEY, documents INTEGER NOT NULL, seen INTEGER NOT NULL, \
    checksum INTEGER NOT NULL, body_checksum INTEGER NOT NULL, entries BLOB NOT NULL, body BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE block (id INTEGER PRIMARY KEY, documents INTEGER NOT NULL, checksum INTEGER NOT NULL, \
    body BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE traces (block INTEGER PRIMARY KEY, revision INTEGER NOT NULL, bytes INTEGER NOT NULL, \
    checksum INTEGER NOT NULL, filter BLOB NOT NULL, arrivals BLOB NOT NULL, entries BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE summaries (block INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, zone BLOB NOT NULL, \
    body BLOB NOT NULL) STRICT
    """,
    """
    CREATE TABLE hidden (block INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, traces BLOB NOT NULL) STRICT
    """,
  ]

  /// What a file turned out to be.
  enum Recognition { case empty, store }

  /// Throws unless the file is empty or a store of this format.
  static func recognize(_ db: Database, path: String) throws -> Recognition {
    let application = try db.number("PRAGMA application_id")
    let version = try db.number("PRAGMA user_version")
    if application == 0, version == 0, try db.number("SELECT count(*) FROM sqlite_master") == 0 { return .empty }
    guard application == applicationID else {
      throw StoreError(.notAStore, path: path, "is a database, but not a store of Fluoro")
    }
    guard version <= Self.version else {
      throw StoreError(.newerVersion, path: path, "has format \(version); this version reads format \(Self.version)")
    }
    guard version > 0 else { throw StoreError(.damaged, path: path, place: "header", "names the format \(version)") }
    guard version == Self.version else {
      throw StoreError(.olderVersion, path: path, "has format \(version); this version reads format \(Self.version)")
    }
    try compareTables(db, path: path)
    return .store
  }

  /// A table whose definition was altered would be read as something that was never written.
  private static func compareTables(_ db: Database, path: String) throws {
    var found: Set<String> = []
    let rows = try Row.fetchCursor(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    while let row = try rows.next() {
      if case .string(let sql) = (row[0] as DatabaseValue).storage { found.insert(sql) }
    }
    guard found == Set(statements) else {
      throw StoreError(.damaged, path: path, place: "table definitions", "are not those of format \(version)")
    }
  }

  /// Makes an empty file a store.
  static func prepare(_ db: Database, path: String) throws {
    guard try recognize(db, path: path) == .empty else { return }
    try db.inTransaction {
      for statement in statements { try db.execute(sql: statement) }
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(Self.version)")
      return .commit
    }
  }
}
