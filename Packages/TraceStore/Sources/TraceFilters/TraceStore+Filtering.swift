public import Traces
public import XRayModel

/// Filters over any engine: summaries are asked first, and only traces that they cannot decide are compiled.
extension TraceStore {
  /// The newest traces that match, at most `query.limit`.
  ///
  /// - Parameter query: Its token is ``FilteredSummaries/nextToken`` of the page before.
  /// - Throws: ``FilterPageError`` for another token, and what the engine throws.
  public func summaries(_ query: TraceQuery, matching filter: TraceFilter) async throws -> FilteredSummaries {
    var found = FilteredSummaries()
    let position = try query.token.map { token throws(FilterPageError) in try FilterPosition(token: token) }
    let range = position?.rest(of: query.range) ?? query.range
    found.processedCount = try await forEachMatch(in: range, of: filter) { summary, _ in
      if let position, !position.precedes(summary) { return true }
      if found.summaries.count < query.limit {
        found.summaries.append(summary)
        return true
      }
      found.nextToken = found.summaries.last.map { FilterPosition($0).token } ?? query.token
      return false
    }
    return found
  }

  /// The service graph of the traces that began in `range` and match.
  public func serviceGraph(in range: Range<Timestamp>?, matching filter: TraceFilter) async throws -> ServiceGraph {
    var builder = ServiceGraphBuilder()
    var undrawn: [TraceID] = []
    _ = try await forEachMatch(in: range, of: filter) { summary, trace in
      if let trace { builder.add(trace) } else { undrawn.append(summary.id) }
      return true
    }
    for start in stride(from: 0, to: undrawn.count, by: filterPageSize) {
      let ids = undrawn[start..<min(start + filterPageSize, undrawn.count)]
      for trace in try await traces(Array(ids)) { builder.add(trace) }
    }
    return builder.build()
  }

  public func timeSeries(
    of selector: EntitySelector, period: Int, in range: Range<Timestamp>?
  ) async throws -> TimeSeries {
    var series = TimeSeries(of: selector, period: period, range: range)
    try await forEachPage(in: range) { page in
      for trace in try await traces(page.summaries.map(\.id)) { series.add(trace) }
    }
    return series
  }

  public func seenNames(in range: Range<Timestamp>?) async throws -> SeenNames {
    var names = SeenNames()
    try await forEachPage(in: range) { page in for summary in page.summaries { names.add(summary) } }
    return names
  }

  private func forEachPage(in range: Range<Timestamp>?, _ body: (TracePage) async throws -> Void) async throws {
    var query = TraceQuery(range: range, limit: filterPageSize)
    repeat {
      let page = try await summaries(query)
      try await body(page)
      query.token = page.nextToken
    } while query.token != nil
  }

  /// Calls `body` with each match, newest first, and with the trace where it had to be compiled, until it answers
  /// `false`. Returns the number of traces that were looked at.
  private func forEachMatch(
    in range: Range<Timestamp>?, of filter: TraceFilter, _ body: (TraceSummary, Trace?) -> Bool
  ) async throws -> Int {
    var query = TraceQuery(range: range, limit: filterPageSize)
    var processed = 0
    repeat {
      let page = try await summaries(query)
      let verdicts = page.summaries.map { filter.verdict(on: $0) }
      let undecided = zip(page.summaries, verdicts).filter { $0.1 == nil }.map(\.0.id)
      let compiled = try await traces(undecided)
      let traces = Dictionary(compiled.map { ($0.id, $0) }) { first, _ in first }
      for (summary, verdict) in zip(page.summaries, verdicts) {
        processed += 1
        let trace = traces[summary.id]
        guard verdict ?? trace.map({ filter.matches($0, summary: summary) }) ?? false else { continue }
        guard body(summary, trace) else { return processed }
      }
      query.token = page.nextToken
    } while query.token != nil
    return processed
  }
}

/// Traces that are looked at together: a bound on memory.
private let filterPageSize = 200
