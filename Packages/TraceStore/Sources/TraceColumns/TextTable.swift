/// Texts that a segment's columns name by their places: deflated, and read when a filter or a summary asks for them.
struct TextTable: Sendable {
  let count: Int
  private let contents: Lazy<Texts>

  static func append(_ texts: ByteTable, to bytes: inout [UInt8], _ deflater: Deflater) {
    var list = TextList()
    for place in 0..<texts.count { list.lengths.append(varint: texts[place].count) }
    list.count = texts.count
    list.texts = texts.bytes
    list.append(to: &bytes, deflater)
  }

  init(_ reader: inout ByteReader) throws(ColumnError) {
    let count = try reader.count(limit: 1 << 24)
    self.count = count
    guard count > 0 else {
      contents = Lazy { () throws(ColumnError) in Texts() }
      return
    }
    let packed = try PackedBytes(&reader)
    contents = Lazy { () throws(ColumnError) in try Texts(packed.unpacked(), count: count) }
  }

  func texts() throws(ColumnError) -> Texts { try contents.value() }
}

/// The texts of a table, one after the other.
struct Texts: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  init() {
    bytes = []
    ends = [0]
  }

  /// - Parameter bytes: The lengths, then the texts.
  init(_ bytes: [UInt8], count: Int) throws(ColumnError) {
    var reader = ByteReader(bytes)
    guard count <= bytes.count else { throw reader.fail() }
    var ends = [0]
    ends.reserveCapacity(count + 1)
    for _ in 0..<count { ends.append(ends[ends.count - 1] + (try reader.count())) }
    let start = reader.position
    guard ends[count] == reader.remaining else { throw reader.fail() }
    for place in ends.indices { ends[place] += start }
    self.bytes = bytes
    self.ends = ends
  }

  var count: Int { ends.count - 1 }

  subscript(place: Int) -> String { String(decoding: bytes[ends[place]..<ends[place + 1]], as: UTF8.self) }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer, (Int) -> Range<Int>) -> Result) -> Result {
    bytes.withUnsafeBytes { buffer in body(buffer) { ends[$0]..<ends[$0 + 1] } }
  }
}

/// Texts on their way into a table.
struct TextList {
  var count = 0
  /// As varints.
  var lengths: [UInt8] = []
  var texts: [UInt8] = []

  mutating func append(_ text: String) {
    lengths.append(varint: text.utf8.count)
    texts.append(contentsOf: text.utf8)
    count += 1
  }

  func append(to bytes: inout [UInt8], _ deflater: Deflater) {
    bytes.append(varint: count)
    if count > 0 { PackedBytes.append(lengths + texts, to: &bytes, deflater) }
  }
}
