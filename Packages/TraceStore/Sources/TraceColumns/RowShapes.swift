import Traces
import XRayModel

/// Finds the shapes of rows: what ``GraphColumns`` reads.
struct RowShapes {
  private typealias Bit = GraphColumns.Bit

  /// The shape of each row.
  private(set) var places: [Int] = []
  private var shapes = Interned<[Int]>()
  private var pairs = Interned<GraphColumns.Pair>()
  /// By shape and slot: the times of the rows.
  private var times: [[[Int64]]] = []

  var count: Int { shapes.values.count }

  /// - Parameter durations: In ticks; `nil` when durations are no whole ticks.
  init(_ rows: [SegmentRow], durations: [Int64]?, _ services: inout ServiceTable) {
    places.reserveCapacity(rows.count)
    var key: [Int] = []
    var row: [Int64] = []
    for number in rows.indices {
      key.removeAll(keepingCapacity: true)
      row.removeAll(keepingCapacity: true)
      key.append(0)
      appendVisits(of: rows[number], duration: durations?[number], &key, &row, &services)
      appendCalls(of: rows[number], &key, &row, &services)
      // Times in whole milliseconds take fewer bits when they are not among others.
      key[0] = row.allSatisfy { $0 % 10_000 == 0 } ? 1 : 0
      let place = shapes.place(of: key)
      places.append(place)
      if place == times.count { times.append([[Int64]](repeating: [], count: row.count)) }
      for (slot, time) in row.enumerated() { times[place][slot].append(time) }
    }
  }

  private func appendVisits(
    of row: SegmentRow, duration: Int64?, _ key: inout [Int], _ times: inout [Int64], _ services: inout ServiceTable
  ) {
    let traceStart = row.summary.start.ticks
    var last: (start: Int64, end: Int64)?
    key.append(row.facts.visits.count)
    for visit in row.facts.visits {
      let start = visit.start.ticks &- traceStart
      let span = visit.end.ticks &- visit.start.ticks
      let excess = visit.request.map { $0.ticks &- span } ?? 0
      var bits = visit.request?.outcome.code ?? GraphColumns.noRequest
      if visit.isClient { bits |= Bit.client }
      if visit.isRoot { bits |= Bit.root }
      if visit.isReporting { bits |= Bit.reporting }
      if let last, last == (visit.start.ticks, visit.end.ticks) {
        bits |= Bit.mirrors
      } else {
        if start == 0 { bits |= Bit.beginsTrace } else { times.append(start) }
        if span == duration { bits |= Bit.spansTrace } else { times.append(span) }
      }
      if excess != 0 {
        bits |= Bit.hasExcess
        times.append(excess)
      }
      key.append(services.place(of: visit.service))
      key.append(bits)
      last = (visit.start.ticks, visit.end.ticks)
    }
  }

  private mutating func appendCalls(
    of row: SegmentRow, _ key: inout [Int], _ times: inout [Int64], _ services: inout ServiceTable
  ) {
    key.append(row.facts.calls.count)
    for call in row.facts.calls {
      let target = services.place(of: call.target)
      let alias = call.alias.map { services.place(of: $0) + 1 } ?? 0
      let pair = GraphColumns.Pair(source: services.place(of: call.source), target: target, alias: alias)
      key.append(pairs.place(of: pair))
      key.append(call.request?.outcome.code ?? GraphColumns.noRequest)
      guard let request = call.request else {
        key.append(GraphColumns.ownTicks)
        continue
      }
      // Mostly a call took as long as what it called says.
      let visit = row.facts.visits.indices.first { number in
        row.facts.visits[number].request?.ticks == request.ticks && key[2 + 2 * number] == target
      }
      key.append(visit.map { $0 + 1 } ?? GraphColumns.ownTicks)
      if visit == nil { times.append(request.ticks) }
    }
  }

  func appendTables(to bytes: inout [UInt8]) {
    bytes.append(varint: pairs.values.count)
    for pair in pairs.values {
      for place in [pair.source, pair.target, pair.alias] { bytes.append(varint: place) }
    }
    bytes.append(varint: shapes.values.count)
    for shape in shapes.values { for number in shape.dropFirst() { bytes.append(varint: number) } }
  }

  func appendColumns(to bytes: inout [UInt8]) {
    NumberColumn.append(places, to: &bytes)
    for shape in times { for slot in shape { NumberColumn.append(slot, to: &bytes) } }
  }
}
