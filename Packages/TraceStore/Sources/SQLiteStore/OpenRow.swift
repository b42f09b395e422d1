import FoundationEssentials
import GRDB
import XRayModel

/// Documents that are in no sealed block yet, as they came with one batch: a row of `open`.
struct OpenRow {
  /// The number of its first document in the order of arrival over the life of the store.
  var id: Int64
  /// When the batch came.
  let seen: Timestamp
  private(set) var documents = DocumentBatch()
  /// The trace of each document.
  private(set) var traces: [TraceID] = []

  init(id: Int64, seen: Timestamp) {
    self.id = id
    self.seen = seen
  }

  mutating func append(_ document: ArraySlice<UInt8>, of trace: TraceID) {
    documents.append(document)
    traces.append(trace)
  }

  static let select = "SELECT \(OpenEntries.columns), body FROM open"

  /// Reads a row of ``select``. Where only its entries are damaged, the documents themselves tell what they were.
  init(_ row: Row, path: String) throws(StoreError) {
    do {
      let body = try row.blob(6)
      let entries = try OpenEntries(row, body: body, path: path)
      id = entries.id
      seen = entries.seen
      guard try row.number(4) == Self.checksum(of: body, id) else {
        throw StoreError(.damaged, path: path, place: entries.place, "its checksum is wrong")
      }
      var end = body.startIndex
      for (trace, length) in zip(entries.traces, entries.lengths) {
        guard length <= body.endIndex - end else { break }
        documents.append(body[end..<end + length])
        traces.append(trace)
        end += length
      }
      guard end == body.endIndex, traces.count == entries.traces.count else {
        throw StoreError(.damaged, path: path, place: entries.place, "its content does not unpack")
      }
    } catch {
      throw StoreError(error, path: path, place: "open")
    }
  }

  func write(to db: Database) throws { try Self.write(id, seen, traces, documents, 0, to: db) }

  /// Writes the documents of a batch from `first` on.
  ///
  /// - Parameter traces: Theirs alone.
  static func write(
    _ id: Int64, _ seen: Timestamp, _ traces: [TraceID], _ documents: DocumentBatch, _ first: Int, to db: Database
  ) throws {
    var entries = Data(capacity: traces.count * OpenEntries.entryBytes)
    for (position, trace) in traces.enumerated() {
      entries.append(trace.key)
      let length = UInt32(documents.range(of: first + position).count)
      withUnsafeBytes(of: length.littleEndian) { entries.append(contentsOf: $0) }
    }
    let start = first == 0 ? 0 : documents.ends[first - 1]
    let body = documents.bytes[start...].withUnsafeBytes { Data($0) }
    let (count, bodyChecksum) = (Int64(traces.count), checksum(of: body, id))
    let checksum = OpenEntries.checksum(entries, [id, count, seen.ticks])
    try db.run(
      """
      INSERT OR REPLACE INTO open (id, documents, seen, checksum, body_checksum, entries, body)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, [id, count, seen.ticks, checksum, bodyChecksum, entries, body])
  }

  fileprivate static func checksum(of body: Data, _ id: Int64) -> Int64 {
    var checksum = Checksum()
    body.withUnsafeBytes { checksum.add($0) }
    checksum.add(id)
    return Int64(checksum.value)
  }
}

/// What a row of `open` tells of its documents without reading them.
struct OpenEntries: Sendable {
  let id: Int64
  private(set) var seen = Timestamp.upperBound
  /// The trace and the length of each document.
  private(set) var traces: [TraceID] = []
  private(set) var lengths: [Int] = []
  /// Why the entries had to be made again from the documents.
  private(set) var damage: StoreError?

  static let columns = "id, documents, seen, checksum, body_checksum, entries"
  /// Bytes of one entry: the trace's key and the document's length.
  static let entryBytes = 20

  var place: String { "open \(id)" }

  /// Reads a row of ``columns``.
  ///
  /// - Parameter body: The row's body; asked for only when the entries are damaged. `nil` gives up then.
  init(_ row: Row, body: @autoclosure () throws -> Data?, path: String) throws {
    id = try row.number(0)
    do {
      seen = Timestamp(ticks: try row.number(2))
      let entries = try row.blob(5)
      let numbers = [id, try row.number(1), seen.ticks]
      guard try row.number(3) == Self.checksum(entries, numbers), try unpack(entries) == row.number(1) else {
        throw StoreError(.damaged, path: path, place: "open \(id)", "its checksum is wrong")
      }
    } catch {
      let damage = StoreError(error, path: path, place: "open \(id)")
      guard let body = try body() else { throw damage }
      guard case .int64(OpenRow.checksum(of: body, id)) = (row[4] as DatabaseValue).storage, recover(from: body) else {
        throw damage
      }
      // The time is lost; what came last is kept longest.
      seen = .upperBound
      self.damage = damage
    }
  }

  /// Returns the number of documents.
  private mutating func unpack(_ entries: Data) throws -> Int64 {
    guard entries.count.isMultiple(of: Self.entryBytes) else { return -1 }
    for entry in stride(from: entries.startIndex, to: entries.endIndex, by: Self.entryBytes) {
      guard let trace = TraceID(key: entries[entry..<entry + 16]) else { return -1 }
      traces.append(trace)
      lengths.append((0..<4).reduce(0) { $0 | Int(entries[entry + 16 + $1]) << (8 * $1) })
    }
    return Int64(traces.count)
  }

  /// Finds where each document ends: it is one JSON object.
  private mutating func recover(from body: Data) -> Bool {
    (traces, lengths) = ([], [])
    var (depth, start) = (0, body.startIndex)
    var isText = false
    var isEscaped = false
    for (position, byte) in zip(body.indices, body) {
      if isText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"):
        // Space between two documents could belong to either.
        if depth == 0, position != start { return false }
        depth += 1
      case UInt8(ascii: "}"): depth -= 1
      default: continue
      }
      guard depth == 0, !isText else { continue }
      guard let index = try? SegmentIndex(scanning: Array(body[start...position]).span) else { return false }
      traces.append(index.traceID)
      lengths.append(position + 1 - start)
      start = position + 1
    }
    return start == body.endIndex
  }

  static func checksum(_ entries: Data, _ numbers: [Int64]) -> Int64 {
    var checksum = Checksum()
    entries.withUnsafeBytes { checksum.add($0) }
    for number in numbers { checksum.add(number) }
    return Int64(checksum.value)
  }
}
