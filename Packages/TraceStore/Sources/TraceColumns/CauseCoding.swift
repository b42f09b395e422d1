import Traces

/// The root causes of one kind. Distinct lists are kept once, without their shares of time, and deflated, since few
/// ask for them.
struct CauseColumn: Sendable {
  /// 0 where there are none, else an entry plus 1.
  let places: NumberColumn
  private let content: Lazy<Content>

  struct Builder {
    private var entries = ByteTable()
    private var places: [Int64] = []
    private var shares: [(share: Double, of: Double?)] = []
    private var coded: [UInt8] = []

    /// - Parameter responseTime: Of the trace: what shares are parts of.
    mutating func add(
      _ causes: [RootCause], _ responseTime: Double?, _ names: inout ByteTable, _ tables: inout SegmentTables
    ) {
      if causes.isEmpty { return places.append(0) }
      coded.removeAll(keepingCapacity: true)
      coded.append(varint: causes.count)
      for cause in causes {
        coded.append(cause.isClientImpacting ? 1 : 0)
        coded.append(varint: cause.services.count)
        cause.services.withUnsafeBufferPointer { services in
          guard let first = services.baseAddress else { return }
          for service in services.indices { add(first + service, responseTime, &names, &tables) }
        }
      }
      places.append(Int64(entries.place(of: coded)) + 1)
    }

    private mutating func add(
      _ service: UnsafePointer<RootCause.Service>, _ responseTime: Double?, _ names: inout ByteTable,
      _ tables: inout SegmentTables
    ) {
      guard let id = service.pointer(to: \.id) else { return }
      coded.append(varint: tables.services.place(at: id) * 2 + (service.pointee.isInferred ? 1 : 0))
      coded.append(varint: service.pointee.path.count)
      service.pointee.path.withUnsafeBufferPointer { path in
        guard let first = path.baseAddress else { return }
        for entity in path.indices { add(first + entity, responseTime, &names) }
      }
    }

    private mutating func add(
      _ entity: UnsafePointer<RootCause.PathEntity>, _ responseTime: Double?, _ names: inout ByteTable
    ) {
      let coverage = entity.pointee.coverage
      var bits = entity.pointee.isRemote ? EntityBit.remote : 0
      if let coverage {
        bits |= EntityBit.hasCoverage | (coverage == 1 ? EntityBit.isWhole : 0)
        if coverage != 1 { shares.append((coverage, responseTime)) }
      }
      coded.append(bits)
      coded.append(varint: names.place(of: entity.pointee.name))
      coded.append(varint: entity.pointee.exceptions.count)
      for exception in entity.pointee.exceptions {
        coded.append(varint: names.place(of: exception.name))
        coded.append(varint: names.place(of: exception.message))
      }
    }

    func append(to bytes: inout [UInt8], _ deflater: Deflater) {
      bytes.append(varint: entries.count)
      NumberColumn.append(places, to: &bytes)
      var ticks: [Int64] = []
      for share in shares {
        guard let part = Coverage.ticks(share.share, of: share.of) else { break }
        ticks.append(part)
      }
      let isTicks = ticks.count == shares.count
      bytes.append(isTicks ? 1 : 0)
      bytes.append(varint: shares.count)
      NumberColumn.append(isTicks ? ticks : shares.map { Int64(bitPattern: $0.share.bitPattern) }, to: &bytes)
      PackedBytes.append(entries.bytes, to: &bytes, deflater)
    }
  }

  /// - Parameter names: Of entities and exceptions; messages of these, too.
  init(_ decoder: inout SegmentDecoder, _ names: TextTable, responseTimes: SecondsColumn) throws(ColumnError) {
    let count = decoder.rowCount
    let entryCount = try decoder.reader.count(limit: count)
    let places = try NumberColumn(&decoder.reader, count: count, below: entryCount + 1)
    let isTicks = try decoder.reader.count(limit: 1) == 1
    let coverageCount = try decoder.reader.count(limit: 1 << 24)
    let coverages = try NumberColumn(&decoder.reader, count: coverageCount)
    let packed = try PackedBytes(&decoder.reader)
    let services = decoder.services
    self.places = places
    content = Lazy { () throws(ColumnError) in
      var reader = ByteReader(try packed.unpacked())
      var entries: [Entry] = []
      let names = try names.texts()
      for _ in 0..<entryCount { entries.append(try reader.entry(services, names)) }
      var ends: [Int] = []
      for place in places.values {
        ends.append((ends.last ?? 0) + (place == 0 ? 0 : entries[Int(place) - 1].coverageCount))
      }
      guard ends.last ?? 0 == coverageCount else { throw reader.fail() }
      let shares = coverages.values
      return Content(entries: entries, ends: ends, coverages: shares, times: isTicks ? responseTimes : nil)
    }
  }

