public import Traces
public import XRayModel

/// An engine that answers filters itself. Where it does not say how, summaries are asked first, and only traces that
/// they cannot decide are compiled.
public protocol FilteringTraceStore: TraceStore {
  /// The newest traces that match, at most `query.limit`.
  ///
  /// - Parameter query: Its token is ``FilteredSummaries/nextToken`` of the page before.
  func summaries(_ query: TraceQuery, matching filter: TraceFilter) async throws -> FilteredSummaries

  /// The service graph of the traces that began in `range` and match.
  func serviceGraph(in range: Range<Timestamp>?, matching filter: TraceFilter) async throws -> ServiceGraph

  /// Statistics of what `selector` picks, by periods of so many seconds, of the traces that began in `range`.
  func timeSeries(of selector: EntitySelector, period: Int, in range: Range<Timestamp>?) async throws -> TimeSeries

  /// The services and annotation keys of the traces that began in `range`, or about then: what an expression that is
  /// being typed may ask for.
  func seenNames(in range: Range<Timestamp>?) async throws -> SeenNames
}

/// Matching summaries, newest first.
public struct FilteredSummaries: Hashable, Sendable {
  public var summaries: [TraceSummary] = []
  /// Traces that were looked at.
  public var processedCount = 0
  /// Continues after the page's last trace; `nil` on the last page.
  public var nextToken: String?
  /// Whether there are more than the limit let through.
  public var hasMore: Bool { nextToken != nil }
  /// What it took to find them.
  public var work = SearchWork()

  public init(
    summaries: [TraceSummary] = [], processedCount: Int = 0, nextToken: String? = nil
  ) {
    self.summaries = summaries
    self.processedCount = processedCount
    self.nextToken = nextToken
  }
}

/// What it took to answer a filter.
public struct SearchWork: Hashable, Sendable {
  /// Parts of the store whose summaries were read; 0 where an engine has no such parts.
  public var blocksRead = 0
  /// Parts that were passed by, since their bounds rule every match out.
  public var blocksSkipped = 0
  /// Parts with older traces only, which a full page does not need.
  public var blocksLeft = 0
  /// Traces whose documents were opened, for their summaries do not tell whether they match.
  public var tracesOpened = 0

  public init() {}
}

/// A token that no page of filtered summaries gave.
public struct FilterPageError: Error, Hashable, CustomStringConvertible {
  public var token: String

  public init(token: String) { self.token = token }

  public var description: String { "The page token \"\(token)\" belongs to no page; ask for the first page again." }
}

/// The last trace of a page, as text: its start in ticks, a blank, its id.
struct FilterPosition {
  var start: Timestamp
  var id: TraceID

  init(_ summary: TraceSummary) {
    start = summary.start
    id = summary.id
  }

  init(token: String) throws(FilterPageError) {
    let parts = token.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, let ticks = Int64(parts[0]), let id = TraceID(parts[1]) else {
      throw FilterPageError(token: token)
    }
    start = Timestamp(ticks: ticks)
    self.id = id
  }

  var token: String { "\(start.ticks) \(id)" }

  /// The part of a range in which traces can come after this one.
  func rest(of range: Range<Timestamp>?) -> Range<Timestamp> {
    let low = range?.lowerBound ?? Timestamp(ticks: .min)
    let next = Timestamp(ticks: start.ticks == .max ? .max : start.ticks + 1)
    let high = min(range?.upperBound ?? next, next)
    return low..<max(low, high)
  }

  func precedes(_ summary: TraceSummary) -> Bool { (summary.start, summary.id) < (start, id) }
}
