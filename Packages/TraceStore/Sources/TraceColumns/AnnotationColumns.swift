import TraceFilters
import Traces
import XRayModel

/// The annotations of a segment's rows, a column for each key.
struct AnnotationColumns: Sendable {
  private(set) var columns: [AnnotationColumn] = []
  /// The keys of a row's annotations, in their order.
  private let keyLists: ListTable
  private let places: ShapedColumn

  static func append(_ rows: [SegmentRow], to encoder: inout SegmentEncoder) {
    var keys = Interned<String>()
    var keyLists = Interned<[Int]>()
    var columns: [AnnotationColumn.Builder] = []
    var places: [Int] = []
    for row in rows.indices {
      let annotations = rows[row].summary.annotations
      let list = annotations.map { keys.place(of: $0.key) }
      places.append(keyLists.place(of: list))
      while columns.count < keys.values.count { columns.append(AnnotationColumn.Builder()) }
      for (place, annotation) in zip(list, annotations) {
        columns[place].add(annotation.value, row: row, services: encoder.place(of: annotation.services))
      }
    }
    encoder.body.append(varint: keys.values.count)
    for key in keys.values { encoder.body.append(text: key) }
    ListTable.append(keyLists.values, to: &encoder.body)
    ShapedColumn.append(places, to: &encoder)
    for column in columns { column.append(to: &encoder, rowCount: rows.count) }
  }

  init(_ decoder: inout SegmentDecoder, count: Int) throws(ColumnError) {
    var keys: [String] = []
    for _ in 0..<(try decoder.reader.count()) { keys.append(try decoder.reader.text()) }
    keyLists = try ListTable(&decoder.reader, below: keys.count)
    places = try ShapedColumn(&decoder, below: keyLists.lists.count)
    for key in keys { columns.append(try AnnotationColumn(key: key, &decoder, rowCount: count)) }
  }

  func annotations(
    of row: Int, _ services: (Int) -> [ServiceID]
  ) throws(ColumnError) -> [TraceSummary.IndexedAnnotation] {
    var used: [Int: Int] = [:]
    var annotations: [TraceSummary.IndexedAnnotation] = []
    for key in keyLists.lists[places.place(row)] {
      let entries = columns[key].entries(of: row)
      let next = used[key, default: 0]
      used[key] = next + 1
      guard next < entries.count else { continue }
      let value = try columns[key].value(entries[next].entry)
      annotations.append(.init(columns[key].key, value, services: services(entries[next].services)))
    }
    return annotations
  }
}

/// The values of one key. Rows name entries, which are distinct values, and lists of who set them.
struct AnnotationColumn: Sendable {
  /// A whole number is one whose text is that of an integer.
  enum Kind: UInt8 { case text, number, no, yes, whole }

  let key: String
  /// The rows that have the key.
  let rows: Bitmap
  /// By entry.
  let kinds: [Kind]
  /// By entry; empty where no entry needs a text.
  let texts: TextTable
  private let wholes: NumberColumn
  /// Bit patterns of the other numbers, by entry.
  private let doubles: NumberColumn
  /// Of rows with several values: their entries.
  let lists: ListTable
  /// Of each row with the key, in order: an entry or, from the number of entries on, a list.
  let places: NumberColumn
  private let serviceListCount: Int
  /// Of rows with several values: who set them.
  private let serviceLists: ListTable
  /// Like ``places``, with lists of services in place of entries; or by shape.
  private let servicePlaces: NumberColumn
  private let shapes: NumberColumn?

  init(key: String, _ decoder: inout SegmentDecoder, rowCount: Int) throws(ColumnError) {
    self.key = key
    rows = try Bitmap(&decoder.reader, count: rowCount)
    let count = rows.cardinality
    let tags = try PackedBytes(&decoder.reader).unpacked()
    kinds = tags.compactMap(Kind.init)
    guard kinds.count == tags.count else { throw decoder.reader.fail() }
    texts = try TextTable(&decoder.reader)
    guard texts.count == (kinds.contains { $0 == .text || $0 == .number } ? kinds.count : 0) else {
      throw decoder.reader.fail()
    }
    wholes = try NumberColumn(&decoder.reader, count: kinds.count)
    doubles = try NumberColumn(&decoder.reader, count: kinds.count)
    lists = try ListTable(&decoder.reader, below: kinds.count)
    places = try NumberColumn(&decoder.reader, count: count, below: kinds.count + lists.lists.count)
    serviceListCount = decoder.serviceLists.lists.count
    serviceLists = try ListTable(&decoder.reader, below: serviceListCount)
    let limit = serviceListCount + serviceLists.lists.count
    let isShaped = try decoder.reader.count(limit: 1) == 1
    shapes = isShaped ? decoder.graph.places : nil
    servicePlaces = try NumberColumn(
      &decoder.reader, count: isShaped ? decoder.graph.shapes.count : count, below: limit)
  }

