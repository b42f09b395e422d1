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
  /// What may be on the page, newest first up to the last ``settle(newerThan:_:)``.
  private var pending: [Candidate] = []
  /// What began before needs no look: there is more than a page of newer matches.
  private var floor = Timestamp(ticks: .min)

  /// The segments and the single summaries that ``pending`` has rows of, by the order in which they were looked at.
  private var sources: [Int: Source] = [:]
  private var sourceCount = 0

  /// Small, since thousands are sorted.
  private struct Candidate {
    let position: SummaryScan.Position
    let isUndecided: Bool
    let source: Int
    let row: Int
  }

  private enum Source {
    case summary(TraceSummary)
    case segment(SummarySegment)

    func summary(at row: Int) throws -> TraceSummary {
      switch self {
      case .summary(let summary): summary
      case .segment(let segment): try segment.summary(at: row)
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
    sourceCount += 1
    sources[sourceCount] = .summary(summary)
    add(SummaryScan.Position(start: summary.start, id: summary.id), isUndecided: verdict == nil, row: 0)
  }

  private mutating func consider(_ segment: SummarySegment) throws {
    let matches = try scan.matches(in: segment)
    processed += segment.count - segment.hiddenCount
    sourceCount += 1
    sources[sourceCount] = .segment(segment)
    for (rows, isUndecided) in [(matches.sureRows, false), (matches.undecidedRows, true)] {
      for row in rows {
        // Before the id is looked up: where blocks overlap, hardly any row comes onto the page.
        let start = segment.start(at: row)
        if start < floor || position.map({ start > $0.start }) ?? false { continue }
        add(SummaryScan.Position(start: start, id: segment.id(at: row)), isUndecided: isUndecided, row: row)
      }
    }
  }

  private mutating func add(_ place: SummaryScan.Position, isUndecided: Bool, row: Int) {
    guard position.map({ place < $0 }) ?? true else { return }
    pending.append(Candidate(position: place, isUndecided: isUndecided, source: sourceCount, row: row))
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
        if let source = sources[candidate.source] { found.append(try source.summary(at: candidate.row)) }
      }
    }
    pending.removeFirst(count)
    raiseFloor()
    let used = Set(pending.map(\.source))
    sources = sources.filter { used.contains($0.key) }
  }

  /// Forgets what comes after one more sure match than the page needs.
  private mutating func raiseFloor() {
    var needed = limit + 1 - found.count
    guard pending.count > needed else { return }
    for (place, candidate) in pending.enumerated() where !candidate.isUndecided {
      needed -= 1
      guard needed <= 0 else { continue }
      floor = candidate.position.start
      pending.removeLast(pending.count - place - 1)
      return
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
