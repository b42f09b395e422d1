import Traces
import XRayModel

/// The annotations of a segment's rows, a column for each key.
struct AnnotationColumns: Sendable {
  private(set) var columns: [AnnotationColumn] = []
  /// The keys of a row's annotations, in their order.
  private let shapes: ListTable
  private let shape: NumberColumn

  static func append(_ rows: [[TraceSummary.IndexedAnnotation]], to encoder: inout SegmentEncoder) {
    var keys = Interned<String>()
    var shapes = Interned<[Int]>()
    var columns: [AnnotationColumn.Builder] = []
    var shape: [Int] = []
    for (row, annotations) in rows.enumerated() {
      let places = annotations.map { keys.place(of: $0.key) }
      shape.append(shapes.place(of: places))
      while columns.count < keys.values.count { columns.append(AnnotationColumn.Builder()) }
      for (place, annotation) in zip(places, annotations) {
        columns[place].add(annotation, row: row, services: encoder.place(of: annotation.services))
      }
    }
    encoder.append(keys.values)
    ListTable.append(shapes.values, to: &encoder.body)
    NumberColumn.append(shape, to: &encoder.body)
    for column in columns { column.append(to: &encoder, rowCount: rows.count) }
  }

  init(_ decoder: inout SegmentDecoder, count: Int) throws(ColumnError) {
    let keys = try decoder.texts()
    shapes = try ListTable(&decoder.reader, below: keys.count)
    shape = try NumberColumn(&decoder.reader, count: count, below: shapes.lists.count)
    for key in 0..<keys.count { columns.append(try AnnotationColumn(key: keys[key], &decoder, rowCount: count)) }
  }

  func annotations(of row: Int, _ services: (Int) -> [ServiceID]) -> [TraceSummary.IndexedAnnotation] {
    var used: [Int: Int] = [:]
    return shapes.lists[shape.place(row)].compactMap { key in
      let entries = columns[key].entries(of: row)
      let next = used[key, default: 0]
      used[key] = next + 1
      guard next < entries.count else { return nil }
      return TraceSummary.IndexedAnnotation(
        columns[key].key, columns[key].value(entries[next].entry), services: services(entries[next].services))
    }
  }
}

/// The values of one key. Rows name lists of entries, which are distinct values, and lists of who set them.
struct AnnotationColumn: Sendable {
  enum Kind: UInt8 { case text, number, no, yes }

  let key: String
  /// By entry.
  let kinds: [Kind]
  let texts: TextTable
  /// Bit patterns of the numbers, by entry.
  let doubles: NumberColumn
  let lists: ListTable
  /// Lists of lists of services: one for each element of the row's list of entries.
  private let serviceLists: ListTable
  /// The rows that have the key; `nil` when places are for all rows.
  let rows: NumberColumn?
  /// The list of each row plus 1, or 0 for none.
  let places: NumberColumn
  private let servicePlaces: NumberColumn

  struct Builder {
    private var entries = Interned<AnnotationValue>()
    private var rows: [(row: Int, entries: [Int], services: [Int])] = []

    mutating func add(_ annotation: TraceSummary.IndexedAnnotation, row: Int, services: Int) {
      if rows.last?.row != row { rows.append((row, [], [])) }
      rows[rows.count - 1].entries.append(entries.place(of: annotation.value))
      rows[rows.count - 1].services.append(services)
    }

    func append(to encoder: inout SegmentEncoder, rowCount: Int) {
      encoder.append(entries.values.map(\.columnText))
      encoder.body.append(contentsOf: entries.values.map(\.kind.rawValue))
      NumberColumn.append(entries.values.map(\.bits), to: &encoder.body)
      var lists = Interned<[Int]>()
      let places = rows.map { lists.place(of: $0.entries) + 1 }
      ListTable.append(lists.values, to: &encoder.body)
      var serviceLists = Interned<[Int]>()
      let servicePlaces = rows.map { serviceLists.place(of: $0.services) }
      ListTable.append(serviceLists.values, to: &encoder.body)
      // A place for every row is the smaller form, unless few have the key.
      let isSparse = rows.count < rowCount / 3
      encoder.body.append(isSparse ? 1 : 0)
      if isSparse {
        encoder.body.append(varint: rows.count)
        NumberColumn.append(rows.map(\.row), to: &encoder.body)
      }
      for column in [places, servicePlaces] {
        NumberColumn.append(isSparse ? column : spread(column, rowCount), to: &encoder.body)
      }
    }

    private func spread(_ places: [Int], _ rowCount: Int) -> [Int] {
      var dense = [Int](repeating: 0, count: rowCount)
      for (place, row) in zip(places, rows) { dense[row.row] = place }
      return dense
    }
  }

  init(key: String, _ decoder: inout SegmentDecoder, rowCount: Int) throws(ColumnError) {
    self.key = key
    texts = try decoder.texts()
    let tags = try decoder.reader.slice(texts.count)
    kinds = tags.compactMap(Kind.init)
    guard kinds.count == tags.count else { throw decoder.reader.fail() }
    for entry in 0..<texts.count where kinds[entry] == .number {
      guard JSONNumber(columnText: texts[entry]) != nil else { throw decoder.reader.fail() }
    }
    doubles = try NumberColumn(&decoder.reader, count: texts.count)
    lists = try ListTable(&decoder.reader, below: texts.count)
    serviceLists = try ListTable(&decoder.reader, below: decoder.serviceLists.lists.count)
    var count = rowCount
    if try decoder.reader.count(limit: 1) == 1 {
      count = try decoder.reader.count(limit: rowCount)
      rows = try NumberColumn(&decoder.reader, count: count, below: rowCount)
    } else {
      rows = nil
    }
    places = try NumberColumn(&decoder.reader, count: count, below: lists.lists.count + 1)
    servicePlaces = try NumberColumn(&decoder.reader, count: count, below: serviceLists.lists.count)
  }

  /// The entries of a row, each with the place of the list of services that set it.
  func entries(of row: Int) -> [(entry: Int, services: Int)] {
    var at = row
    if let rows {
      var low = 0
      var high = rows.count
      while low < high {
        let middle = (low + high) / 2
        if rows.place(middle) < row { low = middle + 1 } else { high = middle }
      }
      guard low < rows.count, rows.place(low) == row else { return [] }
      at = low
    }
    let place = places.place(at)
    return place == 0 ? [] : Array(zip(lists.lists[place - 1], serviceLists.lists[servicePlaces.place(at)]))
  }

  func value(_ entry: Int) -> AnnotationValue {
    switch kinds[entry] {
    case .text: .string(texts[entry])
    case .number: JSONNumber(columnText: texts[entry]).map { .number($0) } ?? .string(texts[entry])
    case .no: .boolean(false)
    case .yes: .boolean(true)
    }
  }
}

extension AnnotationValue {
  fileprivate var kind: AnnotationColumn.Kind {
    switch self {
    case .string: .text
    case .number: .number
    case .boolean(let flag): flag ? .yes : .no
    }
  }

  fileprivate var columnText: String {
    switch self {
    case .string(let text): text
    case .number(let number): number.text
    case .boolean: ""
    }
  }

  fileprivate var bits: Int64 {
    if case .number(let number) = self { Int64(bitPattern: number.double.bitPattern) } else { 0 }
  }
}

extension JSONNumber {
  /// The number with this very text; `nil` when it is none.
  fileprivate init?(columnText text: String) {
    guard let number = (try? JSONValue(parsing: text, allowsNonFinite: true))?.number, number.text == text else {
      return nil
    }
    self = number
  }
}
