import Traces
import XRayModel

/// Sorts the facts of rows by kind: what ``GraphColumns`` reads.
struct FactSorter {
  private typealias Bit = GraphColumns.Bit

  private var pairs = ByteTable()
  private var kinds = ByteTable()
  private var facts: [Fact] = []
  var count: Int { facts.count }
  private var coded: [UInt8] = []
  /// Of one row: which visits have their calls, and where the others' go.
  private var requests: [(ticks: Int64, service: Int, pair: Int, outcome: Int)] = []

  private struct Fact {
    var kind: Int32
    var row: Int32
    var start: Int64 = 0
    var span: Int64 = 0
    var excess: Int64 = 0
  }

  /// - Parameter duration: In ticks; `nil` when durations are no whole ticks.
  mutating func add(
    _ facts: borrowing GraphFacts, row: Int, start: Int64, duration: Int64?, _ services: inout RowServices
  ) {
    requests.removeAll(keepingCapacity: true)
    facts.visits.withUnsafeBufferPointer { visits in
      guard let first = visits.baseAddress else { return }
      for visit in visits.indices { add(first + visit, &services) }
    }
    facts.calls.withUnsafeBufferPointer { calls in
      guard let first = calls.baseAddress else { return }
      for call in calls.indices { add(first + call, row: row, &services) }
    }
    facts.visits.withUnsafeBufferPointer { visits in
      guard let first = visits.baseAddress else { return }
      var number = 0
      while number < visits.count {
        let hasClient = number + 1 < visits.count && isFollowed(first + number, by: first + number + 1)
        let client = hasClient ? requests[number + 1].service + 1 : 0
        add(first + number, requests[number], client: client, row: row, start: start, duration: duration)
        number += hasClient ? 2 : 1
      }
    }
  }

  private mutating func add(_ visit: UnsafePointer<GraphFacts.Visit>, _ services: inout RowServices) {
    guard let service = visit.pointer(to: \.service) else { return }
    requests.append((visit.pointee.request?.ticks ?? .min, services.place(at: service), 0, 0))
  }

  /// Whether a client was there as long as the visit was.
  private func isFollowed(
    _ visit: UnsafePointer<GraphFacts.Visit>, by next: UnsafePointer<GraphFacts.Visit>
  ) -> Bool {
    next.pointee.isClient && !next.pointee.isRoot && !next.pointee.isReporting && next.pointee.request == nil
      && next.pointee.start == visit.pointee.start && next.pointee.end == visit.pointee.end
  }

  /// Mostly a call took as long as what it called says: then it goes with the visit.
  private mutating func add(_ call: UnsafePointer<GraphFacts.Call>, row: Int, _ services: inout RowServices) {
    guard let from = call.pointer(to: \.source), let to = call.pointer(to: \.target) else { return }
    let source = services.place(at: from)
    let target = services.place(at: to)
    let alias = call.pointee.alias.map { services.place(of: $0) + 1 } ?? 0
    coded.removeAll(keepingCapacity: true)
    coded.append(varint: source)
    coded.append(varint: target)
    coded.append(varint: alias)
    let pair = pairs.place(of: coded) + 1
    guard let request = call.pointee.request else {
      return append(Fact(kind: kind(0, GraphColumns.noRequest, 0, pair, GraphColumns.noRequest), row: Int32(row)))
    }
    let outcome = request.outcome.code
    for visit in requests.indices
    where requests[visit].ticks == request.ticks && requests[visit].service == target && requests[visit].pair == 0 {
      requests[visit].pair = pair
      requests[visit].outcome = outcome
      return
    }
    let bits = GraphColumns.noRequest | Self.unit(request.ticks, 0, 0)
    append(Fact(kind: kind(0, bits, 0, pair, outcome), row: Int32(row), span: request.ticks))
  }

