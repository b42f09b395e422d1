import Traces

/// Gathers a segment's columns and, apart from them, the services that they name.
struct SegmentEncoder {
  var body: [UInt8] = []
  private(set) var services = ServiceTable()
  private var serviceLists = Interned<[Int]>()
  let shapes: RowShapes
  var serviceListCount: Int { serviceLists.values.count }

  /// - Parameter durations: In ticks; `nil` when durations are no whole ticks.
  init(_ rows: [SegmentRow], durations: [Int64]?) {
    var services = ServiceTable()
    shapes = RowShapes(rows, durations: durations, &services)
    self.services = services
  }

  mutating func place(of service: ServiceID) -> Int { services.place(of: service) }

  mutating func place(of services: [ServiceID]) -> Int {
    let places = services.map { place(of: $0) }
    return serviceLists.place(of: places)
  }

  /// The values of shapes, where rows below 0 may have any; `nil` when rows of one shape have different values, or shapes are many.
  func byShape(_ values: [Int]) -> [Int]? {
    guard shapes.count * 2 <= values.count else { return nil }
    var byShape = [Int](repeating: -1, count: shapes.count)
    for (row, shape) in shapes.places.enumerated() where values[row] >= 0 {
      if byShape[shape] < 0 { byShape[shape] = values[row] }
      if byShape[shape] != values[row] { return nil }
    }
    return byShape.map { max($0, 0) }
  }

  /// The tables, then the columns, which name what is in them.
  func finish() -> [UInt8] {
    var table: [UInt8] = []
    table.append(varint: services.services.count)
    for service in services.services { table.append(service) }
    ListTable.append(serviceLists.values, to: &table)
    shapes.appendTables(to: &table)
    var whole: [UInt8] = []
    PackedBytes.append(table, to: &whole)
    shapes.appendColumns(to: &whole)
    return whole + body
  }
}

/// Reads what ``SegmentEncoder`` wrote.
struct SegmentDecoder {
  var reader: ByteReader
  let services: [ServiceID]
  let serviceLists: ListTable
  let graph: GraphColumns

  init(_ body: ByteReader, count: Int) throws(ColumnError) {
    reader = body
    var table = ByteReader(try PackedBytes(&reader).unpacked())
    var services: [ServiceID] = []
    for _ in 0..<(try table.count()) { services.append(try table.service()) }
    self.services = services
    serviceLists = try ListTable(&table, below: services.count)
    graph = try GraphColumns(&table, &reader, services: services.count, rowCount: count)
  }
}

extension [UInt8] {
  mutating func append(_ service: ServiceID) {
    append((service.type == nil ? 0 : 1) | (service.accountID == nil ? 0 : 2))
    append(text: service.name)
    if let type = service.type { append(text: type) }
    if let account = service.accountID { append(text: account) }
  }
}

extension ByteReader {
  mutating func service() throws(ColumnError) -> ServiceID {
    let kind = try byte()
    guard kind < 4 else { throw fail() }
    let name = try text()
    let type = kind & 1 != 0 ? try text() : nil
    return ServiceID(name: name, type: type, accountID: kind & 2 != 0 ? try text() : nil)
  }
}
