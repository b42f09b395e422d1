import FoundationEssentials
import GRDB
import SegmentBlocks
import XRayModel

/// Documents that are encoded together and sorted by trace, never added to: a row of `block`.
struct BlockBody: Sendable {
  /// The number of its first document in the order of arrival over the life of the store.
  let id: Int64
  let documents: Int64
  let body: [UInt8]

  /// - Parameter order: The documents' numbers, sorted by trace.
  init(id: Int64, _ documents: DocumentBatch, order: [Int]) {
    self.id = id
    self.documents = Int64(documents.count)
    do { body = try SegmentBlock.encode(documents, order: order).bytes } catch {
      preconditionFailure("a block is within the limits of the encoding: \(error)")
    }
  }

  static let select = "SELECT id, documents, checksum, body FROM block"

  /// Reads a row of ``select``.
  private init(_ row: Row, path: String) throws(StoreError) {
    do {
      id = try row.number(0)
      documents = try row.number(1)
      body = try row.bytes(3)
      guard try row.number(2) == checksum else {
        throw StoreError(.damaged, path: path, place: "block \(id)", "its checksum is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: "block")
    }
  }

  /// The sealed block of that number; `nil` when there is none.
  static func find(_ id: Int64, in db: Database, path: String) throws -> BlockBody? {
    guard let block = try db.first("\(select) WHERE id = ?", [id], { try BlockBody($0, path: path) }) else {
      return nil
    }
    // A damaged page may answer with another row.
    guard block.id == id else {
      throw StoreError(.damaged, path: path, place: "block \(id)", "another block stands in its place")
    }
    return block
  }

  /// Reads no more of the sealed block of that number than the documents at `places` need; `nil` when there is none.
  static func reader(
    of id: Int64, holding places: Range<Int>, in db: Database, path: String
  ) throws -> BlockReader? {
    guard let row = try db.row("SELECT id, documents, checksum FROM block WHERE id = ?", [id]) else { return nil }
    let place = "block \(id)"
    do {
      return try db.readingBlob(table: "block", column: "body", row: id) { blob in
        let start = try blob.bytes(in: 0..<min(blob.count, BlockOutline.startLength))
        guard try row.number(0) == id, try row.number(2) == checksum(start, [id, try row.number(1)]) else {
          throw StoreError(.damaged, path: path, place: place, "its checksum is wrong")
        }
        let length = try BlockOutline.headerLength(start)
        let outline = try BlockOutline(
          header: try blob.bytes(in: 0..<min(blob.count, length)), blockLength: blob.count)
        var bytes = try blob.bytes(in: outline.opening)
        try blob.append(outline.bytes(holding: places), to: &bytes)
        return try BlockReader(bytes, outline, holding: places)
      }
    } catch let error as BlockError {
      throw StoreError(.damaged, path: path, place: place, "\(error)")
    }
  }

  var place: String { "block \(id)" }

  /// Over the start of the body, then id and documents. The body has checksums of its own, part by part, so that
  /// reading a part costs no more than that.
  private var checksum: Int64 { Self.checksum(Array(body.prefix(BlockOutline.startLength)), [id, documents]) }

  private static func checksum(_ start: [UInt8], _ numbers: [Int64]) -> Int64 {
    var checksum = Checksum()
    start.withUnsafeBytes { checksum.add($0) }
    for number in numbers { checksum.add(number) }
    return Int64(checksum.value)
  }

  func reader(path: String) throws(StoreError) -> BlockReader {
    do { return try BlockReader(body) } catch { throw damaged(error, path) }
  }

  /// What the block tells of its traces; when they came it does not know.
  func traces(path: String) throws(StoreError) -> BlockTraces {
    let documents: DocumentBatch
    do { documents = try reader(path: path).documents() } catch { throw damaged(error, path) }
    var traces: [(id: TraceID, checksums: [UInt16])] = []
    for position in 0..<documents.count {
      let document = documents[position]
      guard let id = try? SegmentIndex(scanning: document.span).traceID else {
        throw StoreError(.damaged, path: path, place: place, "holds something else than documents")
      }
      if traces.last?.id != id { traces.append((id, [])) }
      traces[traces.count - 1].checksums.append(UInt16(truncatingIfNeeded: Checksum(of: document).value))
    }
    var arrivals = BlockTraces.Arrivals()
    arrivals.add(documents.count, at: .upperBound)
    return BlockTraces(block: id, traces: traces, bytes: Int64(documents.bytes.count), arrivals: arrivals)
  }

  private func damaged(_ error: any Error, _ path: String) -> StoreError {
    error as? StoreError ?? StoreError(.damaged, path: path, place: place, "\(error)")
  }

  func write(to db: Database) throws {
    try db.run(
      "INSERT OR REPLACE INTO block (id, documents, checksum, body) VALUES (?, ?, ?, ?)",
      [id, documents, checksum, Data(body)])
  }
}
