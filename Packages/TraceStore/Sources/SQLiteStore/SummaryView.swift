import GRDB
import TraceColumns
import Traces
import XRayModel

/// The summaries of all traces in one state of the file: those of sealed blocks in columns, those of traces that are
/// not sealed whole one by one.
struct SummaryView {
  private let db: Database
  let catalog: Catalog
  private let path: String
  /// What is in memory, and what was added to it.
  private(set) var cache: SummaryCache
  /// Traces with documents in no block yet, that can be read whole.
  let loose: [SegmentRow]
  /// By block: traces whose summary in its segment is out of date.
  private let outdated: [Int64: [TraceID]]

  init(_ db: Database, _ catalog: Catalog, cache: SummaryCache, path: String) throws {
    self.db = db
    self.catalog = catalog
    self.path = path
    // Of a state that nobody knows, nothing is known.
    self.cache = catalog.revision < 0 ? SummaryCache() : cache
    if self.cache.revision != catalog.revision { self.cache.loose = [:] }
    self.cache.revision = catalog.revision
    var wanted: [TraceID] = []
    for (trace, part) in catalog.openParts where self.cache.loose[trace]?.documents != part.documents {
      wanted.append(trace)
    }
    wanted.sort()
    var gathering = TraceGathering(db, catalog, path: path)
    var rest = wanted[...]
    while !rest.isEmpty {
      let gathered = try gathering.gather(rest)
      rest = rest.dropFirst(gathered.count)
      for trace in gathered {
        let compiled = try? trace.compiled(path: path)
        self.cache.loose[trace.id] = SummaryCache.Loose(
          documents: catalog.openParts[trace.id]?.documents ?? 0, blocks: trace.blocks,
          row: compiled.map { SegmentRow(of: $0) })
      }
    }
    var outdated: [Int64: [TraceID]] = [:]
    var loose: [SegmentRow] = []
    for trace in catalog.openParts.keys.sorted() {
      guard let known = self.cache.loose[trace] else { continue }
      for block in known.blocks { outdated[block, default: []].append(trace) }
      if let row = known.row { loose.append(row) }
    }
    self.outdated = outdated
    self.loose = loose
  }

  /// The summaries of a block's traces, apart from those that are elsewhere by now.
  mutating func segments(of block: CatalogBlock) throws -> [SummarySegment] {
    var segments = try sealed(block)
    if let outdated = outdated[block.id] {
      for place in segments.indices { segments[place].hide(outdated) }
    }
    return segments
  }

  /// The graph of some neighbouring blocks, all of their traces that are not elsewhere by now; counted once. `nil` where
  /// traces are not sealed whole.
  mutating func sum(of blocks: ArraySlice<CatalogBlock>) throws -> GraphSum? {
    guard let first = blocks.first, let last = blocks.last, !blocks.contains(where: { outdated[$0.id] != nil }) else {
      return nil
    }
    let group = GraphSum.group(of: first)
    if let known = cache.sums[group], known.revision == catalog.revision { return known }
    var hidden: [Int64: Int64] = [:]
    let rows = try db.rows("SELECT block, length(traces) FROM hidden WHERE block BETWEEN ? AND ?", [first.id, last.id])
    while let row = try rows.next() { hidden[try row.number(0)] = try row.number(1) }
    let stamps: [Int64] = blocks.flatMap { block in [block.id, block.revision, hidden[block.id] ?? -1] }
    if let known = cache.sums[group], known.stamps == stamps {
      cache.sums[group]?.revision = catalog.revision
      return known
    }
    var sum = GraphSum(stamps: stamps, revision: catalog.revision)
    for block in blocks {
      for segment in try segments(of: block) {
        sum.minutes.add(segment)
        sum.linked += segment.linkedRows.map { segment.id(at: $0) }
      }
    }
    cache.sums[group] = sum
    return sum
  }

  /// The graph of some groups. Questions about the last hour differ by the newest groups: the others' sum is kept.
  mutating func total(of sums: [GraphSum]) -> GraphCounts {
    let stamps = sums.map(\.stamps)
    var known = cache.total
    if !stamps.starts(with: known.stamps) { known = SummaryCache.Total() }
    for sum in sums.dropFirst(known.stamps.count) { known.counts.add(sum.minutes) }
    known.stamps = stamps
    cache.total = known
    return known.counts
  }

  /// Compiles traces in batches; damaged ones are left out.
  func forEach(_ ids: [TraceID], _ body: (Trace) throws -> Void) throws {
    var gathering = TraceGathering(db, catalog, path: path)
    var rest = ids[...]
    while !rest.isEmpty {
      try Task.checkCancellation()
      let gathered = try gathering.gather(rest.prefix(Self.compiledTogether))
      rest = rest.dropFirst(gathered.count)
      for trace in gathered { if let trace = try? trace.compiled(path: path) { try body(trace) } }
    }
  }

  private static let compiledTogether = 1000

  private mutating func sealed(_ block: CatalogBlock) throws -> [SummarySegment] {
    var segments: [SummarySegment]
    if let (known, isCurrent) = cache.segments(of: block, revision: catalog.revision) {
      if isCurrent { return known }
      segments = known
    } else {
      let traces = try block.traces(in: db, path: path)
      do {
        segments = try [BlockSummaries.segment(of: traces, in: db, path: path)]
      } catch let error as StoreError where error.reason == .damaged {
        segments = try summedUp(traces)
      }
    }
    let hidden = try hidden(in: block)
    for place in segments.indices { segments[place].hide(hidden) }
    cache.keep(segments, of: block, revision: catalog.revision)
    return segments
  }

  /// Made from the documents, where the summaries themselves are missing.
  private func summedUp(_ traces: BlockTraces) throws -> [SummarySegment] {
    var gathering = TraceGathering(db, catalog, path: path)
    var rest = traces.ids[...]
    var segments: [SummarySegment] = []
    while !rest.isEmpty {
      let gathered = try gathering.gather(rest.prefix(SummarySegment.rowLimit), sealedOnly: true)
      rest = rest.dropFirst(gathered.count)
      let rows = gathered.compactMap { trace in
        (try? trace.compiled(path: path)).map { SegmentRow(of: $0) }
      }
      segments.append(try SummarySegment(rows))
    }
    return segments
  }

  private func hidden(in block: CatalogBlock) throws -> [TraceID] {
    do { return try HiddenTraces.of(block.id, in: db, path: path) } catch let error as StoreError
      where error.reason == .damaged
    {
      // Those that a later block has, too.
      var gathering = TraceGathering(db, catalog, path: path)
      return try block.traces(in: db, path: path).ids.filter {
        try gathering.blocks(of: $0).last ?? block.id > block.id
      }
    }
  }
}
