import Traces

/// Gathers a segment's columns and, apart from them, services and texts, which are deflated.
struct SegmentEncoder {
  var body: [UInt8] = []
  private var texts: [UInt8] = []
  private var services = Interned<ServiceID>()
  private var serviceLists = Interned<[Int]>()

  mutating func append(_ texts: [String]) { TextTable.append(texts, lengths: &body, texts: &self.texts) }

  mutating func place(of service: ServiceID) -> Int { services.place(of: service) }

  mutating func place(of services: [ServiceID]) -> Int {
    let places = services.map { place(of: $0) }
    return serviceLists.place(of: places)
  }

  /// The services, the texts, then the columns, which name them.
  func finish() -> [UInt8] {
    var table: [UInt8] = []
    table.append(varint: services.values.count)
    for service in services.values { table.append(service) }
    ListTable.append(serviceLists.values, to: &table)
    var whole: [UInt8] = []
    whole.append(deflated: table)
    whole.append(deflated: texts)
    return whole + body
  }
}

/// Reads what ``SegmentEncoder`` wrote.
struct SegmentDecoder {
  var reader: ByteReader
  let services: [ServiceID]
  let serviceLists: ListTable
  private let textBytes: [UInt8]
  private var textPosition = 0

  init(_ body: ByteReader) throws(ColumnError) {
    reader = body
    var table = ByteReader(try reader.inflated())
    var services: [ServiceID] = []
    for _ in 0..<(try table.count()) { services.append(try table.service()) }
    self.services = services
    serviceLists = try ListTable(&table, below: services.count)
    textBytes = try reader.inflated()
  }

  mutating func texts() throws(ColumnError) -> TextTable {
    try TextTable(&reader, texts: textBytes, from: &textPosition)
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