  private mutating func add(
    _ visit: UnsafePointer<GraphFacts.Visit>, _ request: (ticks: Int64, service: Int, pair: Int, outcome: Int),
    client: Int,
    row: Int, start: Int64, duration: Int64?
  ) {
    var fact = Fact(kind: 0, row: Int32(row))
    let span = visit.pointee.end.ticks &- visit.pointee.start.ticks
    var bits = visit.pointee.request?.outcome.code ?? GraphColumns.noRequest
    if visit.pointee.isRoot { bits |= Bit.root }
    if visit.pointee.isReporting { bits |= Bit.reporting }
    fact.start = visit.pointee.start.ticks &- start
    if fact.start == 0 { bits |= Bit.beginsTrace }
    if span == duration { bits |= Bit.spansTrace } else { fact.span = span }
    if let request = visit.pointee.request, request.ticks != span {
      fact.excess = request.ticks &- span
      bits |= Bit.hasExcess
    }
    bits |= Self.unit(fact.start, fact.span, fact.excess)
    let outcome = request.pair == 0 ? GraphColumns.noRequest : request.outcome
    fact.kind = kind(request.service + 1, bits, client, request.pair, outcome)
    append(fact)
  }

  private mutating func append(_ fact: Fact) { facts.append(fact) }

  private static func unit(_ a: Int64, _ b: Int64, _ c: Int64) -> Int {
    if a % 10 != 0 || b % 10 != 0 || c % 10 != 0 { return 0 }
    return a % 10_000 == 0 && b % 10_000 == 0 && c % 10_000 == 0 ? Bit.milliseconds : Bit.microseconds
  }

  private mutating func kind(_ service: Int, _ bits: Int, _ client: Int, _ pair: Int, _ outcome: Int) -> Int32 {
    coded.removeAll(keepingCapacity: true)
    coded.append(varint: service)
    coded.append(varint: bits)
    coded.append(varint: client)
    coded.append(varint: pair)
    coded.append(varint: outcome)
    return Int32(kinds.place(of: coded))
  }

  func appendTables(to bytes: inout [UInt8]) {
    for table in [pairs, kinds] {
      bytes.append(varint: table.count)
      bytes += table.bytes
    }
  }

  func appendFacts(to bytes: inout [UInt8]) {
    // A stable sort by counting: facts of a kind stay in the order of rows.
    var ends = [Int](repeating: 0, count: kinds.count + 1)
    for fact in facts { ends[Int(fact.kind) + 1] += 1 }
    for kind in 0..<kinds.count { ends[kind + 1] += ends[kind] }
    let starts = ends
    var order = [Int32](repeating: 0, count: facts.count)
    for (place, fact) in facts.enumerated() {
      order[ends[Int(fact.kind)]] = Int32(place)
      ends[Int(fact.kind)] += 1
    }
    for kind in 0..<kinds.count { append(order[starts[kind]..<starts[kind + 1]], kind: kind, to: &bytes) }
  }

  private func append(_ places: ArraySlice<Int32>, kind: Int, to bytes: inout [UInt8]) {
    var reader = ByteReader(Array(kinds[kind]))
    guard let kind = try? GraphColumns.Kind(&reader) else { return }
    bytes.append(varint: places.count)
    guard let first = places.first else { return }
    bytes.append(varint: Int(facts[Int(first)].row))
    let unit = kind.unit
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: places.count) { numbers in
      func append(_ value: (Fact) -> Int64) {
        for (number, place) in places.enumerated() { numbers[number] = value(facts[Int(place)]) }
        NumberColumn.append(UnsafeBufferPointer(numbers), unit: unit, to: &bytes)
      }
      var last = Int64(facts[Int(first)].row)
      for (number, place) in places.dropFirst().enumerated() {
        numbers[number] = Int64(facts[Int(place)].row) - last
        last = Int64(facts[Int(place)].row)
      }
      NumberColumn.append(UnsafeBufferPointer(rebasing: numbers[..<(places.count - 1)]), unit: 1, to: &bytes)
      if kind.hasStarts { append { $0.start } }
      if kind.hasSpans { append { $0.span } }
      if kind.has(Bit.hasExcess) { append { $0.excess } }
    }
  }
}
