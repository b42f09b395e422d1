public import XRayModel

/// Services and who called whom, with rates, outcomes and latencies (X-Ray's `GetServiceGraph`).
public struct ServiceGraph: Hashable, Sendable {
  /// Bounds of the data found; equal when there is none.
  public var start: Timestamp
  public var end: Timestamp
  /// In order of name, type and account; a service's place is its `ReferenceId`.
  public var services: [Service]

  public struct Service: Hashable, Sendable {
    public var id: ServiceID
    /// Whether it is an entry point.
    public var isRoot: Bool
    public var state: State
    public var start: Timestamp
    public var end: Timestamp
    public var edges: [Edge]
    /// `nil` for clients, which report nothing of themselves.
    public var statistics: Statistics?
    /// Seconds of work including what goes on after the response.
    public var durations: Histogram
    /// Seconds until the response.
    public var responseTimes: Histogram
  }

  /// A call from the service that holds it to another, as the caller saw it.
  public struct Edge: Hashable, Sendable {
    /// The place of the called service in ``ServiceGraph/services``.
    public var target: Int
    public var start: Timestamp
    public var end: Timestamp
    public var statistics: Statistics
    /// Seconds until the response; of a link, the age of the message when it was received.
    public var responseTimes: Histogram
    /// Other names by which the caller addressed the target.
    public var aliases: [ServiceID]
    /// Whether it is asynchronous, through a trace link.
    public var isLink: Bool
  }

  public enum State: String, Hashable, Sendable {
    /// Sends segments itself.
    case active
    /// An inferred remote service.
    case passive
    /// A client, or an inferred AWS service.
    case unknown
  }
}

/// Counts of completed requests by outcome.
public struct Statistics: Hashable, Sendable {
  public var ok = 0
  /// 429.
  public var throttle = 0
  /// 4xx other than throttles.
  public var error = 0
  /// 5xx and exceptions.
  public var fault = 0
  /// Sum of response times, in seconds.
  public var totalResponseTime: Double = 0

  public init() {}

  public var total: Int { ok + throttle + error + fault }
}

/// A distribution of seconds.
///
/// Values within 2 milliseconds or 6 % of one another may share an entry.
public struct Histogram: Hashable, Sendable {
  public struct Entry: Hashable, Sendable {
    /// Seconds.
    public var value: Double
    public var count: Int
  }
  /// In order of value. Exact to the millisecond for up to ``exactEntryLimit`` distinct values.
  public internal(set) var entries: [Entry] = []
  /// Whether values share entries: from the first value on that was one too many to keep exactly.
  var isCoarse = false

  public init() {}

  public var count: Int { entries.reduce(0) { $0 + $1.count } }

  /// The value below which a share of `fraction` (0 to 1) lies; `nil` when empty.
  public func percentile(_ fraction: Double) -> Double? {
    let rank = max(1, Int((fraction * Double(count)).rounded(.up)))
    var seen = 0
    for entry in entries {
      seen += entry.count
      if seen >= rank { return entry.value }
    }
    return entries.last?.value
  }
}
