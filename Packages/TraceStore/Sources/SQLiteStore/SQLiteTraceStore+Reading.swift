import GRDB
import TraceColumns
public import TraceFilters
public import Traces
public import XRayModel

extension SQLiteTraceStore {
  /// Compiled traces in the order asked; unknown ids are left out.
  ///
  /// - Throws: A ``StoreError`` with ``StoreError/Reason/damaged`` when one of them cannot be read whole.
  public nonisolated func traces(_ ids: [TraceID]) async throws -> [Trace] {
    var traces: [Trace] = []
    try await compile(ids) { _, trace in
      if let trace = try trace.get() { traces.append(trace) }
    }
    return traces
  }

  /// One page of summaries, the latest start first.
  ///
  /// Traces of which a part was damaged when they were summed up are left out. What is put between two pages shows up
  /// where it belongs by its start; no trace that was there before is skipped.
  public nonisolated func summaries(_ query: TraceQuery) async throws -> TracePage {
    let found = try await page(query, matching: nil)
    return TracePage(
      summaries: found.summaries, processedCount: found.summaries.count, nextToken: found.nextToken)
  }

  /// One page of the summaries that match, the latest start first. Documents are opened only for traces of which
  /// summaries cannot tell.
  public nonisolated func summaries(_ query: TraceQuery, matching filter: TraceFilter) async throws -> FilteredSummaries
  {
    try await page(query, matching: filter)
  }

  /// Compiles traces one after the other, in order.
  nonisolated func compile(
    _ ids: [TraceID], _ body: (TraceID, Result<Trace?, StoreError>) throws -> Void
  ) async throws {
    var rest = ids[...]
    while !rest.isEmpty {
      try Task.checkCancellation()
      let gathered = try reading { db, catalog in
        var gathering = TraceGathering(db, catalog, path: path)
        return try gathering.gather(rest)
      }
      rest = rest.dropFirst(gathered.count)
      for trace in gathered {
        try body(trace.id, Result { () throws(StoreError) in try trace.compiled(path: path) })
      }
      await Task.yield()
    }
  }

  /// Reads summaries, and keeps in memory what was read.
  nonisolated func viewing<Result>(_ body: (inout SummaryView) throws -> Result) throws -> Result {
    try reading { db, catalog in
      if let loss = catalog.loss { throw loss }
      var view = try SummaryView(db, catalog, cache: knowledge.withLock(\.summaries), path: path)
      let result = try body(&view)
      knowledge.withLock { $0.summaries = view.cache }
      return result
    }
  }

  /// One page of the summaries that match.
  nonisolated func page(_ query: TraceQuery, matching filter: TraceFilter?) async throws -> FilteredSummaries {
    let position = try query.token.map { try PageToken($0, for: query, filter, path: path).position }
    let limit = max(1, query.limit)
    return try viewing { view in
      var search = SummarySearch(filter, in: query.range, after: position, limit: limit)
      try search.run(&view)
      var page = FilteredSummaries(summaries: search.found, processedCount: search.processed)
      page.work = search.work
      if search.hasMore, let last = search.found.last {
        page.nextToken = PageToken(after: SummaryScan.Position(start: last.start, id: last.id), of: query, filter).text
      }
      return page
    }
  }
}
