import Traces
import XRayModel

/// Segments and calls of a segment's rows: what graphs are counted from.
///
/// Facts that count alike, such as successful visits of one service by one caller, are kept together, whichever rows
/// they are of: then their times are read, and added to one distribution, in tight loops.
struct GraphColumns: Sendable {
  /// Most facts of all rows together.
  static let factLimit = 1 << 22

  struct Pair: Hashable {
    var source: Int
    var target: Int
    /// 0 for none, else a service plus 1.
    var alias: Int
  }

  /// What facts have in common: a visit, a call, or a visit and the call that took as long.
  struct Kind {
    /// Of the visit; 0 for a call alone, else a service plus 1.
    var service: Int
    /// The visit's ``Bit``s; the lowest three are its outcome, or ``noRequest``.
    var bits: Int
    /// A client that was there as long as the visit was; 0 for none, else a service plus 1.
    var client: Int
    /// 0 for a visit alone, else a pair plus 1.
    var pair: Int
    /// The call's outcome, or ``noRequest``.
    var callOutcome: Int

    var outcome: Int { bits & 7 }
    func has(_ bit: Int) -> Bool { bits & bit != 0 }
    var hasStarts: Bool { service > 0 && !has(Bit.beginsTrace) }
    /// A call alone has its time in place of a span.
    var hasSpans: Bool { service > 0 ? !has(Bit.spansTrace) : callOutcome != GraphColumns.noRequest }
    var unit: Int64 { has(Bit.milliseconds) ? 10_000 : has(Bit.microseconds) ? 10 : 1 }
  }

  /// The bits of a visit.
  enum Bit {
    static let root = 8
    static let reporting = 16
    static let beginsTrace = 32
    /// It lasted as long as the trace.
    static let spansTrace = 64
    /// The request took longer or shorter than the visit.
    static let hasExcess = 128
    /// All times are whole ones.
    static let milliseconds = 256
    static let microseconds = 512
    static let limit = 1024
  }

  static let noRequest = 4

  private(set) var pairs: [Pair] = []
  private(set) var kinds: [Kind] = []
  /// Where the facts of the kinds lie.
  private var facts: ByteReader
  /// Most facts of one kind.
  private(set) var mostFacts = 0

  /// Whether spans are told by the durations of traces.
  var needsDurations: Bool { kinds.contains { $0.has(Bit.spansTrace) } }

  /// - Parameters:
  ///   - table: Pairs and kinds.
  ///   - reader: The facts.
  init(_ table: inout ByteReader, _ reader: inout ByteReader, services: Int, rowCount: Int) throws(ColumnError) {
    facts = reader
    for _ in 0..<(try table.count()) {
      let source = try table.place(below: services)
      let target = try table.place(below: services)
      pairs.append(Pair(source: source, target: target, alias: try table.place(below: services + 1)))
    }
    let count = try table.count()
    kinds.reserveCapacity(count)
    for _ in 0..<count {
      let kind = try Kind(&table)
      let isKnown = kind.service <= services && kind.client <= services && kind.pair <= pairs.count
      guard isKnown, kind.service > 0 || kind.pair > 0 else { throw table.fail() }
      kinds.append(kind)
    }
    var left = Self.factLimit
    for kind in kinds {
      let part = try FactLayout(kind, &reader, limit: left)
      left -= part.count
      mostFacts = max(mostFacts, part.count)
      guard part.count == 0 || part.lastRow(in: reader.bytes) < rowCount else { throw reader.fail() }
    }
  }

  /// Visits the kinds in order, with the places of their facts.
  func forEachPart(_ body: (_ kind: Kind, _ part: FactLayout, _ blob: UnsafeRawBufferPointer) -> Void) {
    var reader = facts
    facts.bytes.withUnsafeBytes { blob in
      for kind in kinds {
        // All of them were read before, so that reading them again cannot fail.
        guard let part = try? FactLayout(kind, &reader, limit: Self.factLimit) else { return }
        body(kind, part, blob)
      }
    }
  }
}

/// Where the facts of one kind lie.
struct FactLayout {
  let count: Int
  let firstRow: Int
  /// How many rows lie between one fact and the next.
  let gaps: NumberLayout
  /// Ticks since the trace's start.
  let starts: NumberLayout?
  let spans: NumberLayout?
  /// By how much requests were longer than spans.
  let excesses: NumberLayout?

  init(_ kind: GraphColumns.Kind, _ reader: inout ByteReader, limit: Int) throws(ColumnError) {
    count = try reader.count(limit: limit)
    firstRow = count == 0 ? 0 : try reader.count(limit: SummarySegment.rowLimit - 1)
    let unit = kind.unit
    gaps = try NumberLayout(&reader, count: max(0, count - 1), unit: 1)
    starts = kind.hasStarts ? try NumberLayout(&reader, count: count, unit: unit) : nil
    spans = kind.hasSpans ? try NumberLayout(&reader, count: count, unit: unit) : nil
    excesses = kind.has(GraphColumns.Bit.hasExcess) ? try NumberLayout(&reader, count: count, unit: unit) : nil
  }

  /// The row of the last fact; beyond all rows where rows do not go up.
  func lastRow(in bytes: [UInt8]) -> Int {
    var row = firstRow
    var widest: UInt64 = 0
    bytes.withUnsafeBytes { blob in
      gaps.forEach(in: blob) { _, gap in
        widest = max(widest, UInt64(bitPattern: gap))
        row &+= Int(gap)
      }
    }
    return widest <= SummarySegment.rowLimit ? row : .max
  }

  @inline(__always)
  func forEachRow(in blob: UnsafeRawBufferPointer, _ body: (_ fact: Int, _ row: Int) -> Void) {
    guard count > 0 else { return }
    var row = firstRow
    body(0, row)
    gaps.forEach(in: blob) { fact, gap in
      row &+= Int(gap)
      body(fact &+ 1, row)
    }
  }
}

extension GraphColumns.Kind {
  init(_ reader: inout ByteReader) throws(ColumnError) {
    service = try reader.count(limit: 1 << 30)
    bits = try reader.count(limit: GraphColumns.Bit.limit - 1)
    client = try reader.count(limit: 1 << 30)
    pair = try reader.count(limit: 1 << 30)
    callOutcome = try reader.count(limit: GraphColumns.noRequest)
    guard outcome <= GraphColumns.noRequest else { throw reader.fail() }
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
