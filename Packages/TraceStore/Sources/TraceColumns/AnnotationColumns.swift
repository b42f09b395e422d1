import TraceFilters
import Traces
import XRayModel

/// The annotations of a segment's rows, a column for each key.
struct AnnotationColumns: Sendable {
  private(set) var columns: [AnnotationColumn] = []
  /// The keys of a row's annotations, in their order.
  private let keyLists: ListTable
  private let places: NumberColumn

  struct Builder {
    private(set) var keys: [String] = []
    private var keyTable = ByteTable()
    private var keyLists = ListPlaces()
    private var columns: [AnnotationColumn.Builder] = []
    private var places: [Int64] = []

    mutating func add(_ annotations: [TraceSummary.IndexedAnnotation], row: Int, _ tables: inout SegmentTables) {
      keyLists.begin(count: annotations.count)
      annotations.withUnsafeBufferPointer { annotations in
        for number in annotations.indices {
          let key = keyTable.place(of: annotations[number].key)
          if key == columns.count {
            keys.append(annotations[number].key)
            columns.append(AnnotationColumn.Builder())
          }
          keyLists.append(key)
          let setters = tables.place(of: annotations[number].services)
          columns[key].add(annotations[number].value, row: row, services: setters)
        }
      }
      places.append(Int64(keyLists.end()))
    }

    func append(to bytes: inout [UInt8], rowCount: Int, _ tables: SegmentTables, _ deflater: Deflater) {
      bytes.append(varint: keys.count)
      for key in keys { bytes.append(text: key) }
      keyLists.append(to: &bytes)
      NumberColumn.append(places, to: &bytes)
      for column in columns { column.append(to: &bytes, rowCount: rowCount, lists: tables.lists.count, deflater) }
    }
  }

  init(_ decoder: inout SegmentDecoder) throws(ColumnError) {
    var keys: [String] = []
    for _ in 0..<(try decoder.reader.count()) { keys.append(try decoder.reader.text()) }
    keyLists = try ListTable(&decoder.reader, below: keys.count)
    places = try NumberColumn(&decoder.reader, count: decoder.rowCount, below: keyLists.count)
    for key in keys { columns.append(try AnnotationColumn(key: key, &decoder, rowCount: decoder.rowCount)) }
  }

  func annotations(
    of row: Int, _ services: (Int) -> [ServiceID]
  ) throws(ColumnError) -> [TraceSummary.IndexedAnnotation] {
    var used: [Int: Int] = [:]
    var annotations: [TraceSummary.IndexedAnnotation] = []
    for key in keyLists[places.place(row)] {
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
  /// Like ``places``, with lists of services in place of entries.
  private let servicePlaces: NumberColumn

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
    places = try NumberColumn(&decoder.reader, count: count, below: kinds.count + lists.count)
    serviceListCount = decoder.serviceLists.count
    serviceLists = try ListTable(&decoder.reader, below: serviceListCount)
    let limit = serviceListCount + serviceLists.count
    servicePlaces = try NumberColumn(&decoder.reader, count: count, below: limit)
  }

  /// The entries of a row, each with the place of the list of services that set it.
  func entries(of row: Int) -> [(entry: Int, services: Int)] {
    guard rows[row] else { return [] }
    let at = rows.rank(of: row)
    let place = places.place(at)
    let setters = servicePlaces.place(at)
    let entries = place < kinds.count ? [place] : Array(lists[place - kinds.count])
    let services =
      setters < serviceListCount ? [setters] : Array(serviceLists[setters - serviceListCount])
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
    private var known = ByteTable()
    private var entries: [AnnotationValue] = []
    /// What rows have, in their order: a row with several values occurs several times.
    private var rows: [Int] = []
    private var places: [Int] = []
    private var setters: [Int] = []

    mutating func add(_ value: AnnotationValue, row: Int, services: Int) {
      let place = place(of: value)
      if place == entries.count { entries.append(value) }
      rows.append(row)
      places.append(place)
      setters.append(services)
    }

    /// The last byte tells values of different types apart.
    private mutating func place(of value: AnnotationValue) -> Int {
      switch value {
      case .string(let text): place(of: text, tag: 0)
      case .number(let number): place(of: number.text, tag: 1)
      case .boolean(let flag): place(of: "", tag: flag ? 3 : 2)
      }
    }

    private mutating func place(of text: String, tag: UInt8) -> Int {
      var text = text
      return text.withUTF8 { utf8 in
        withUnsafeTemporaryAllocation(byteCount: utf8.count + 1, alignment: 1) { coded in
          coded.copyMemory(from: UnsafeRawBufferPointer(utf8))
          coded[utf8.count] = tag
          return known.place(of: UnsafeRawBufferPointer(coded))
        }
      }
    }

    func append(to bytes: inout [UInt8], rowCount: Int, lists: Int, _ deflater: Deflater) {
      var present = Bitmap(count: rowCount)
      for row in rows { present.insert(row) }
      present.append(to: &bytes)
      let kinds = entries.map(\.kind)
      PackedBytes.append(kinds.map(\.rawValue), to: &bytes, deflater)
      var texts = TextList()
      if kinds.contains(where: { $0 == .text || $0 == .number }) {
        for entry in entries { texts.append(entry.columnText) }
      }
      texts.append(to: &bytes, deflater)
      for kind in [Kind.whole, .number] {
        let filler = entries.lazy.filter { $0.kind == kind }.first?.bits ?? 0
        NumberColumn.append(entries.map { $0.kind == kind ? $0.bits : filler }, to: &bytes)
      }
      append(places, below: entries.count, isHot: true, to: &bytes)
      append(setters, below: lists, isHot: false, to: &bytes)
    }

    /// Single elements stand for themselves; lists of others come after them.
    private func append(_ elements: [Int], below count: Int, isHot: Bool, to bytes: inout [UInt8]) {
      var lists = ListPlaces()
      var column: [Int64] = []
      column.reserveCapacity(elements.count)
      var next = 0
      while next < elements.count {
        let first = next
        next += 1
        while next < elements.count, rows[next] == rows[first] { next += 1 }
        if next - first == 1 {
          column.append(Int64(elements[first]))
        } else {
          lists.begin(count: next - first)
          for place in elements[first..<next] { lists.append(place) }
          column.append(Int64(count + lists.end()))
        }
      }
      lists.append(to: &bytes)
      NumberColumn.append(column, isHot: isHot, to: &bytes)
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
