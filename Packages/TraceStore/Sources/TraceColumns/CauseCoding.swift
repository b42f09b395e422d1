import Traces

/// The root causes of one row.
struct Causes: Hashable {
  var fault: [RootCause] = []
  var error: [RootCause] = []
  var responseTime: [RootCause] = []

  var isEmpty: Bool { fault.isEmpty && error.isEmpty && responseTime.isEmpty }
}

/// The root causes of a segment's rows: deflated, since few ask for them.
struct CauseColumn: Sendable {
  /// Where the causes of each row end.
  private let ends: NumberColumn
  private let stream: ArraySlice<UInt8>
  private let byteCount: Int
  private let offset: Int

  static func append(_ rows: [Causes], to bytes: inout [UInt8]) {
    var coded: [UInt8] = []
    var ends: [Int] = []
    for row in rows {
      if !row.isEmpty { for causes in [row.fault, row.error, row.responseTime] { coded.append(causes) } }
      ends.append(coded.count)
    }
    NumberColumn.append(ends, to: &bytes)
    let stream = Zlib.deflate(coded)
    bytes.append(varint: coded.count)
    bytes.append(varint: stream.count)
    bytes.append(contentsOf: stream)
  }

  init(_ reader: inout ByteReader, count: Int) throws(ColumnError) {
    ends = try NumberColumn(&reader, count: count)
    byteCount = try reader.count(limit: 1 << 30)
    let length = try reader.count()
    offset = reader.position
    stream = try reader.slice(length)
  }

  /// The causes of rows. Inflates all of them once.
  struct Opened {
    fileprivate let ends: NumberColumn
    fileprivate let bytes: [UInt8]

    func isEmpty(_ row: Int) -> Bool { ends[row] == (row == 0 ? 0 : ends[row - 1]) }

    func causes(of row: Int) throws(ColumnError) -> Causes {
      let start = row == 0 ? 0 : ends[row - 1]
      guard start >= 0, start <= ends[row], ends[row] <= Int64(bytes.count) else {
        throw ColumnError(.malformed, at: row)
      }
      guard start < ends[row] else { return Causes() }
      var reader = ByteReader(bytes, from: Int(start))
      return Causes(
        fault: try reader.causes(), error: try reader.causes(), responseTime: try reader.causes())
    }
  }

  func opened() throws(ColumnError) -> Opened {
    guard let bytes = Zlib.inflate(stream, count: byteCount) else { throw ColumnError(.malformed, at: offset) }
    return Opened(ends: ends, bytes: bytes)
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ causes: [RootCause]) {
    append(varint: causes.count)
    for cause in causes {
      append(cause.isClientImpacting ? 1 : 0)
      append(varint: cause.services.count)
      for service in cause.services {
        append(service.id)
        append(service.isInferred ? 1 : 0)
        append(varint: service.path.count)
        for entity in service.path { append(entity) }
      }
    }
  }

  private mutating func append(_ entity: RootCause.PathEntity) {
    append((entity.isRemote ? 1 : 0) | (entity.coverage == nil ? 0 : 2))
    append(text: entity.name)
    if let coverage = entity.coverage { append(double: coverage) }
    append(varint: entity.exceptions.count)
    for exception in entity.exceptions {
      append(text: exception.name)
      append(text: exception.message)
    }
  }
}

extension ByteReader {
  fileprivate mutating func causes() throws(ColumnError) -> [RootCause] {
    var causes: [RootCause] = []
    for _ in 0..<(try count()) {
      let isClientImpacting = try flags(below: 2) == 1
      var services: [RootCause.Service] = []
      for _ in 0..<(try count()) {
        let id = try service()
        let isInferred = try flags(below: 2) == 1
        var path: [RootCause.PathEntity] = []
        for _ in 0..<(try count()) { path.append(try entity()) }
        services.append(RootCause.Service(id, isInferred: isInferred, path: path))
      }
      causes.append(RootCause(services, isClientImpacting: isClientImpacting))
    }
    return causes
  }

  private mutating func entity() throws(ColumnError) -> RootCause.PathEntity {
    let kind = try flags(below: 4)
    let name = try text()
    let coverage = kind & 2 != 0 ? try double() : nil
    var exceptions: [RootCause.Exception] = []
    for _ in 0..<(try count()) { exceptions.append(RootCause.Exception(try text(), message: try text())) }
    return RootCause.PathEntity(name, isRemote: kind & 1 != 0, exceptions: exceptions, coverage: coverage)
  }

  private mutating func flags(below limit: UInt8) throws(ColumnError) -> UInt8 {
    let byte = try byte()
    guard byte < limit else { throw fail() }
    return byte
  }
}
