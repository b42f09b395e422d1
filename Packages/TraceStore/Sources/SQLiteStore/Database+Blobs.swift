import GRDB
import GRDBSQLite

/// A blob of which parts are read: SQLite otherwise reads all its pages for a column, however little is wanted.
struct OpenBlob: ~Copyable {
  private let handle: OpaquePointer
  /// Bytes of the whole blob.
  let count: Int

  fileprivate init(_ handle: OpaquePointer) {
    self.handle = handle
    count = Int(sqlite3_blob_bytes(handle))
  }

  deinit { sqlite3_blob_close(handle) }

  func bytes(in range: Range<Int>) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try append(range, to: &bytes)
    return bytes
  }

  /// Reads a part behind what is there.
  func append(_ range: Range<Int>, to bytes: inout [UInt8]) throws {
    guard range.upperBound <= count else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
    var code = SQLITE_OK
    bytes.append(addingCapacity: range.count) { output in
      output.withUnsafeMutableBufferPointer { buffer, written in
        code = sqlite3_blob_read(
          handle, buffer.baseAddress.map { $0 + written }, Int32(range.count), Int32(range.lowerBound))
        if code == SQLITE_OK { written += range.count }
      }
    }
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }
}

extension Database {
  /// Opens a blob that is there; the row must not change meanwhile.
  func readingBlob<Result>(
    table: String, column: String, row: Int64, _ body: (borrowing OpenBlob) throws -> Result
  ) throws -> Result {
    var handle: OpaquePointer?
    let code = sqlite3_blob_open(sqliteConnection, "main", table, column, row, 0, &handle)
    guard code == SQLITE_OK, let handle else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    return try body(OpenBlob(handle))
  }
}
