import Traces

/// Gathers what several columns of a segment name: services, lists of them, and the facts of graphs.
struct SegmentTables {
  var services = RowServices()
  private(set) var lists = ListPlaces()
  var facts = FactSorter()

  mutating func place(of service: ServiceID) -> Int { services.place(of: service) }

  mutating func place(of services: [ServiceID]) -> Int {
    lists.begin(count: services.count)
    services.withUnsafeBufferPointer { list in
      guard let first = list.baseAddress else { return }
      for number in list.indices { lists.append(self.services.place(at: first + number)) }
    }
    return lists.end()
  }

  func append(to bytes: inout [UInt8], _ deflater: Deflater) {
    var table: [UInt8] = []
    table.append(varint: services.services.count)
    table += services.table.bytes
    lists.append(to: &table)
    facts.appendTables(to: &table)
    PackedBytes.append(table, to: &bytes, deflater)
    facts.appendFacts(to: &bytes)
  }
}

/// Reads what ``SegmentTables`` wrote, and the columns behind it.
struct SegmentDecoder {
  var reader: ByteReader
  let rowCount: Int
  let services: [ServiceID]
  let serviceLists: ListTable
  let graph: GraphColumns

  init(_ body: ByteReader, count: Int) throws(ColumnError) {
    reader = body
    rowCount = count
    var table = ByteReader(try PackedBytes(&reader).unpacked())
    var services: [ServiceID] = []
    let serviceCount = try table.count()
    services.reserveCapacity(serviceCount)
    for _ in 0..<serviceCount { services.append(try table.service()) }
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
