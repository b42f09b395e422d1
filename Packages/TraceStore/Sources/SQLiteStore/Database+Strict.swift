import FoundationEssentials
import GRDB
import XRayModel

/// Values that a damaged file holds may have any type: these accessors throw where GRDB's subscripts would trap.
struct UnexpectedValue: Error, CustomStringConvertible {
  var column: Int
  var description: String { "column \(column) holds a value of an unexpected type" }
}

extension Row {
  func number(_ column: Int) throws -> Int64 {
    if case .int64(let value) = (self[column] as DatabaseValue).storage { return value }
    throw UnexpectedValue(column: column)
  }

  func blob(_ column: Int) throws -> Data {
    if case .blob(let value) = (self[column] as DatabaseValue).storage { return value }
    throw UnexpectedValue(column: column)
  }

  /// A blob that is copied once, out of the row of a cursor.
  func bytes(_ column: Int) throws -> [UInt8] {
    do {
      return try withUnsafeData(atIndex: column) { [UInt8]($0 ?? Data()) }
    } catch is RowDecodingError {
      throw UnexpectedValue(column: column)
    }
  }
}

extension Database {
  /// The first column of the first row.
  func number(_ sql: String) throws -> Int64 {
    guard let row = try Row.fetchOne(self, sql: sql) else { throw UnexpectedValue(column: 0) }
    return try row.number(0)
  }

  /// Runs a statement that is prepared once per connection.
  func run(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// The first row of a statement that is prepared once per connection.
  func row(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
  }

  /// Reads the first row where it lies; `nil` when there is none.
  func first<Result>(
    _ sql: String, _ arguments: StatementArguments, _ read: (Row) throws -> Result
  ) throws -> Result? {
    let rows = try rows(sql, arguments)
    return try rows.next().map(read)
  }

  /// The rows of a statement that is prepared once per connection. Each is valid until the next is asked for, and while the
  /// cursor lives.
  func rows(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> RowCursor {
    try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments)
  }
}

extension TraceID {
  /// The 16 bytes of the id, the highest first: their order is the order of ids, which begin with the time.
  var key: Data {
    var data = Data(capacity: 16)
    withUnsafeBytes(of: epoch.bigEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: high.bigEndian) { data.append(contentsOf: $0) }
    withUnsafeBytes(of: low.bigEndian) { data.append(contentsOf: $0) }
    return data
  }

  init?(key: some Collection<UInt8>) {
    guard key.count == 16 else { return nil }
    func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(
      epoch: UInt32(number(key.prefix(4))), high: UInt32(number(key.dropFirst(4).prefix(4))),
      low: number(key.dropFirst(8)))
  }
}