  fileprivate struct Entry {
    var causes: [RootCause] = []
    /// Shares of time that the causes leave open.
    var coverageCount = 0
  }

  /// The causes, inflated.
  private struct Content {
    var entries: [Entry]
    /// Where the shares of each row end.
    var ends: [Int]
    var coverages: [Int64]
    /// What shares are parts of; `nil` when they are bit patterns.
    var times: SecondsColumn?

    func causes(of row: Int, _ place: Int) -> [RootCause] {
      var entry = entries[place - 1]
      guard entry.coverageCount > 0 else { return entry.causes }
      var next = row == 0 ? 0 : ends[row - 1]
      entry.causes.fillCoverages {
        defer { next += 1 }
        guard let times else { return Double(bitPattern: UInt64(bitPattern: coverages[next])) }
        return Coverage.share(coverages[next], of: times[row] ?? 0)
      }
      return entry.causes
    }
  }

  func causes(of row: Int) throws(ColumnError) -> [RootCause] {
    let place = places.place(row)
    return place == 0 ? [] : try content.value().causes(of: row, place)
  }
}

/// Shares of a response time, as the ticks of which they were worked out.
private enum Coverage {
  static func share(_ ticks: Int64, of total: Double) -> Double { min(1, SecondsColumn.seconds(ticks) / total) }

  /// The ticks that give this very share; `nil` when there are none.
  static func ticks(_ share: Double, of total: Double?) -> Int64? {
    guard let total, let ticks = SecondsColumn.ticks(share * total),
      self.share(ticks, of: total).bitPattern == share.bitPattern
    else { return nil }
    return ticks
  }
}

extension [RootCause] {
  /// Fills in the shares that are left open.
  fileprivate mutating func fillCoverages(_ next: () -> Double) {
    for cause in indices {
      for service in self[cause].services.indices {
        for entity in self[cause].services[service].path.indices {
          if self[cause].services[service].path[entity].coverage?.isNaN ?? false {
            self[cause].services[service].path[entity].coverage = next()
          }
        }
      }
    }
  }
}

/// The bits of an entity on a path.
private enum EntityBit {
  static let remote: UInt8 = 1
  static let hasCoverage: UInt8 = 2
  /// All of the time; other shares are left open.
  static let isWhole: UInt8 = 4
}

extension ByteReader {
  fileprivate mutating func entry(_ services: [ServiceID], _ names: Texts) throws(ColumnError) -> CauseColumn.Entry {
    var entry = CauseColumn.Entry()
    for _ in 0..<(try count()) {
      let isClientImpacting = try flags(below: 2) == 1
      var path: [RootCause.Service] = []
      for _ in 0..<(try count()) {
        let place = try count(limit: services.count * 2 - 1)
        guard place / 2 < services.count else { throw fail() }
        var entities: [RootCause.PathEntity] = []
        for _ in 0..<(try count()) { entities.append(try entity(names, &entry.coverageCount)) }
        path.append(RootCause.Service(services[place / 2], isInferred: place % 2 == 1, path: entities))
      }
      entry.causes.append(RootCause(path, isClientImpacting: isClientImpacting))
    }
    return entry
  }

  private mutating func entity(_ names: Texts, _ open: inout Int) throws(ColumnError) -> RootCause.PathEntity {
    let bits = try flags(below: 8)
    let name = try text(of: names)
    var coverage: Double?
    if bits & EntityBit.isWhole != 0 {
      coverage = 1
    } else if bits & EntityBit.hasCoverage != 0 {
      coverage = .nan
      open += 1
    }
    var exceptions: [RootCause.Exception] = []
    for _ in 0..<(try count()) {
      exceptions.append(RootCause.Exception(try text(of: names), message: try text(of: names)))
    }
    return RootCause.PathEntity(
      name, isRemote: bits & EntityBit.remote != 0, exceptions: exceptions, coverage: coverage)
  }

  private mutating func text(of names: Texts) throws(ColumnError) -> String {
    let place = try count(limit: names.count)
    guard place < names.count else { throw fail() }
    return names[place]
  }

  private mutating func flags(below limit: UInt8) throws(ColumnError) -> UInt8 {
    let byte = try byte()
    guard byte < limit else { throw fail() }
    return byte
  }
}
