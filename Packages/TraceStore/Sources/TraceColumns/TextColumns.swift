/// A text of each row, which may be missing.
struct TextColumn: Sendable {
  let table: TextTable
  /// 0 where there is none, else a place in the table plus 1.
  let places: NumberColumn

  static func append(_ texts: [String?], to encoder: inout SegmentEncoder) {
    var known = Interned<String>()
    let places = texts.map { text in text.map { known.place(of: $0) + 1 } ?? 0 }
    encoder.append(known.values)
    NumberColumn.append(places, to: &encoder.body)
  }

  init(_ decoder: inout SegmentDecoder, count: Int) throws(ColumnError) {
    table = try decoder.texts()
    places = try NumberColumn(&decoder.reader, count: count, below: table.count + 1)
  }

  subscript(row: Int) -> String? {
    let place = places.place(row)
    return place == 0 ? nil : table[place - 1]
  }
}

/// A list of texts of each row.
struct TextListColumn: Sendable {
  let table: TextTable
  let lists: ListTable
  let places: NumberColumn

  static func append(_ texts: [[String]], to encoder: inout SegmentEncoder) {
    var known = Interned<String>()
    var lists = Interned<[Int]>()
    let places = texts.map { list in lists.place(of: list.map { known.place(of: $0) }) }
    encoder.append(known.values)
    ListTable.append(lists.values, to: &encoder.body)
    NumberColumn.append(places, to: &encoder.body)
  }

  init(_ decoder: inout SegmentDecoder, count: Int) throws(ColumnError) {
    table = try decoder.texts()
    lists = try ListTable(&decoder.reader, below: table.count)
    places = try NumberColumn(&decoder.reader, count: count, below: lists.lists.count)
  }

  subscript(row: Int) -> [String] { lists.lists[places.place(row)].map { table[$0] } }
}
