import Traces

extension GraphMinutes {
  static let envelope = Envelope(letters: Array("FLTG".utf8), version: 1)
  /// Most minutes of a blob: a year's.
  static let minuteLimit = 366 * 24 * 60

  /// The minutes as a blob.
  public func encoded() -> [UInt8] {
    var services = ServiceTable()
    var coded: [UInt8] = []
    var last: Int64 = 0
    for (minute, counts) in minutes.sorted(by: { $0.key < $1.key }) {
      coded.append(signed: minute &- last)
      last = minute
      coded.append(counts, minuteStart: minute &* Self.ticksPerMinute, &services)
    }
    var table: [UInt8] = []
    table.append(varint: services.services.count)
    for service in services.services { table.append(service) }
    var body: [UInt8] = []
    let deflater = Deflater()
    body.append(varint: minutes.count)
    body.append(deflated: table, deflater)
    body.append(deflated: coded, deflater)
    return Self.envelope.wrap(body)
  }

  /// Reads a blob. Bytes that are not whole minutes give an error, never a wrong answer.
  public init(decoding bytes: [UInt8]) throws(ColumnError) {
    var reader = try Self.envelope.open(bytes)
    let count = try reader.count(limit: Self.minuteLimit)
    var table = ByteReader(try reader.inflated())
    var services: [ServiceID] = []
    for _ in 0..<(try table.count()) { services.append(try table.service()) }
    var coded = ByteReader(try reader.inflated())
    var minutes: [Int64: GraphCounts] = [:]
    var minute: Int64 = 0
    for _ in 0..<count {
      minute &+= try coded.signed()
      guard minute.magnitude <= UInt64(Int64.max / Self.ticksPerMinute - 1) else { throw coded.fail() }
      let counts = try coded.counts(minuteStart: minute &* Self.ticksPerMinute, services)
      guard minutes.updateValue(counts, forKey: minute) == nil else { throw coded.fail() }
    }
    guard coded.remaining == 0, reader.remaining == 0 else { throw reader.fail() }
    self.init(minutes: minutes)
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ counts: GraphCounts, minuteStart: Int64, _ services: inout ServiceTable) {
    append(varint: counts.services.count)
    for (service, node) in zip(counts.services, counts.nodes) {
      append(varint: services.place(of: service))
      append((node.isRoot ? 1 : 0) | (node.isReporting ? 2 : 0))
      append(signed: node.start &- minuteStart)
      append(signed: node.end &- node.start)
      append(node.tally)
      node.durations.append(to: &self)
      node.common.append(to: &self)
    }
    append(varint: counts.edges.count)
    for edge in counts.edges {
      append(varint: edge.key.source)
      append(varint: edge.key.target)
      append(edge.tally)
      append(varint: edge.aliases.count)
      for alias in edge.aliases.sorted() { append(varint: services.place(of: alias)) }
    }
  }

  private mutating func append(_ tally: GraphCounts.Tally) {
    for count in [tally.ok, tally.error, tally.fault, tally.throttle] { append(varint: count) }
    append(signed: tally.ticks)
    tally.responseTimes.append(to: &self)
  }
}

extension ByteReader {
  fileprivate mutating func counts(minuteStart: Int64, _ services: [ServiceID]) throws(ColumnError) -> GraphCounts {
    var counts = GraphCounts()
    let serviceCount = try count()
    for expected in 0..<serviceCount {
      let place = counts.place(of: try service(of: services))
      guard place == expected else { throw fail() }
      let flags = try byte()
      guard flags < 4 else { throw fail() }
      var node = GraphCounts.Node(isRoot: flags & 1 != 0, isReporting: flags & 2 != 0)
      node.start = minuteStart &+ (try signed())
      node.end = node.start &+ (try signed())
      node.tally = try tally()
      node.durations = try HistogramSum(&self)
      node.common = try HistogramSum(&self)
      counts.withNodes { $0[place] = node }
    }
    for expected in 0..<(try count()) {
      let source = try count(limit: serviceCount - 1)
      let target = try count(limit: serviceCount - 1)
      guard serviceCount > 0, counts.place(of: GraphCounts.EdgeKey(source: source, target: target)) == expected else {
        throw fail()
      }
      let tally = try tally()
      var aliases: Set<ServiceID> = []
      for _ in 0..<(try count()) { aliases.insert(try service(of: services)) }
      counts.withEdges { edges in
        edges[expected].tally = tally
        edges[expected].aliases = aliases
      }
    }
    return counts
  }

  private mutating func service(of services: [ServiceID]) throws(ColumnError) -> ServiceID {
    guard !services.isEmpty else { throw fail() }
    return services[try count(limit: services.count - 1)]
  }

  private mutating func tally() throws(ColumnError) -> GraphCounts.Tally {
    var tally = GraphCounts.Tally()
    tally.ok = try count(limit: 1 << 48)
    tally.error = try count(limit: 1 << 48)
    tally.fault = try count(limit: 1 << 48)
    tally.throttle = try count(limit: 1 << 48)
    tally.ticks = try signed()
    tally.responseTimes = try HistogramSum(&self)
    return tally
  }
}