  /// The entries of a row, each with the place of the list of services that set it.
  func entries(of row: Int) -> [(entry: Int, services: Int)] {
    guard rows[row] else { return [] }
    let at = rows.rank(of: row)
    let place = places.place(at)
    let setters = servicePlaces.place(shapes?.place(row) ?? at)
    let entries = place < kinds.count ? [place] : lists.lists[place - kinds.count]
    let services =
      setters < serviceListCount ? [setters] : serviceLists.lists[setters - serviceListCount]
    return Array(zip(entries, services)).map { (entry: $0.0, services: $0.1) }
  }

  func value(_ entry: Int) throws(ColumnError) -> AnnotationValue {
    switch kinds[entry] {
    case .text: return .string(try texts.texts()[entry])
    case .whole: return .number(JSONNumber(Int(wholes[entry])))
    case .number:
      guard let number = JSONNumber(columnText: try texts.texts()[entry]) else {
        throw ColumnError(.malformed, at: entry)
      }
      return .number(number)
    case .no: return .boolean(false)
    case .yes: return .boolean(true)
    }
  }

  /// Of an entry that is a number.
  func double(_ entry: Int) -> Double {
    kinds[entry] == .whole ? Double(wholes[entry]) : Double(bitPattern: UInt64(bitPattern: doubles[entry]))
  }

  /// What the values are.
  var valueKinds: SeenNames.Kinds {
    kinds.reduce(into: []) { all, kind in
      switch kind {
      case .text: all.insert(.text)
      case .number, .whole: all.insert(.number)
      case .no, .yes: all.insert(.flag)
      }
    }
  }
}

extension AnnotationColumn {
  struct Builder {
    private var entries = Interned<AnnotationValue>()
    private var rows: [Int] = []
    /// By row with the key, what it has.
    private var places: [[Int]] = []
    private var setters: [[Int]] = []

    mutating func add(_ value: AnnotationValue, row: Int, services: Int) {
      let place = entries.place(of: value)
      if rows.last == row {
        places[rows.count - 1].append(place)
        setters[rows.count - 1].append(services)
      } else {
        rows.append(row)
        places.append([place])
        setters.append([services])
      }
    }

    func append(to encoder: inout SegmentEncoder, rowCount: Int) {
      var present = Bitmap(count: rowCount)
      for row in rows { present.insert(row) }
      present.append(to: &encoder.body)
      let kinds = entries.values.map(\.kind)
      PackedBytes.append(kinds.map(\.rawValue), to: &encoder.body)
      let hasTexts = kinds.contains { $0 == .text || $0 == .number }
      TextTable.append(hasTexts ? entries.values.map(\.columnText) : [], to: &encoder.body)
      for kind in [Kind.whole, .number] {
        let filler = entries.values.first { $0.kind == kind }?.bits ?? 0
        NumberColumn.append(entries.values.map { $0.kind == kind ? $0.bits : filler }, to: &encoder.body)
      }
      let joined = Self.joined(places, below: kinds.count)
      ListTable.append(joined.lists, to: &encoder.body)
      NumberColumn.append(joined.places, isHot: true, to: &encoder.body)
      appendSetters(to: &encoder, rowCount)
    }

    private func appendSetters(to encoder: inout SegmentEncoder, _ rowCount: Int) {
      let joined = Self.joined(setters, below: encoder.serviceListCount)
      ListTable.append(joined.lists, to: &encoder.body)
      var spread = [Int](repeating: -1, count: rowCount)
      for (row, place) in zip(rows, joined.places) { spread[row] = place }
      let byShape = encoder.byShape(spread)
      encoder.body.append(byShape == nil ? 0 : 1)
      NumberColumn.append(byShape ?? joined.places, to: &encoder.body)
    }

    /// Single elements stand for themselves; lists of others come after them.
    private static func joined(_ rows: [[Int]], below count: Int) -> (places: [Int], lists: [[Int]]) {
      var lists = Interned<[Int]>()
      let places = rows.map { $0.count == 1 ? $0[0] : count + lists.place(of: $0) }
      return (places, lists.values)
    }
  }
}

extension AnnotationValue {
  fileprivate var kind: AnnotationColumn.Kind {
    switch self {
    case .string: .text
    case .number(let number): number.whole == nil ? .number : .whole
    case .boolean(let flag): flag ? .yes : .no
    }
  }

  fileprivate var columnText: String {
    switch self {
    case .string(let text): text
    case .number(let number): number.whole == nil ? number.text : ""
    case .boolean: ""
    }
  }

  fileprivate var bits: Int64 {
    guard case .number(let number) = self else { return 0 }
    return number.whole ?? Int64(bitPattern: number.double.bitPattern)
  }
}

extension JSONNumber {
  /// The integer that the number's text is.
  fileprivate var whole: Int64? {
    let text = text
    guard text.utf8.count < 20, let whole = Int64(text), text == "\(whole)" else { return nil }
    return whole
  }

  /// The number with this very text; `nil` when it is none.
  fileprivate init?(columnText text: String) {
    guard let number = (try? JSONValue(parsing: text, allowsNonFinite: true))?.number, number.text == text else {
      return nil
    }
    self = number
  }
}
