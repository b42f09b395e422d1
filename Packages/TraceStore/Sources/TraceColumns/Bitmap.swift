/// A column of numbers.
protocol RowValues {
  associatedtype Value
  /// Visits all rows in order. A loop of its own for each kind of number keeps it tight.
  func forEach(_ body: (_ row: Int, _ value: Value) -> Void)
}

/// A set of rows.
struct Bitmap: Hashable, Sendable {
  private(set) var words: [UInt64]
  let count: Int

  init(count: Int, isFull: Bool = false) {
    self.count = count
    words = [UInt64](repeating: isFull ? .max : 0, count: (count + 63) / 64)
    if isFull { trim() }
  }

  init(_ rows: [Bool]) {
    self.init(count: rows.count)
    for (row, isSet) in rows.enumerated() where isSet { insert(row) }
  }

  /// Reads the set in the form that took the fewest bytes.
  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    let form = try reader.count(limit: Form.bits)
    self.init(count: count, isFull: form == Form.all)
    if form == Form.list {
      let rows = try reader.count(limit: count)
      for row in try NumberColumn(&reader, count: rows, below: count).values { insert(Int(row)) }
      guard cardinality == rows else { throw reader.fail() }
    }
    guard form == Form.bits else { return }
    for (place, byte) in try reader.slice((count + 7) / 8).enumerated() {
      words[place / 8] |= UInt64(byte) << UInt64(place % 8 * 8)
    }
    trim()
  }

  private enum Form {
    static let none = 0
    static let all = 1
    static let list = 2
    static let bits = 3
  }

  func append(to bytes: inout [UInt8]) {
    let cardinality = cardinality
    if cardinality == 0 || cardinality == count { return bytes.append(UInt8(cardinality == 0 ? Form.none : Form.all)) }
    if cardinality * 12 < count {
      bytes.append(UInt8(Form.list))
      bytes.append(varint: cardinality)
      return NumberColumn.append(rows, to: &bytes)
    }
    bytes.append(UInt8(Form.bits))
    for place in 0..<(count + 7) / 8 {
      bytes.append(UInt8(truncatingIfNeeded: words[place / 8] >> UInt64(place % 8 * 8)))
    }
  }

  private mutating func trim() {
    if count % 64 != 0 { words[words.count - 1] &= (1 << UInt64(count % 64)) - 1 }
  }

  subscript(row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 != 0 }

  mutating func insert(_ row: Int) { words[row >> 6] |= 1 << UInt64(row & 63) }

  mutating func set(_ row: Int, _ isSet: Bool) {
    if isSet { insert(row) } else { words[row >> 6] &= ~(1 << UInt64(row & 63)) }
  }

  /// Adds the rows whose values pass `test`.
  @inline(__always)
  mutating func insert<Column: RowValues>(_ column: Column, where test: (Column.Value) -> Bool) {
    words.withUnsafeMutableBufferPointer { words in
      column.forEach { row, value in
        words[row >> 6] |= (test(value) ? 1 : 0) << UInt64(truncatingIfNeeded: row & 63)
      }
    }
  }

  mutating func formIntersection(_ other: Bitmap) { for word in words.indices { words[word] &= other.words[word] } }
  mutating func formUnion(_ other: Bitmap) { for word in words.indices { words[word] |= other.words[word] } }
  mutating func subtract(_ other: Bitmap) { for word in words.indices { words[word] &= ~other.words[word] } }

  mutating func invert() {
    for word in words.indices { words[word] = ~words[word] }
    trim()
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
  var isFull: Bool { cardinality == count }

  /// How many rows of the set come before `row`.
  func rank(of row: Int) -> Int {
    let below = words[..<(row >> 6)].reduce(0) { $0 + $1.nonzeroBitCount }
    return row & 63 == 0 ? below : below + (words[row >> 6] & ((1 << UInt64(row & 63)) - 1)).nonzeroBitCount
  }

  var cardinality: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// In order.
  var rows: [Int] {
    var rows: [Int] = []
    forEach { rows.append($0) }
    return rows
  }

  func forEach(_ body: (Int) -> Void) {
    for (place, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        body(place * 64 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
  }
}
