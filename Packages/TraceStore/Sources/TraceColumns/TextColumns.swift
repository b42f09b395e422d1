/// A text of each row, which may be missing.
struct TextColumn: Sendable {
  let table: TextTable
  /// 0 where there is none, else a place in the table plus 1.
  let places: ShapedColumn

  static func append(_ texts: [String?], to encoder: inout SegmentEncoder) {
    var known = Interned<String>()
    let places = texts.map { text in text.map { known.place(of: $0) + 1 } ?? 0 }
    TextTable.append(known.values, to: &encoder.body)
    ShapedColumn.append(places, to: &encoder)
  }

  init(_ decoder: inout SegmentDecoder) throws(ColumnError) {
    table = try TextTable(&decoder.reader)
    places = try ShapedColumn(&decoder, below: table.count + 1)
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
  let places: ShapedColumn

  static func append(_ texts: [[String]], to encoder: inout SegmentEncoder) {
    var known = Interned<String>()
    var lists = Interned<[Int]>()
    let places = texts.map { list in lists.place(of: list.map { known.place(of: $0) }) }
    TextTable.append(known.values, to: &encoder.body)
    ListTable.append(lists.values, to: &encoder.body)
    ShapedColumn.append(places, to: &encoder)
  }

  init(_ decoder: inout SegmentDecoder) throws(ColumnError) {
    table = try TextTable(&decoder.reader)
    lists = try ListTable(&decoder.reader, below: table.count)
    places = try ShapedColumn(&decoder, below: lists.lists.count)
  }

  func texts(of row: Int) throws(ColumnError) -> [String] {
    let list = lists.lists[places.place(row)]
    if list.isEmpty { return [] }
    let texts = try table.texts()
    return list.map { texts[$0] }
  }
}
