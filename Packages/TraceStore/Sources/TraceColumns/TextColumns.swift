/// A text of each row, which may be missing.
struct TextColumn: Sendable {
  let table: TextTable
  /// 0 where there is none, else a place in the table plus 1.
  let places: NumberColumn

  struct Builder {
    private var texts = ByteTable()
    private var places: [Int64] = []

    mutating func add(_ text: String?) { places.append(text.map { Int64(texts.place(of: $0)) + 1 } ?? 0) }

    func append(to bytes: inout [UInt8], _ deflater: Deflater) {
      TextTable.append(texts, to: &bytes, deflater)
      NumberColumn.append(places, isHot: true, to: &bytes)
    }
  }

  init(_ reader: inout ByteReader, rowCount: Int) throws(ColumnError) {
    table = try TextTable(&reader)
    places = try NumberColumn(&reader, count: rowCount, below: table.count + 1)
  }

  func text(of row: Int) throws(ColumnError) -> String? {
    let place = places.place(row)
    return place == 0 ? nil : try table.texts()[place - 1]
  }
}

/// A list of texts of each row.
struct TextListColumn: Sendable {
  let table: TextTable
  let lists: ListTable
  let places: NumberColumn

  struct Builder {
    private var texts = ByteTable()
    private var lists = ListPlaces()
    private var places: [Int64] = []

    mutating func add(_ texts: [String]) { add(count: texts.count) { texts[$0] } }

    /// - Parameter text: Each of `count` texts of the next row.
    @inline(__always)
    mutating func add(count: Int, _ text: (Int) -> String) {
      lists.begin(count: count)
      for number in 0..<count { lists.append(texts.place(of: text(number))) }
      places.append(Int64(lists.end()))
    }

    func append(to bytes: inout [UInt8], _ deflater: Deflater) {
      TextTable.append(texts, to: &bytes, deflater)
      lists.append(to: &bytes)
      NumberColumn.append(places, to: &bytes)
    }
  }

  init(_ reader: inout ByteReader, rowCount: Int) throws(ColumnError) {
    table = try TextTable(&reader)
    lists = try ListTable(&reader, below: table.count)
    places = try NumberColumn(&reader, count: rowCount, below: lists.count)
  }

  func texts(of row: Int) throws(ColumnError) -> [String] {
    let list = lists[places.place(row)]
    if list.isEmpty { return [] }
    let texts = try table.texts()
    return list.map { texts[$0] }
  }
}
