import TraceFilters
import TraceReports
import Traces
import XRayModel

/// What `GetTraceSummaries` is asked.
struct SummaryQuery {
  /// How a trace falls into the range.
  enum RangeType: String, CaseIterable {
    /// It began in the range.
    case start = "TraceId"
    /// It was active in the range.
    case activity = "Event"
    /// One of its segments ended in the range.
    case segmentEnd = "Service"
  }

  enum Strategy: String, CaseIterable { case partialScan = "PartialScan", fixedRate = "FixedRate" }

  /// Traces that began within `starts` and took at least so long are looked at.
  private struct Part {
    var starts: Range<Timestamp>
    var leastDuration: Double = 0
  }

  /// Summaries on a page at most.
  static let pageSize = 100
  /// Pages of the store that are looked through for one of ours: a bound on the time of one call.
  private static let readLimit = 50

  private let range: Range<Timestamp>
  private let rangeType: RangeType
  /// The share of traces that is answered, 0 to 1.
  private let share: Double
  private let expression: String
  private let groups: [TraceGroup]
  private let token: String?
  /// What all pages must have in common.
  private let fingerprint: String

  init(_ input: Fields, groups: [TraceGroup]) throws(APIError) {
    range = try input.timeRange()
    rangeType = try input.choice("TimeRangeType") ?? .start
    expression = try input.text("FilterExpression") ?? ""
    token = try input.text("NextToken")
    self.groups = groups
    share = try Self.share(input, rangeType)
    fingerprint =
      "GetTraceSummaries \(range.lowerBound) \(range.upperBound) \(rangeType.rawValue) \(share) \(expression)"
  }

  private static func share(_ input: Fields, _ rangeType: RangeType) throws(APIError) -> Double {
    let isSampling = try input.flag("Sampling") ?? false
    guard let strategy = try input.object("SamplingStrategy") else { return 1 }
    let name: Strategy? = try strategy.choice("Name")
    let value = try strategy.number("Value")
    guard isSampling, name == .fixedRate else { return 1 }
    guard let value, (0...1).contains(value) else {
      throw strategy.violation("Value", "must be from 0 to 1 for the strategy FixedRate")
    }
    guard rangeType == .activity else {
      throw APIError.invalidRequest("The strategy FixedRate needs the TimeRangeType Event")
    }
    return value
  }

  func answer(from store: any FilteringTraceStore) async throws -> JSONWriter {
    let parts = parts
    var token = try token.map { text throws(APIError) in try PageToken(text, for: fingerprint) } ?? PageToken()
    var found: [Match] = []
    var processed = 0
    var reads = 0
    while token.part < parts.count, found.count < Self.pageSize, reads < Self.readLimit {
      let part = parts[token.part]
      let query = TraceQuery(
        range: part.starts, limit: Self.pageSize - found.count, token: token.place.isEmpty ? nil : token.place)
      let page: FilteredSummaries
      do {
        page = try await store.summaries(query, matching: filter(lasting: part.leastDuration))
      } catch  where reads == 0 && query.token != nil && !(error is APIError) {
        throw APIError.invalidRequest("Invalid token \(self.token?.prefix(100) ?? "")")
      }
      reads += 1
      processed += page.processedCount
      found += try await matches(in: page.summaries, of: store)
      token = page.nextToken.map { PageToken(part: token.part, place: $0) } ?? PageToken(part: token.part + 1)
    }
    let next = token.part < parts.count ? token.text(for: fingerprint) : nil
    return .object { writer in
      writer.key("TraceSummaries")
      writer.array { writer in
        for match in found { match.summary.write(to: &writer, matchedEvent: match.event) }
      }
      writer.member("ApproximateTime", found.first?.summary.start ?? range.upperBound)
      writer.member("TracesProcessedCount", processed)
      if let next { writer.member("NextToken", next) }
    }
  }

  private func filter(lasting seconds: Double) throws(APIError) -> TraceFilter {
    let longEnough = "duration >= \(seconds)"
    // On its own first, so that an error's column is that of what was asked.
    let filter = try TraceFilter(api: expression, groups: groups)
    if seconds == 0 { return filter }
    return try TraceFilter(
      api: filter.expression == .all ? longEnough : "(\(expression)) AND \(longEnough)", groups: groups)
  }

  // MARK: Ranges that do not go by the start

  /// Newest first. What began long before the range falls into it only if it took long enough, which summaries tell
  /// without a look at each: so the past is asked in parts, each twice as long ago as the one after it.
  private var parts: [Part] {
    guard rangeType != .start else { return [Part(starts: range)] }
    let minute: Int64 = 60 * Timestamp.ticksPerSecond
    let start = range.lowerBound.ticks
    var parts = [Part(starts: Timestamp(ticks: max(0, start - minute))..<range.upperBound)]
    var age = minute
    while start > age {
      let starts = Timestamp(ticks: max(0, start - age * 2))..<Timestamp(ticks: start - age)
      parts.append(Part(starts: starts, leastDuration: Duration(ticks: age).inSeconds))
      age *= 2
    }
    return parts
  }

  private func matches(in summaries: [TraceSummary], of store: any FilteringTraceStore) async throws -> [Match] {
    switch rangeType {
    case .start: return summaries.map { Match(summary: $0) }
    case .activity:
      return summaries.filter { $0.end >= range.lowerBound && isSampled($0.id) }
        .map { Match(summary: $0, event: max($0.start, range.lowerBound)) }
    case .segmentEnd:
      let isInside = { (summary: TraceSummary) in !summary.isPartial && range.contains(summary.end) }
      let open = summaries.filter { !isInside($0) && $0.end >= range.lowerBound }.map(\.id)
      let traces = Dictionary(try await store.traces(open).map { ($0.id, $0) }) { first, _ in first }
      return summaries.compactMap { summary in
        if isInside(summary) { return Match(summary: summary, event: summary.end) }
        let ends = traces[summary.id]?.segments.compactMap(\.end) ?? []
        return ends.filter(range.contains).min().map { Match(summary: summary, event: $0) }
      }
    }
  }

  /// By the random part of the id: the same traces on every call.
  private func isSampled(_ id: TraceID) -> Bool {
    share >= 1 || Double((id.low &* 0x9E37_79B9_7F4A_7C15) >> 11) * 0x1p-53 < share
  }
}

/// A summary of the answer.
private struct Match {
  var summary: TraceSummary
  /// When it fell into the range, where that is not its start.
  var event: Timestamp?
}

extension TraceSummary {
  fileprivate var end: Timestamp { start.advanced(by: Duration(ticks: Int64(duration * 1e7))) }
}
