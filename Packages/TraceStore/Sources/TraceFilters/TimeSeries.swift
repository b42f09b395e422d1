public import Traces
public import XRayModel

/// Statistics of services or calls over time, a point for each period in which traces began.
///
/// Traces may be added in any order; series of the same kind can be merged.
public struct TimeSeries: Hashable, Sendable {
  public struct Point: Hashable, Sendable {
    /// The period is half-open, from here on.
    public var start: Timestamp
    /// The completed requests.
    public var statistics: Statistics
    /// Of the same requests.
    public var responseTimes: Histogram
  }

  public let selector: EntitySelector
  /// Seconds, at least 1. X-Ray knows 60 and 300.
  public let period: Int
  /// Traces that began in this range count, half-open; `nil` means all.
  public let range: Range<Timestamp>?
  private var tallies: [Timestamp: Tally] = [:]

  /// Counts of requests. Times are summed as ticks, so that no order of adding rounds differently.
  package struct Tally: Hashable, Sendable {
    package var counts = Statistics()
    package var ticks: Int64 = 0
    package var responseTimes = Histogram()

    package init() {}

    package mutating func merge(_ other: Tally) {
      counts.ok += other.counts.ok
      counts.error += other.counts.error
      counts.fault += other.counts.fault
      counts.throttle += other.counts.throttle
      ticks &+= other.ticks
      responseTimes.merge(other.responseTimes)
    }

    fileprivate mutating func count(_ request: GraphFacts.Request) {
      switch request.outcome {
      case .ok: counts.ok += 1
      case .error: counts.error += 1
      case .fault: counts.fault += 1
      case .throttle: counts.throttle += 1
      }
      ticks &+= request.ticks
      responseTimes.add(Duration(ticks: request.ticks).inSeconds)
    }
  }

  /// A series without points.
  public init(of selector: EntitySelector, period: Int = 60, range: Range<Timestamp>? = nil) {
    self.selector = selector
    self.period = max(1, period)
    self.range = range
  }

  /// The series of `traces`.
  public init(
    of traces: some Sequence<Trace>, selector: EntitySelector, period: Int = 60, range: Range<Timestamp>? = nil
  ) {
    self.init(of: selector, period: period, range: range)
    for trace in traces { add(trace) }
  }

  /// Counts a trace, if it began in the range. Give each trace once.
  public mutating func add(_ trace: Trace) {
    if contains(trace.start) { add(trace.digest.facts, startingAt: trace.start) }
  }

  /// Counts what a trace adds to graphs, if it began in the range.
  package mutating func add(_ facts: GraphFacts, startingAt start: Timestamp) {
    guard contains(start) else { return }
    var tally = Tally()
    for visit in facts.visits where selector.selects(visit.service) {
      if let request = visit.request { tally.count(request) }
    }
    for call in facts.calls where selector.selectsCall(from: call.source, to: call.target) {
      if let request = call.request { tally.count(request) }
    }
    add(tally, at: periodStart(of: start))
  }

  /// Counts what another series counted, of the same selector and period.
  public mutating func merge(_ other: TimeSeries) {
    for (start, tally) in other.tallies { add(tally, at: start) }
  }

  /// The periods with requests, the newest first.
  public var points: [Point] {
    tallies.sorted { $0.key > $1.key }.map { start, tally in
      var statistics = tally.counts
      statistics.totalResponseTime = Duration(ticks: tally.ticks).inSeconds
      return Point(start: start, statistics: statistics, responseTimes: tally.responseTimes)
    }
  }

  package mutating func add(_ tally: Tally, at periodStart: Timestamp) {
    if tally.counts.total > 0 { tallies[periodStart, default: Tally()].merge(tally) }
  }

  package func contains(_ moment: Timestamp) -> Bool { range?.contains(moment) ?? true }

  package func periodStart(of moment: Timestamp) -> Timestamp {
    let length = Int64(clamping: period).multipliedReportingOverflow(by: Timestamp.ticksPerSecond)
    guard !length.overflow else { return Timestamp(ticks: 0) }
    let rest = moment.ticks % length.partialValue
    return Timestamp(ticks: moment.ticks &- (rest < 0 ? rest + length.partialValue : rest))
  }
}
