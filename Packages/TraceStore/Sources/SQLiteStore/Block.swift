import FoundationEssentials
import GRDB
import XRayModel

/// The documents of one row of `block` or `open`, in the order in which they came.
///
/// Laid out as each document's length in four bytes, the lowest first, and the document; a length of zero is what
/// retention leaves of a document that it removed, so that the others keep their places.
struct Block {
  private(set) var bytes: [UInt8] = []
  /// Where each document lies in ``bytes``; empty where one was removed.
  private(set) var ranges: [Range<Int>] = []

  init() {}

  /// `nil` when the lengths do not add up.
  init?(_ bytes: [UInt8]) {
    var position = 0
    while position < bytes.count {
      guard position + 4 <= bytes.count else { return nil }
      let length = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
      position += 4
      guard length <= bytes.count - position else { return nil }
      ranges.append(position..<position + length)
      position += length
    }
    self.bytes = bytes
  }

  /// Number of documents that were not removed.
  var count: Int { ranges.count { !$0.isEmpty } }

  /// A document by its place among those that came; `nil` when there is none or it was removed.
  subscript(ordinal: Int) -> ArraySlice<UInt8>? {
    ranges.indices.contains(ordinal) && !ranges[ordinal].isEmpty ? bytes[ranges[ordinal]] : nil
  }

  mutating func append(_ document: ArraySlice<UInt8>) {
    withUnsafeBytes(of: UInt32(document.count).littleEndian) { bytes.append(contentsOf: $0) }
    ranges.append(bytes.count..<bytes.count + document.count)
    bytes.append(contentsOf: document)
  }

  /// The same without the documents at `ordinals`.
  func removing(_ ordinals: Set<Int>) -> Block {
    var rest = Block()
    for ordinal in ranges.indices {
      rest.append(ordinals.contains(ordinal) ? [] : bytes[ranges[ordinal]])
    }
    return rest
  }

  /// The documents from `ordinal` on, as a block of their own.
  func suffix(from ordinal: Int) -> Block {
    var rest = Block()
    for range in ranges[ordinal...] { rest.append(bytes[range]) }
    return rest
  }
}

/// A ``Block`` as a row holds it, with what is needed to tell whether it is still what was written.
struct StoredBlock {
  /// The table, which says how the documents are written down.
  enum Form: String {
    /// Sealed: deflated, never added to.
    case block
    /// Of the batches since the last sealed block: plain.
    case open
  }

  /// The number of its first document in the order of arrival over the life of the store.
  var id: Int64
  var form: Form
  /// Documents that were not removed.
  var documents: Int64
  /// Bytes of the documents with their lengths.
  var length: Int64
  var body: Data

  /// More than any block has: a file that names more is not believed.
  private static let lengthLimit = 1 << 28

  static func select(_ form: Form) -> String { "SELECT id, documents, length, body, checksum FROM \(form.rawValue)" }

  init(_ block: Block, id: Int64, form: Form) {
    self.id = id
    self.form = form
    documents = Int64(block.count)
    length = Int64(block.bytes.count)
    body = Data(form == .block ? Zlib.deflate(block.bytes) : block.bytes)
  }

  /// Reads a row of ``select(_:)``.
  init(_ row: Row, form: Form, path: String) throws(StoreError) {
    self.form = form
    var place = form.rawValue
    do {
      id = try row.number(0)
      place = "\(form.rawValue) \(id)"
      documents = try row.number(1)
      length = try row.number(2)
      body = try row.blob(3)
      let checksum = try row.number(4)
      guard checksum == self.checksum else {
        throw StoreError(.damaged, path: path, place: place, "its checksum is wrong")
      }
    } catch {
      throw StoreError(error, path: path, place: place)
    }
  }

  /// The sealed block of that number; `nil` when there is none.
  static func find(_ id: Int64, in db: Database, path: String) throws -> StoredBlock? {
    guard let row = try db.row("\(select(.block)) WHERE id = ?", [id]) else { return nil }
    let block = try StoredBlock(row, form: .block, path: path)
    // A damaged page may answer with another row.
    guard block.id == id else {
      throw StoreError(.damaged, path: path, place: "block \(id)", "another block stands in its place")
    }
    return block
  }

  var place: String { "\(form.rawValue) \(id)" }

  /// Over the body as it is stored, then id, documents and length.
  private var checksum: Int64 {
    var checksum = Checksum()
    body.withUnsafeBytes { checksum.add($0) }
    for number in [id, documents, length] { checksum.add(number) }
    return Int64(checksum.value)
  }

  func opened(path: String) throws(StoreError) -> Block {
    let bytes: [UInt8]? =
      switch form {
      case .open: [UInt8](body)
      case .block: (0...Self.lengthLimit).contains(Int(length)) ? Zlib.inflate(body, count: Int(length)) : nil
      }
    guard let bytes, let block = Block(bytes), Int64(block.count) == documents else {
      throw StoreError(.damaged, path: path, place: place, "its content does not unpack")
    }
    return block
  }

  func write(to db: Database) throws {
    try db.run(
      """
      INSERT OR REPLACE INTO \(form.rawValue) (id, documents, length, checksum, body) VALUES (?, ?, ?, ?, ?)
      """, [id, documents, length, checksum, body])
  }
}
