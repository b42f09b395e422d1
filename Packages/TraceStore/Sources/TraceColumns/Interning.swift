/// Distinct values in the order in which they were first met.
struct Interned<Value: Hashable> {
  private(set) var values: [Value] = []
  private var places: [Value: Int] = [:]

  mutating func place(of value: Value) -> Int {
    if let place = places[value] { return place }
    places[value] = values.count
    values.append(value)
    return values.count - 1
  }
}

/// Texts that a segment's columns name by their places.
struct TextTable: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  static func append(_ texts: [String], lengths: inout [UInt8], texts bytes: inout [UInt8]) {
    lengths.append(varint: texts.count)
    for text in texts {
      lengths.append(varint: text.utf8.count)
      bytes.append(contentsOf: text.utf8)
    }
  }

  /// - Parameter position: Where the table's texts begin in `bytes`; moved to their end.
  init(_ reader: inout ByteReader, texts bytes: [UInt8], from position: inout Int) throws(ColumnError) {
    self.bytes = bytes
    let count = try reader.count()
    var ends = [position]
    ends.reserveCapacity(count + 1)
    for _ in 0..<count {
      position += try reader.count(limit: bytes.count - position)
      ends.append(position)
    }
    self.ends = ends
  }

  var count: Int { ends.count - 1 }

  subscript(place: Int) -> String { String(decoding: bytes[ends[place]..<ends[place + 1]], as: UTF8.self) }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer, (Int) -> Range<Int>) -> Result) -> Result {
    bytes.withUnsafeBytes { buffer in body(buffer) { ends[$0]..<ends[$0 + 1] } }
  }
}

/// Distinct lists of places, which a column names by their places in turn.
struct ListTable: Sendable {
  let lists: [[Int]]

  static func append(_ lists: [[Int]], to bytes: inout [UInt8]) {
    bytes.append(varint: lists.count)
    for list in lists {
      bytes.append(varint: list.count)
      for place in list { bytes.append(varint: place) }
    }
  }

  init(_ reader: inout ByteReader, below limit: Int) throws(ColumnError) {
    let count = try reader.count()
    var lists: [[Int]] = []
    lists.reserveCapacity(count)
    for _ in 0..<count {
      let length = try reader.count()
      var list: [Int] = []
      list.reserveCapacity(length)
      for _ in 0..<length { list.append(try reader.count(limit: limit - 1)) }
      guard limit > 0 || length == 0 else { throw reader.fail() }
      lists.append(list)
    }
    self.lists = lists
  }
}
