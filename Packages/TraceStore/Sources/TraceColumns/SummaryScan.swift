public import TraceFilters
public import XRayModel

/// Looks for the traces of segments that match a filter, over the columns.
///
/// Of some traces columns cannot tell whether they match: such hits say so, and the engine asks
/// ``TraceFilters/TraceFilter/matches(_:)`` of their documents.
public struct SummaryScan: Sendable {
  private let root: FilterPart?
  private let range: Range<Timestamp>?

  /// - Parameters:
  ///   - filter: `nil` lets every trace pass.
  ///   - range: Traces that began in this range, half-open; `nil` means all.
  public init(_ filter: TraceFilter?, in range: Range<Timestamp>? = nil) {
    root = filter?.parts?.cheapestFirst
    self.range = range
  }

  /// Whether no trace of a segment with these bounds can match.
  public func skips(_ zone: SegmentZone) -> Bool {
    guard let starts = zone.starts else { return true }
    if let range, starts.upperBound < range.lowerBound || starts.lowerBound >= range.upperBound { return true }
    return root.map { zone.reach(of: $0) == .none } ?? false
  }

  /// The rows of one segment that match or may match.
  public func matches(in segment: SummarySegment) throws(ColumnError) -> RowMatches {
    var candidates = segment.visible
    if let range {
      let ticks = range.lowerBound.ticks..<range.upperBound.ticks
      var inRange = Bitmap(count: segment.count)
      inRange.insert(segment.starts) { ticks.contains($0) }
      candidates.formIntersection(inRange)
    }
    var verdicts = Verdicts(candidates)
    if let root {
      verdicts.formIntersection(try SegmentEvaluation(segment: segment).verdicts(root, among: candidates))
    }
    verdicts.possible.subtract(verdicts.sure)
    var all = verdicts.sure
    all.formUnion(verdicts.possible)
    return RowMatches(sure: verdicts.sure, undecided: verdicts.possible, linked: segment.linked(all))
  }

  /// Matches of many segments, newest first.
  ///
  /// - Parameters:
  ///   - position: Continues after the last hit of a page; `nil` begins with the newest trace.
  ///   - limit: Most hits, undecided ones included; `nil` means all.
  public func page(
    of segments: [SummarySegment], after position: Position? = nil, limit: Int? = nil
  ) throws(ColumnError) -> ScanPage {
    var page = ScanPage()
    let limit = limit ?? .max
    let newestFirst = segments.indices.sorted { segments[$0].zone.newest > segments[$1].zone.newest }
    for (done, place) in newestFirst.enumerated() {
      let segment = segments[place]
      // What began before the page's last hit is not on the page.
      if page.hits.count >= limit, let last = page.hits.last, segment.zone.newest < last.position.start.ticks {
        page.segmentsLeft = newestFirst.count - done
        break
      }
      if skips(segment.zone) || position.map({ segment.zone.oldest > $0.start.ticks }) ?? false {
        page.segmentsSkipped += 1
        continue
      }
      let matches = try matches(in: segment)
      page.segmentsRead += 1
      page.rowsRead += segment.count
      page.rowsUndecided += matches.undecidedCount
      page.add(matches, of: segment, place: place, after: position)
      if page.hits.count > limit { page.keep(limit) }
    }
    page.keep(limit)
    return page
  }

  /// Where a trace stands in the order of pages: by start, then id, the newest first.
  public struct Position: Hashable, Comparable, Sendable {
    public var start: Timestamp
    public var id: TraceID

    public init(start: Timestamp, id: TraceID) {
      self.start = start
      self.id = id
    }

    public static func < (a: Position, b: Position) -> Bool { (a.start, a.id) < (b.start, b.id) }
  }
}

/// The rows of one segment that match a filter.
public struct RowMatches: Hashable, Sendable {
  let sure: Bitmap
  let undecided: Bitmap
  let linked: Bitmap

  public var sureCount: Int { sure.cardinality }
  /// Rows whose documents decide.
  public var undecidedCount: Int { undecided.cardinality }
  public var sureRows: [Int] { sure.rows }
  public var undecidedRows: [Int] { undecided.rows }
  /// The rows, of both kinds, with links to other traces, whose documents tell where they lead.
  public var linkedRows: [Int] { linked.rows }
}

/// Matches, newest first, and what it took to find them.
public struct ScanPage: Hashable, Sendable {
  public struct Hit: Hashable, Sendable {
    public var position: SummaryScan.Position
    /// The place of the segment among those that were looked through.
    public var segment: Int
    public var row: Int
    /// Whether only the trace's documents tell whether it matches.
    public var isUndecided: Bool
    /// Whether the trace has links to other traces.
    public var isLinked: Bool

    public var id: TraceID { position.id }
  }

  public internal(set) var hits: [Hit] = []
  /// The hits with links to other traces, whose documents tell where they lead.
  public var linkedHits: [Hit] { hits.filter(\.isLinked) }
  public internal(set) var segmentsRead = 0
  /// Segments whose bounds tell that nothing in them matches.
  public internal(set) var segmentsSkipped = 0
  /// Segments with older traces only, which a full page does not need.
  public internal(set) var segmentsLeft = 0
  public internal(set) var rowsRead = 0
  /// Rows whose documents decide, of all that were read.
  public internal(set) var rowsUndecided = 0

  fileprivate mutating func add(
    _ matches: RowMatches, of segment: SummarySegment, place: Int, after position: SummaryScan.Position?
  ) {
    for (rows, isUndecided) in [(matches.sure, false), (matches.undecided, true)] {
      rows.forEach { row in
        let at = SummaryScan.Position(start: segment.start(at: row), id: segment.id(at: row))
        if position.map({ at < $0 }) ?? true {
          hits.append(
            Hit(position: at, segment: place, row: row, isUndecided: isUndecided, isLinked: matches.linked[row]))
        }
      }
    }
  }

  /// Keeps the newest hits only.
  fileprivate mutating func keep(_ limit: Int) {
    hits.sort { $0.position > $1.position }
    if hits.count > limit { hits.removeLast(hits.count - limit) }
  }
}

extension SegmentZone {
  fileprivate var newest: Int64 { starts?.upperBound.ticks ?? .min }
  fileprivate var oldest: Int64 { starts?.lowerBound.ticks ?? .max }
}

extension FilterPart {
  /// Root causes have to be inflated, so they are asked last: of the rows that are still left.
  fileprivate var cheapestFirst: FilterPart {
    switch self {
    case .all(let parts): .all(Self.cheapestFirst(parts))
    case .any(let parts): .any(Self.cheapestFirst(parts))
    case .not(let part): .not(part.cheapestFirst)
    case .number, .text, .annotation, .term: self
    }
  }

  private static func cheapestFirst(_ parts: [FilterPart]) -> [FilterPart] {
    let ordered = parts.map(\.cheapestFirst)
    return ordered.filter { $0.cost == 0 } + ordered.filter { $0.cost > 0 }
  }

  private var cost: Int {
    switch self {
    case .all(let parts), .any(let parts): parts.map(\.cost).max() ?? 0
    case .not(let part): part.cost
    case .term(let filter, _): filter.needs.contains(.rootCauses) ? 1 : 0
    case .number, .text, .annotation: 0
    }
  }
}
