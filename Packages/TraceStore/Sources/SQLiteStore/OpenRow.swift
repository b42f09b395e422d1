import FoundationEssentials
import GRDB
import XRayModel

/// Documents that are in no sealed block yet, as they came with one batch: a row of `open`.
struct OpenRow {
  /// The number of its first document in the order of arrival over the life of the store.
  var id: Int64
  private(set) var documents = DocumentBatch()
  /// The trace of each document.
  private(set) var traces: [TraceID] = []

  static let select = "SELECT id, documents, checksum, entries, body FROM open"
  /// Bytes of one entry: the trace's key and the document's length.
  private static let entryBytes = 20

  init(id: Int64) { self.id = id }

  /// Reads a row of ``select``.
  init(_ row: Row, path: String) throws(StoreError) {
    var place = "open"
    do {
      id = try row.number(0)
      place = "open \(id)"
      let entries = try row.blob(3)
      let body = try row.blob(4)
      guard try row.number(2) == Self.checksum(entries, body, id, try row.number(1)) else {
        throw StoreError(.damaged, path: path, place: place, "its checksum is wrong")
      }
      guard unpack(entries, body), try row.number(1) == traces.count else {
        throw StoreError(.damaged, path: path, place: place, "its content does not unpack")
      }
    } catch {
      throw StoreError(error, path: path, place: place)
    }
  }

  /// Whether the row may hold documents of one of `traces`, by its column `entries` at `index` alone.
  static func mayHold(_ traces: Set<Data>, _ row: Row, entries index: Int) throws -> Bool {
    let entries = try row.blob(index)
    return stride(from: entries.startIndex, to: entries.endIndex - entryBytes + 1, by: entryBytes).contains {
      traces.contains(entries[$0..<$0 + 16])
    }
  }

  /// `false` when the lengths do not add up, or one is longer than any document.
  private mutating func unpack(_ entries: Data, _ body: Data) -> Bool {
    guard entries.count.isMultiple(of: Self.entryBytes) else { return false }
    var end = body.startIndex
    for entry in stride(from: entries.startIndex, to: entries.endIndex, by: Self.entryBytes) {
      guard let trace = TraceID(key: entries[entry..<entry + 16]) else { return false }
      let length = (0..<4).reduce(0) { $0 | Int(entries[entry + 16 + $1]) << (8 * $1) }
      guard length <= SegmentIndex.documentBytesLimit, length <= body.endIndex - end else { return false }
      traces.append(trace)
      documents.append(body[end..<end + length])
      end += length
    }
    return end == body.endIndex
  }

  mutating func append(_ document: ArraySlice<UInt8>, of trace: TraceID) {
    documents.append(document)
    traces.append(trace)
  }

  func write(to db: Database) throws {
    var entries = Data(capacity: traces.count * Self.entryBytes)
    for (position, trace) in traces.enumerated() {
      entries.append(trace.key)
      withUnsafeBytes(of: UInt32(documents.range(of: position).count).littleEndian) { entries.append(contentsOf: $0) }
    }
    let body = Data(documents.bytes)
    let count = Int64(traces.count)
    try db.run(
      "INSERT OR REPLACE INTO open (id, documents, checksum, entries, body) VALUES (?, ?, ?, ?, ?)",
      [id, count, Self.checksum(entries, body, id, count), entries, body])
  }

  private static func checksum(_ entries: Data, _ body: Data, _ id: Int64, _ documents: Int64) -> Int64 {
    var checksum = Checksum()
    for part in [entries, body] { part.withUnsafeBytes { checksum.add($0) } }
    for number in [id, documents] { checksum.add(number) }
    return Int64(checksum.value)
  }
}
