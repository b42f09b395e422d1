import Traces

/// Distinct services in the order in which they were first met.
struct ServiceTable: Sendable {
  private(set) var services: [ServiceID] = []
  private var hashes: [UInt32] = []
  /// Places plus 1 by hash, with free ones between them.
  private var slots = [Int32](repeating: 0, count: 64)

  mutating func place(of service: ServiceID) -> Int {
    let hash = Self.hash(service)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if hashes[place] == hash, services[place] == service { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    services.append(service)
    hashes.append(hash)
    slots[slot] = Int32(services.count)
    if services.count * 2 > slots.count { grow() }
    return services.count - 1
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    for (place, hash) in hashes.enumerated() {
      var slot = Int(hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(place + 1)
    }
  }

  /// Equal names may be written in different bytes: only of ASCII do bytes tell services apart.
  private static func hash(_ service: ServiceID) -> UInt32 {
    var name = service.name
    let hash = name.withUTF8 { bytes in
      bytes.allSatisfy { $0 < 0x80 } ? ByteTable.hash(UnsafeRawBufferPointer(bytes)) : 1
    }
    return hash &+ UInt32(truncatingIfNeeded: service.type?.utf8.first ?? 0)
  }
}

/// The services of a segment's rows.
///
/// A trace names the same few again and again, mostly as the very same strings: those are known by their bits. Bits
/// tell only while the strings live, which is as long as the rows that a table is made for.
struct RowServices {
  /// As segments write them.
  private(set) var table = ByteTable()
  private(set) var services: [ServiceID] = []
  private var recent = [Recent](repeating: Recent(), count: 256)
  private var coded: [UInt8] = []

  /// What a service is in memory.
  private struct Bits: Equatable, BitwiseCopyable {
    var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)

    static func == (a: Bits, b: Bits) -> Bool {
      a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
        && a.words.4 == b.words.4 && a.words.5 == b.words.5
    }

    var slot: Int {
      let sum = words.0 &+ words.1 &* 0x9E37_79B9_7F4A_7C15 &+ words.3 &* 31
      return Int(truncatingIfNeeded: (sum &* 0x9E37_79B9_7F4A_7C15) >> 56)
    }
  }

  private struct Recent {
    var bits = Bits()
    var place = -1
  }

  mutating func place(of service: ServiceID) -> Int { withUnsafePointer(to: service) { place(at: $0) } }

  /// The place of a service that is looked at where it lies: a copy would count references to its strings.
  mutating func place(at service: UnsafePointer<ServiceID>) -> Int {
    let bits = UnsafeRawPointer(service).loadUnaligned(as: Bits.self)
    let slot = bits.slot
    if recent[slot].place >= 0, recent[slot].bits == bits { return recent[slot].place }
    coded.removeAll(keepingCapacity: true)
    coded.append(service.pointee)
    let place = table.place(of: coded)
    if place == services.count { services.append(service.pointee) }
    recent[slot] = Recent(bits: bits, place: place)
    return place
  }
}

/// Distinct lists of places, as a ``ListTable`` reads them.
struct ListPlaces {
  private var table = ByteTable()
  private var coded: [UInt8] = []

  mutating func begin(count: Int) {
    coded.removeAll(keepingCapacity: true)
    coded.append(varint: count)
  }

  var count: Int { table.count }

  mutating func append(_ place: Int) { coded.append(varint: place) }

  /// The place of the list that began last.
  mutating func end() -> Int { table.place(of: coded) }

  func append(to bytes: inout [UInt8]) {
    bytes.append(varint: table.count)
    bytes += table.bytes
  }
}

/// Distinct lists of places, which a column names by their places in turn.
struct ListTable: Sendable {
  private var elements: [Int] = []
  private var ends: [Int] = [0]

  var count: Int { ends.count - 1 }

  subscript(place: Int) -> ArraySlice<Int> { elements[ends[place]..<ends[place + 1]] }

  init(_ reader: inout ByteReader, below limit: Int) throws(ColumnError) {
    let count = try reader.count()
    ends.reserveCapacity(count + 1)
    for _ in 0..<count {
      let length = try reader.count()
      guard limit > 0 || length == 0 else { throw reader.fail() }
      for _ in 0..<length { elements.append(try reader.count(limit: limit - 1)) }
      ends.append(elements.count)
    }
  }
}
