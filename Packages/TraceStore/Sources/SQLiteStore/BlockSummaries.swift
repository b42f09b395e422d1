import FoundationEssentials
import GRDB
import TraceColumns
import XRayModel

/// The summaries of a block's traces, in columns: a row of `summaries`. They can be made again from the documents.
struct BlockSummaries: Sendable {
  let block: Int64
  let zone: [UInt8]
  let body: [UInt8]

  init(block: Int64, _ segment: SummarySegment) {
    self.block = block
    zone = segment.zone.bytes
    body = segment.bytes
  }

  func write(to db: Database) throws {
    try db.run(
      "INSERT OR REPLACE INTO summaries (block, checksum, zone, body) VALUES (?, ?, ?, ?)",
      [block, Self.checksum(zone, body, block), Data(zone), Data(body)])
  }

  /// The bounds of a block's summaries.
  static func zone(of block: Int64, in db: Database, path: String) throws -> SegmentZone {
    // The start of the body is enough to tell that it belongs to the row.
    let sql = "SELECT checksum, zone, substr(body, 1, \(checkedBytes)) FROM summaries WHERE block = ?"
    guard let zone = try db.first(sql, [block], { try zone($0, of: block, path: path) }) else {
      throw missing(block, path)
    }
    return zone
  }

  /// The summaries of a block's traces.
  static func segment(of traces: BlockTraces, in db: Database, path: String) throws -> SummarySegment {
    let block = traces.block
    let body = try db.first("SELECT checksum, zone, body FROM summaries WHERE block = ?", [block]) { row in
      _ = try zone(row, of: block, path: path)
      return try row.bytes(2)
    }
    guard let body else { throw missing(block, path) }
    do { return try SummarySegment(decoding: body, ids: traces.ids) } catch {
      throw StoreError(.damaged, path: path, place: place(block), "\(error)")
    }
  }

  private static func missing(_ block: Int64, _ path: String) -> StoreError {
    StoreError(.damaged, path: path, place: place(block), "are missing")
  }

  private static func zone(_ row: Row, of block: Int64, path: String) throws -> SegmentZone {
    let zone = try row.bytes(1)
    let start = try row.withUnsafeData(atIndex: 2) { [UInt8]($0?.prefix(checkedBytes) ?? Data()) }
    guard try row.number(0) == checksum(zone, start, block) else {
      throw StoreError(.damaged, path: path, place: place(block), "their checksum is wrong")
    }
    do { return try SegmentZone(decoding: zone) } catch {
      throw StoreError(.damaged, path: path, place: place(block), "\(error)")
    }
  }

  private static func place(_ block: Int64) -> String { "summaries of block \(block)" }

  /// Bytes of the body that hold its own checksum.
  private static let checkedBytes = 16

  private static func checksum(_ zone: [UInt8], _ body: [UInt8], _ block: Int64) -> Int64 {
    var checksum = Checksum()
    zone.withUnsafeBytes { checksum.add($0) }
    body.prefix(checkedBytes).withUnsafeBytes { checksum.add($0) }
    checksum.add(block)
    return Int64(checksum.value)
  }
}

/// The traces of a block whose summaries are not in use: a later block has a fuller one, or a part of the trace cannot
/// be read. A row of `hidden`.
enum HiddenTraces {
  /// - Throws: ``StoreError/Reason/damaged`` when nobody knows which they are.
  static func of(_ block: Int64, in db: Database, path: String) throws -> [TraceID] {
    guard let row = try db.row("SELECT checksum, traces FROM hidden WHERE block = ?", [block]) else {
      throw StoreError(.damaged, path: path, place: "hidden traces of block \(block)", "are missing")
    }
    let keys = try row.blob(1)
    var input = ByteInput(keys)
    guard try row.number(0) == checksum(keys, block), keys.count.isMultiple(of: 16),
      let ids = input.traceIDs(UInt64(keys.count / 16))
    else { throw StoreError(.damaged, path: path, place: "hidden traces of block \(block)", "their checksum is wrong") }
    return ids
  }

  static func write(_ ids: Set<TraceID>, of block: Int64, to db: Database) throws {
    var keys = Data(capacity: ids.count * 16)
    for id in ids.sorted() { keys.append(id.key) }
    try db.run(
      "INSERT OR REPLACE INTO hidden (block, checksum, traces) VALUES (?, ?, ?)", [block, checksum(keys, block), keys])
  }

  private static func checksum(_ keys: Data, _ block: Int64) -> Int64 {
    var checksum = Checksum()
    keys.withUnsafeBytes { checksum.add($0) }
    checksum.add(block)
    return Int64(checksum.value)
  }
}
