import GRDB
public import Traces
public import XRayModel

extension SQLiteTraceStore {
  /// Compiled traces in the order asked; unknown ids are left out.
  ///
  /// - Throws: A ``StoreError`` with ``StoreError/Reason/damaged`` when one of them cannot be read whole.
  public nonisolated func traces(_ ids: [TraceID]) async throws -> [Trace] {
    var traces: [Trace] = []
    try await compile(ids.map { TraceReference(id: $0) }) { _, trace in
      if let trace = try trace.get() { traces.append(trace) }
    }
    return traces
  }

  /// One page of summaries, the latest start first. A trace begins with the earliest start of its documents.
  ///
  /// Damaged traces are left out, though counted as processed. What is put between two pages shows up where it
  /// belongs by its start; no trace that was there before is skipped.
  public nonisolated func summaries(_ query: TraceQuery) async throws -> TracePage {
    let limit = max(1, query.limit)
    let position = try query.token.map { try PageToken($0, for: query, path: path).position }
    var references = try read { db in try latest(limit + 1, in: query.range, after: position, db) }
    let hasMore = references.count > limit
    if hasMore { references.removeLast() }
    var page = TracePage(summaries: [], processedCount: references.count, nextToken: nil)
    try await compile(references) { _, trace in
      if case .success(let trace?) = trace { page.summaries.append(TraceSummary(of: trace)) }
    }
    if hasMore, let last = references.last { page.nextToken = PageToken(after: last, of: query).text }
    return page
  }

  /// The graph of all traces that began in `range`; damaged ones are left out.
  public nonisolated func serviceGraph(in range: Range<Timestamp>?) async throws -> ServiceGraph {
    var builder = ServiceGraphBuilder()
    var position: TraceReference?
    repeat {
      let references = try read { db in try latest(Self.walkLimit, in: range, after: position, db) }
      try await compile(references) { _, trace in
        if case .success(let trace?) = trace { builder.add(trace) }
      }
      position = references.last
    } while position != nil
    return builder.build()
  }

  /// Traces whose ids are fetched at once.
  static var walkLimit: Int { 1000 }

  /// Compiles traces one after the other, in order.
  nonisolated func compile(
    _ references: [TraceReference], _ body: (TraceReference, Result<Trace?, StoreError>) throws -> Void
  ) async throws {
    var rest = references[...]
    while !rest.isEmpty {
      try Task.checkCancellation()
      let gathered = try read { db in try TraceGathering.gather(rest, in: db, path: path) }
      rest = rest.dropFirst(gathered.count)
      for trace in gathered {
        try body(trace.reference, Result { () throws(StoreError) in try trace.compiled(path: path) })
      }
      await Task.yield()
    }
  }

  /// The next traces in falling order of start and id.
  nonisolated func latest(
    _ limit: Int, in range: Range<Timestamp>?, after position: TraceReference?, _ db: Database
  ) throws -> [TraceReference] {
    let last = position?.start ?? range?.upperBound
    let rows = try db.rows(
      """
      SELECT id, start FROM trace INDEXED BY trace_start
      WHERE (start, id) < (?, ?) AND start >= ? ORDER BY start DESC, id DESC LIMIT ?
      """,
      [last?.ticks ?? .max, position?.id.key ?? .init(), range?.lowerBound.ticks ?? .min, limit])
    var references: [TraceReference] = []
    var before = position.map { ($0.start ?? .upperBound, $0.id) }
    while let row = try rows.next() {
      let (start, id) = (Timestamp(ticks: try row.number(1)), try row.traceID(0))
      // A damaged page may answer with anything; without this, a walk might never end.
      if let before, (start, id) >= before {
        throw StoreError(.damaged, path: path, place: "index of starts", "is out of order")
      }
      before = (start, id)
      references.append(TraceReference(id: id, start: start))
    }
    return references
  }
}
