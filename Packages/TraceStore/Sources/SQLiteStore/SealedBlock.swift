import FoundationEssentials
import GRDB
import SegmentBlocks
import XRayModel

/// Documents that are encoded together and sorted by trace, never added to: a row of `block`.
struct SealedBlock: Sendable {
  /// The number of its first document in the order of arrival over the life of the store.
  var id: Int64
  /// Documents that were not removed.
  private(set) var documents: Int64
  private(set) var body: [UInt8]

  /// Encodes a block.
  init(_ open: OpenBlock) {
    let order = open.places.sorted { $0.key < $1.key }.flatMap { $0.value.map(\.ordinal) }
    do { try self.init(id: open.id, open.documents, order: order) } catch {
      preconditionFailure("an open block is within the limits of the encoding: \(error)")
    }
  }

  /// - Parameter order: The documents' numbers, sorted by trace. Documents that were removed are empty.
  init(id: Int64, _ documents: DocumentBatch, order: [Int]) throws(BlockError) {
    self.id = id
    self.documents = Int64((0..<documents.count).count { !documents.range(of: $0).isEmpty })
    body = try SegmentBlock.encode(documents, order: order).bytes
  }

  static let select = "SELECT id, documents, checksum, body FROM block"

  /// Reads a row of ``select``.
  private init(_ row: Row, path: String) throws(StoreError) {
    do {
      id = try row.number(0)
      documents = try row.number(1)
      body = [UInt8](try row.blob(3))
      guard try row.number(2) == checksum else {
        throw StoreError(.damaged, path: path, place: "block \(id)", "its checksum is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: "block")
    }
  }

  /// The sealed block of that number; `nil` when there is none.
  static func find(_ id: Int64, in db: Database, path: String) throws -> SealedBlock? {
    guard let row = try db.row("\(select) WHERE id = ?", [id]) else { return nil }
    let block = try SealedBlock(row, path: path)
    // A damaged page may answer with another row.
    guard block.id == id else {
      throw StoreError(.damaged, path: path, place: "block \(id)", "another block stands in its place")
    }
    return block
  }

  var place: String { "block \(id)" }

  /// Over the start of the body, then id and documents. The body has checksums of its own, part by part, so that
  /// reading a part costs no more than that.
  private var checksum: Int64 {
    var checksum = Checksum()
    body.prefix(32).withUnsafeBytes { checksum.add($0) }
    for number in [id, documents] { checksum.add(number) }
    return Int64(checksum.value)
  }

  func reader(path: String) throws(StoreError) -> BlockReader {
    do { return try BlockReader(body) } catch {
      throw StoreError(.damaged, path: path, place: place, "\(error)")
    }
  }

  func write(to db: Database) throws {
    try db.run(
      "INSERT OR REPLACE INTO block (id, documents, checksum, body) VALUES (?, ?, ?, ?)",
      [id, documents, checksum, Data(body)])
  }
}

/// Where the documents of one trace lie in a sealed block, side by side: a row of `trace_block`.
struct TracePart {
  var block: Int64
  /// The place of the first one in the block.
  var first: Int
  /// The low halves of the documents' checksums: enough to pass by a document that is not among them.
  var checksums: [UInt16]

  var places: Range<Int> { first..<first + checksums.count }

  static let select = "SELECT block, first, checksums FROM trace_block"

  init(block: Int64, first: Int, checksums: [UInt16]) {
    self.block = block
    self.first = first
    self.checksums = checksums
  }

  /// Reads a row of ``select``.
  init(_ row: Row) throws {
    block = try row.number(0)
    let first = try row.number(1)
    let data = try row.blob(2)
    guard data.count.isMultiple(of: 2), (0...Int64(SegmentBlock.documentLimit)).contains(first) else {
      throw UnexpectedValue(column: 1)
    }
    self.first = Int(first)
    checksums = data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 2).map {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self))
      }
    }
  }

  func write(to db: Database, trace: TraceID) throws {
    var data = Data(capacity: checksums.count * 2)
    for checksum in checksums { withUnsafeBytes(of: checksum.littleEndian) { data.append(contentsOf: $0) } }
    try db.run(
      "INSERT INTO trace_block (trace, block, first, checksums) VALUES (?, ?, ?, ?)",
      [trace.key, block, first, data])
  }

  /// The documents, in the order of arrival.
  ///
  /// - Throws: ``StoreError/Reason/damaged`` when they cannot be read or are not those that the index names.
  func documents(in reader: BlockReader, path: String) throws(StoreError) -> DocumentBatch {
    let documents: DocumentBatch
    do { documents = try reader.documents(in: places) } catch {
      throw StoreError(.damaged, path: path, place: "block \(block)", "\(error)")
    }
    try check(documents, from: 0, path: path)
    return documents
  }

  /// Throws unless the documents from that position on are those that the index names.
  func check(_ documents: DocumentBatch, from position: Int, path: String) throws(StoreError) {
    for (offset, checksum) in checksums.enumerated()
    where UInt16(truncatingIfNeeded: Checksum(of: documents[position + offset]).value) != checksum {
      throw StoreError(
        .damaged, path: path, place: "trace index", "it names a document that block \(block) does not have")
    }
  }
}

extension OpenBlock {
  /// Where each trace's documents lie once the block is sealed, in the order of the block.
  var parts: [(trace: TraceID, part: TracePart)] {
    var first = 0
    return places.sorted { $0.key < $1.key }.map { trace, places in
      defer { first += places.count }
      let checksums = places.map { UInt16(truncatingIfNeeded: $0.checksum) }
      return (trace, TracePart(block: id, first: first, checksums: checksums))
    }
  }
}
