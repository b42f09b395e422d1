import Traces
import XRayModel

/// Segments and calls of a segment's rows, in flat columns: what graphs are counted from.
struct GraphColumns: Sendable {
  /// Most segments, and most calls, of all rows together.
  static let factLimit = 1 << 22

  struct Pair: Hashable {
    var source: Int
    var target: Int
    /// 0 for none, else a service plus 1.
    var alias: Int
  }

  /// Where the visits of each row end; likewise of the calls.
  let visitEnds: [Int]
  let callEnds: [Int]
  let visitServices: NumberColumn
  let visitBits: NumberColumn
  /// Ticks since the trace's start.
  let visitStarts: NumberColumn
  let visitSpans: NumberColumn
  /// By how many ticks the request took longer than the span: mostly 0.
  let visitExcess: NumberColumn
  let pairs: [Pair]
  let callPairs: NumberColumn
  /// The outcome, or ``noRequest``.
  let callOutcomes: NumberColumn
  let callTicks: NumberColumn

  static let noRequest = 4
  /// The bits of a visit: the lowest three hold the outcome.
  static let clientBit = 8
  static let rootBit = 16
  static let reportingBit = 32

  static func append(_ rows: [SegmentRow], to encoder: inout SegmentEncoder) {
    let visits = rows.flatMap { row in row.facts.visits.map { (visit: $0, traceStart: row.summary.start.ticks) } }
    let calls = rows.flatMap(\.facts.calls)
    NumberColumn.append(rows.map(\.facts.visits.count), to: &encoder.body)
    NumberColumn.append(visits.map { encoder.place(of: $0.visit.service) }, to: &encoder.body)
    NumberColumn.append(visits.map { bits(of: $0.visit) }, to: &encoder.body)
    NumberColumn.append(visits.map { $0.visit.start.ticks &- $0.traceStart }, to: &encoder.body)
    NumberColumn.append(visits.map { $0.visit.end.ticks &- $0.visit.start.ticks }, to: &encoder.body)
    NumberColumn.append(visits.map { excess(of: $0.visit) }, to: &encoder.body)
    NumberColumn.append(rows.map(\.facts.calls.count), to: &encoder.body)
    var pairs = Interned<Pair>()
    let places = calls.map { call in
      let alias = call.alias.map { encoder.place(of: $0) + 1 } ?? 0
      return pairs.place(
        of: Pair(source: encoder.place(of: call.source), target: encoder.place(of: call.target), alias: alias))
    }
    encoder.body.append(varint: pairs.values.count)
    for pair in pairs.values {
      for place in [pair.source, pair.target, pair.alias] { encoder.body.append(varint: place) }
    }
    NumberColumn.append(places, to: &encoder.body)
    NumberColumn.append(calls.map { $0.request?.outcome.code ?? noRequest }, to: &encoder.body)
    NumberColumn.append(calls.map { $0.request?.ticks ?? 0 }, to: &encoder.body)
  }

  private static func bits(of visit: GraphFacts.Visit) -> Int {
    (visit.request?.outcome.code ?? noRequest) | (visit.isClient ? clientBit : 0) | (visit.isRoot ? rootBit : 0)
      | (visit.isReporting ? reportingBit : 0)
  }

  private static func excess(of visit: GraphFacts.Visit) -> Int64 {
    visit.request.map { $0.ticks &- (visit.end.ticks &- visit.start.ticks) } ?? 0
  }

  init(_ decoder: inout SegmentDecoder, count: Int) throws(ColumnError) {
    let services = decoder.services.count
    visitEnds = try Self.ends(&decoder.reader, count: count)
    let visits = visitEnds.last ?? 0
    visitServices = try NumberColumn(&decoder.reader, count: visits, below: services)
    visitBits = try NumberColumn(&decoder.reader, count: visits, below: 64)
    visitStarts = try NumberColumn(&decoder.reader, count: visits)
    visitSpans = try NumberColumn(&decoder.reader, count: visits)
    visitExcess = try NumberColumn(&decoder.reader, count: visits)
    callEnds = try Self.ends(&decoder.reader, count: count)
    let calls = callEnds.last ?? 0
    var pairs: [Pair] = []
    for _ in 0..<(try decoder.reader.count()) {
      pairs.append(
        Pair(
          source: try decoder.reader.count(limit: services - 1), target: try decoder.reader.count(limit: services - 1),
          alias: try decoder.reader.count(limit: services)))
    }
    guard services > 0 || pairs.isEmpty else { throw decoder.reader.fail() }
    self.pairs = pairs
    callPairs = try NumberColumn(&decoder.reader, count: calls, below: pairs.count)
    callOutcomes = try NumberColumn(&decoder.reader, count: calls, below: noRequestLimit)
    callTicks = try NumberColumn(&decoder.reader, count: calls)
  }

  private static func ends(_ reader: inout ByteReader, count: Int) throws(ColumnError) -> [Int] {
    let counts = try NumberColumn(&reader, count: count)
    var ends: [Int] = []
    ends.reserveCapacity(count)
    for row in 0..<count {
      let next = counts[row]
      let last = ends.last ?? 0
      guard next >= 0, next <= Int64(factLimit - last) else { throw reader.fail() }
      ends.append(last + Int(next))
    }
    return ends
  }

  func visits(of row: Int) -> Range<Int> { (row == 0 ? 0 : visitEnds[row - 1])..<visitEnds[row] }
  func calls(of row: Int) -> Range<Int> { (row == 0 ? 0 : callEnds[row - 1])..<callEnds[row] }
}

private let noRequestLimit = GraphColumns.noRequest + 1

extension Outcome {
  /// As columns write it.
  var code: Int {
    switch self {
    case .ok: 0
    case .error: 1
    case .fault: 2
    case .throttle: 3
    }
  }

  /// `nil` where there was no completed request.
  init?(code: Int) {
    switch code {
    case 0: self = .ok
    case 1: self = .error
    case 2: self = .fault
    case 3: self = .throttle
    default: return nil
    }
  }
}
