import TraceColumns
import TraceFilters
import Traces
import XRayModel

/// Looks for the newest traces that match, block by block, and opens documents only where summaries cannot tell.
struct SummarySearch {
  private let filter: TraceFilter?
  private let range: Range<Timestamp>?
  private let position: SummaryScan.Position?
  private let limit: Int
  private let scan: SummaryScan
  /// Newest first, at most as many as asked for.
  private(set) var found: [TraceSummary] = []
  private(set) var hasMore = false
  /// Traces that were looked at.
  private(set) var processed = 0
  private(set) var work = SearchWork()
  /// What may be on the page, newest first.
  private var pending: [Candidate] = []

  private struct Candidate {
    let position: SummaryScan.Position
    let isUndecided: Bool
    let source: Source

    enum Source {
      case summary(TraceSummary)
      case row(SummarySegment, Int)
    }

    func summary() throws -> TraceSummary {
      switch source {
      case .summary(let summary): summary
      case .row(let segment, let row): try segment.summary(at: row)
      }
    }
  }

  init(_ filter: TraceFilter?, in range: Range<Timestamp>?, after position: SummaryScan.Position?, limit: Int) {
    self.filter = filter
    self.range = range
    self.position = position
    self.limit = limit
    scan = SummaryScan(filter, in: range)
  }

  mutating func run(_ view: inout SummaryView) throws {
    for row in view.loose { consider(row.summary) }
    // Blocks whose bounds are unknown come first.
    let newest = { (block: CatalogBlock) in block.zone.map { $0.starts?.upperBound ?? Timestamp(ticks: .min) } }
    let blocks = view.catalog.blocks.sorted {
      (newest($0) ?? .upperBound, $0.id) > (newest($1) ?? .upperBound, $1.id)
    }
    for (place, block) in blocks.enumerated() {
      if let bound = newest(block) { try settle(newerThan: bound, &view) }
      if hasMore {
        work.blocksLeft = blocks.count - place
        return
      }
      if let zone = block.zone, scan.skips(zone) || isBeforePage(zone) {
        work.blocksSkipped += 1
        continue
      }
      work.blocksRead += 1
      try Task.checkCancellation()
      for segment in try view.segments(of: block) { try consider(segment) }
    }
    try settle(newerThan: nil, &view)
  }

  /// Whether all traces came on earlier pages.
  private func isBeforePage(_ zone: SegmentZone) -> Bool {
    guard let position, let starts = zone.starts else { return false }
    return starts.lowerBound > position.start
  }

  private mutating func consider(_ summary: TraceSummary) {
    guard range?.contains(summary.start) ?? true else { return }
    processed += 1
    let verdict = filter.map { $0.verdict(on: summary) } ?? true
    guard verdict != false else { return }
    add(
      Candidate(
        position: SummaryScan.Position(start: summary.start, id: summary.id), isUndecided: verdict == nil,
        source: .summary(summary)))
  }

  private mutating func consider(_ segment: SummarySegment) throws {
    let matches = try scan.matches(in: segment)
    processed += segment.count - segment.hiddenCount
    for (rows, isUndecided) in [(matches.sureRows, false), (matches.undecidedRows, true)] {
      for row in rows {
        add(
          Candidate(
            position: SummaryScan.Position(start: segment.start(at: row), id: segment.id(at: row)),
            isUndecided: isUndecided, source: .row(segment, row)))
      }
    }
  }

  private mutating func add(_ candidate: Candidate) {
    if position.map({ candidate.position < $0 }) ?? true { pending.append(candidate) }
  }

  /// Puts on the page what is newer than anything that may still come.
  private mutating func settle(newerThan bound: Timestamp?, _ view: inout SummaryView) throws {
    pending.sort { $0.position > $1.position }
    let count =
      bound.map { bound in pending.firstIndex { $0.position.start <= bound } ?? pending.count } ?? pending.count
    var rest = pending.prefix(count)
    while let first = rest.first, !hasMore {
      // Documents of many traces are read together, though not of many more than the page needs.
      let next = rest.prefix(first.isUndecided ? Self.decidedTogether : 1)
      rest = rest.dropFirst(next.count)
      let undecided = next.filter(\.isUndecided).map(\.position.id)
      work.tracesOpened += undecided.count
      let isMatch = try view.decide(undecided, filter)
      for candidate in next where !candidate.isUndecided || isMatch.contains(candidate.position.id) {
        hasMore = found.count == limit
        if hasMore { break }
        found.append(try candidate.summary())
      }
    }
    pending.removeFirst(count)
    // More than the page needs, with nothing left to decide.
    if bound != nil, pending.count > limit + 1 - found.count, !pending.contains(where: \.isUndecided) {
      pending.removeLast(pending.count - (limit + 1 - found.count))
    }
  }

  private static let decidedTogether = 64
}

extension SummaryView {
  /// Which of some traces match, by their documents.
  func decide(_ ids: [TraceID], _ filter: TraceFilter?) throws -> Set<TraceID> {
    guard !ids.isEmpty, let filter else { return [] }
    var matches = Set<TraceID>()
    try forEach(ids) { if filter.matches($0) { matches.insert($0.id) } }
    return matches
  }
}
