import Traces

/// Distinct values in the order in which they were first met.
struct Interned<Value: Hashable> {
  private(set) var values: [Value] = []
  private var places: [Value: Int] = [:]

  mutating func place(of value: Value) -> Int {
    if let place = places[value] { return place }
    places[value] = values.count
    values.append(value)
    return values.count - 1
  }
}

/// Distinct services in the order in which they were first met. Segments name the same few again and again, so they
/// are told apart by the ends of their names first.
struct ServiceTable: Sendable {
  private(set) var services: [ServiceID] = []
  /// Places plus 1 by hash, with free ones between them.
  private var slots = [Int32](repeating: 0, count: 64)

  mutating func place(of service: ServiceID) -> Int {
    var slot = Self.hash(service) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if services[place] == service { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    services.append(service)
    slots[slot] = Int32(services.count)
    if services.count * 2 > slots.count { grow() }
    return services.count - 1
  }

  private mutating func grow() {
    slots = [Int32](repeating: 0, count: slots.count * 2)
    for (place, service) in services.enumerated() {
      var slot = Self.hash(service) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(place + 1)
    }
  }

  private static func hash(_ service: ServiceID) -> Int {
    let name = service.name.utf8
    var hash = UInt64(truncatingIfNeeded: name.count &+ (service.type?.utf8.count ?? 99) &* 31)
    for byte in name.suffix(12) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash ^ hash >> 29)
  }
}

/// Distinct lists of places, which a column names by their places in turn.
struct ListTable: Sendable {
  let lists: [[Int]]

  static func append(_ lists: [[Int]], to bytes: inout [UInt8]) {
    bytes.append(varint: lists.count)
    for list in lists {
      bytes.append(varint: list.count)
      for place in list { bytes.append(varint: place) }
    }
  }

  init(_ reader: inout ByteReader, below limit: Int) throws(ColumnError) {
    let count = try reader.count()
    var lists: [[Int]] = []
    lists.reserveCapacity(count)
    for _ in 0..<count {
      let length = try reader.count()
      var list: [Int] = []
      list.reserveCapacity(length)
      for _ in 0..<length { list.append(try reader.count(limit: limit - 1)) }
      guard limit > 0 || length == 0 else { throw reader.fail() }
      lists.append(list)
    }
    self.lists = lists
  }
}
