import Traces
import XRayModel

/// Segments and calls of a segment's rows: what graphs are counted from.
///
/// Most traces have the shape of others: the same services called one another in the same order with the same
/// outcomes. Shapes are kept once, and for each of them columns of the times that differ.
struct GraphColumns: Sendable {
  /// Most segments, and most calls, of all rows together.
  static let factLimit = 1 << 22

  struct Pair: Hashable {
    var source: Int
    var target: Int
    /// 0 for none, else a service plus 1.
    var alias: Int
  }

  struct Visit {
    var service: Int
    var bits: Int

    var outcome: Int { bits & 7 }
    func has(_ bit: Int) -> Bool { bits & bit != 0 }
  }

  /// The bits of a visit: the lowest three hold the outcome, or ``noRequest``.
  enum Bit {
    static let client = 8
    static let root = 16
    static let reporting = 32
    /// It began and ended with the visit before it.
    static let mirrors = 64
    static let beginsTrace = 128
    /// It lasted as long as the trace.
    static let spansTrace = 256
    /// The request took longer or shorter than the visit.
    static let hasExcess = 512
    static let limit = 1024
  }

  static let noRequest = 4

  struct Call {
    var pair: Int
    /// The outcome, or ``noRequest``.
    var outcome: Int
    /// ``ownTicks``, or a visit of the shape plus 1: then the call took as long as the visit's request.
    var visit: Int
  }

  static let ownTicks = 0

  /// Where the parts of a shape lie.
  struct Shape {
    var visits: Range<Int>
    var calls: Range<Int>
    /// In order: start (ticks since the trace's), span and excess of each visit, then ticks of each call; what the
    /// shape tells is left out.
    var slots = 0..<0
    var rowCount = 0
  }

  private(set) var pairs: [Pair] = []
  private(set) var visits: [Visit] = []
  private(set) var calls: [Call] = []
  private(set) var slots: [NumberLayout] = []
  private(set) var shapes: [Shape] = []
  /// The shape of each row.
  let places: NumberColumn

  /// Whether spans are told by the durations of traces.
  var needsDurations: Bool { visits.contains { $0.has(Bit.spansTrace) } }

  /// - Parameters:
  ///   - table: Pairs and shapes.
  ///   - reader: The columns.
  init(_ table: inout ByteReader, _ reader: inout ByteReader, services: Int, rowCount: Int) throws(ColumnError) {
    let places = try NumberColumn(&reader, count: rowCount)
    self.places = places
    for _ in 0..<(try table.count()) {
      let source = try table.place(below: services)
      let target = try table.place(below: services)
      pairs.append(Pair(source: source, target: target, alias: try table.place(below: services + 1)))
    }
    let count = try table.count()
    shapes.reserveCapacity(count)
    for _ in 0..<count { shapes.append(try readShape(&table, services: services)) }
    for place in places.values {
      guard place >= 0, place < Int64(count) else { throw reader.fail() }
      shapes[Int(place)].rowCount += 1
    }
    var left = Self.factLimit
    for place in shapes.indices {
      let shape = shapes[place]
      let size = max(1, shape.visits.count, shape.calls.count)
      guard shape.rowCount <= left / size else { throw reader.fail() }
      left -= shape.rowCount * size
      let first = slots.count
      for _ in 0..<slotCount(of: shape) { slots.append(try NumberLayout(&reader, count: shape.rowCount)) }
      shapes[place].slots = first..<slots.count
    }
  }

  private mutating func readShape(_ table: inout ByteReader, services: Int) throws(ColumnError) -> Shape {
    let firstVisit = visits.count
    let visitCount = try table.count()
    for number in 0..<visitCount {
      let visit = Visit(service: try table.place(below: services), bits: try table.place(below: Bit.limit))
      guard visit.outcome <= Self.noRequest, number > 0 || !visit.has(Bit.mirrors) else { throw table.fail() }
      visits.append(visit)
    }
    let firstCall = calls.count
    for _ in 0..<(try table.count()) {
      let pair = try table.place(below: pairs.count)
      let outcome = try table.place(below: Self.noRequest + 1)
      calls.append(Call(pair: pair, outcome: outcome, visit: try table.place(below: visitCount + 1)))
    }
    return Shape(visits: firstVisit..<visits.count, calls: firstCall..<calls.count)
  }

  /// How many times of a row the shape does not tell.
  private func slotCount(of shape: Shape) -> Int {
    var count = 0
    for visit in visits[shape.visits] {
      if !visit.has(Bit.mirrors) { count += (visit.has(Bit.beginsTrace) ? 0 : 1) + (visit.has(Bit.spansTrace) ? 0 : 1) }
      if visit.has(Bit.hasExcess) { count += 1 }
    }
    for call in calls[shape.calls] where call.visit == Self.ownTicks && call.outcome != Self.noRequest { count += 1 }
    return count
  }
}

extension ByteReader {
  fileprivate mutating func place(below limit: Int) throws(ColumnError) -> Int {
    let place = try count(limit: limit - 1)
    guard limit > 0 else { throw fail() }
    return place
  }
}

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
}
