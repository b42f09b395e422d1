import Insights
import TraceFilters
import TraceReports
import Traces
import XRayModel

/// What `GetTimeSeriesServiceStatistics` is asked.
struct TimeSeriesQuery {
  /// Points on a page at most: a day of minutes.
  static let pageSize = 1440
  /// Periods before the range from which forecasts are learned.
  static let learnedPeriods = 120

  private let range: Range<Timestamp>
  private let selector: EntitySelector
  private let period: Int
  private let wantsForecast: Bool
  /// Whose traces are counted; `nil` for all.
  private let filter: TraceFilter?
  private let place: Int
  /// What all pages must have in common.
  private let fingerprint: String

  init(_ input: Fields, settings: ServiceSettings) throws(APIError) {
    range = try input.timeRange()
    period = try input.integer("Period") ?? 60
    guard period == 60 || period == 300 else { throw APIError.invalidRequest("Time period must be one of [60, 300]") }
    let expression = try input.text("EntitySelectorExpression", 1...500) ?? ""
    selector = try Self.selector(expression)
    wantsForecast = try input.flag("ForecastStatistics") ?? false
    if wantsForecast, !expression.contains("id(") {
      throw APIError.invalidRequest("ForecastStatistics needs an entity selector expression with id(…)")
    }
    let group = try settings.group(in: input)
    filter = try group?.expression.map { expression throws(APIError) in
      try TraceFilter(api: expression, groups: settings.groups)
    }
    fingerprint =
      "GetTimeSeriesServiceStatistics \(range.lowerBound) \(range.upperBound) \(period) \(group?.arn ?? "") \(expression)"
    guard let token = try input.text("NextToken") else {
      place = 0
      return
    }
    guard let place = Int(try PageToken(token, for: fingerprint).place), place > 0 else {
      throw APIError.invalidRequest("Invalid token \(token.prefix(100))")
    }
    self.place = place
  }

  private static func selector(_ expression: String) throws(APIError) -> EntitySelector {
    let parsed: FilterExpression
    do throws(FilterError) {
      parsed = try FilterExpression(parsing: expression)
    } catch {
      throw APIError.invalidRequest("Invalid entity selector expression, column \(error.column): \(error.reason)")
    }
    guard let selector = EntitySelector(parsed) else {
      throw APIError.invalidRequest("The entity selector expression must be one service(…) or edge(…)")
    }
    return selector
  }

  func answer(from store: any FilteringTraceStore) async throws -> JSONWriter {
    let points = try await points(from: store)
    let page = points.dropFirst(place).prefix(Self.pageSize)
    return .object { writer in
      writer.key("TimeSeriesServiceStatistics")
      writer.array { writer in
        for point in page { writer.object { write(point, to: &$0) } }
      }
      writer.member("ContainsOldGroupVersions", false)
      writer.nextToken(page, of: points, for: fingerprint)
    }
  }

  private struct Point {
    var point: TimeSeries.Point
    var forecast: ClosedRange<Int>?
  }

  /// The newest first.
  private func points(from store: any FilteringTraceStore) async throws -> [Point] {
    guard wantsForecast else { return try await series(in: range, from: store).points.map { Point(point: $0) } }
    // What is to be expected is learned from what came before, also from before the range.
    let past = Duration.seconds(period * Self.learnedPeriods)
    let start = max(Timestamp(ticks: 0), range.lowerBound.advanced(by: .zero - past))
    let points = try await series(in: start..<range.upperBound, from: store).points
    let forecasts = FaultBand.forecasts(points.reversed().map { ($0.statistics.fault, $0.statistics.total) })
    // A period may begin before the range does.
    let first = range.lowerBound.advanced(by: .zero - .seconds(period))
    return zip(points, forecasts.reversed()).filter { $0.0.start > first }
      .map { Point(point: $0, forecast: $1) }
  }

  private func series(
    in range: Range<Timestamp>, from store: any FilteringTraceStore
  ) async throws -> TimeSeries {
    guard let filter else { return try await store.timeSeries(of: selector, period: period, in: range) }
    var series = TimeSeries(of: selector, period: period, range: range)
    var query = TraceQuery(range: range, limit: 500)
    repeat {
      let page = try await store.summaries(query, matching: filter)
      for trace in try await store.traces(page.summaries.map(\.id)) { series.add(trace) }
      query.token = page.nextToken
    } while query.token != nil
    return series
  }

  private func write(_ entry: Point, to writer: inout JSONWriter) {
    let point = entry.point
    writer.member("Timestamp", point.start)
    writer.key(selector.isOfServices ? "ServiceSummaryStatistics" : "EdgeSummaryStatistics")
    point.statistics.write(to: &writer)
    if let forecast = entry.forecast {
      writer.key("ServiceForecastStatistics")
      writer.object { writer in
        writer.member("FaultCountHigh", forecast.upperBound)
        writer.member("FaultCountLow", forecast.lowerBound)
      }
    }
    writer.key("ResponseTimeHistogram")
    point.responseTimes.write(to: &writer)
  }
}
