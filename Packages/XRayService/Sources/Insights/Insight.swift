public import Traces
public import XRayModel

/// Services that failed more often than expected for some time, and the one at the root of it.
public struct Insight: Hashable, Sendable {
  /// Whether it goes on, in X-Ray's words.
  public enum State: String, CaseIterable, Hashable, Sendable {
    case active = "ACTIVE"
    case closed = "CLOSED"
  }

  /// A service that failed more often than expected.
  public struct Service: Hashable, Sendable {
    public var id: ServiceID
    /// Its requests in the minutes that were above the band, from the one on in which it joined.
    public var impact: RequestImpact
  }

  /// A change worth telling: opened, another root cause, more services or faults, closed.
  public struct Event: Hashable, Sendable {
    /// The end of the minute that brought the change.
    public var time: Timestamp
    /// One or two sentences.
    public var summary: String
    /// ``Insight/clientImpact`` as it was then.
    public var clientImpact: RequestImpact
    /// ``Insight/rootCauseImpact`` as it was then.
    public var rootCauseImpact: RequestImpact
    /// At most ``Insight/topLimit``, most faults first.
    public var topAnomalousServices: [ServiceID]
  }

  /// A random UUID in lower case.
  public let id: String
  public let groupName: String
  /// The service farthest downstream among those that failed more than expected.
  public internal(set) var rootCause: ServiceID
  public internal(set) var state = State.active
  /// The beginning of the first minute above the band.
  public let start: Timestamp
  /// The end of the last minute above the band so far; the insight's own end once it is closed.
  public internal(set) var lastAnomaly: Timestamp
  /// The end of the last minute that changed something.
  public internal(set) var lastUpdate: Timestamp
  /// Requests to the entry points from which calls lead to the root cause.
  public internal(set) var clientImpact = RequestImpact()
  /// The first root cause, then the others in the order in which they joined; at most ``serviceLimit``.
  public internal(set) var services: [Service] = []
  /// In order of time, at most ``eventLimit``.
  public internal(set) var events: [Event] = []
  /// Another service that the last minute above the band found at the root.
  var challenger: ServiceID?

  /// What goes beyond these limits is left out.
  public static let serviceLimit = 100
  public static let eventLimit = 200
  public static let topLimit = 5

  init(id: String, groupName: String, rootCause: ServiceID, start: Timestamp, lastAnomaly: Timestamp) {
    self.id = id
    self.groupName = groupName
    self.rootCause = rootCause
    self.start = start
    self.lastAnomaly = lastAnomaly
    lastUpdate = lastAnomaly
    // First of all, so that it finds room.
    services = [Service(id: rootCause, impact: RequestImpact())]
  }

  /// `nil` while it is active.
  public var end: Timestamp? { state == .closed ? lastAnomaly : nil }

  /// Requests to the root cause.
  public var rootCauseImpact: RequestImpact { services.first { $0.id == rootCause }?.impact ?? RequestImpact() }

  /// At most ``topLimit``, most faults first.
  public var topAnomalousServices: [ServiceID] {
    services.sorted { ($1.impact.fault, $0.id) < ($0.impact.fault, $1.id) }.prefix(Self.topLimit).map(\.id)
  }

  /// One or two sentences for people.
  public var summary: String {
    let impact = rootCauseImpact
    let time = end.map { "from \(start.toTheMinute) to \($0.toTheMinute)" } ?? "since \(start.toTheMinute)"
    var text = "\(impact.fault) of \(impact.total) requests to \(rootCause.label) failed \(time), more than expected."
    if clientImpact.total > 0 {
      text += " Clients saw \(clientImpact.fault) of \(clientImpact.total) requests fail."
    }
    return text
  }

  /// Whether it was active at any moment of a range.
  public func overlaps(_ range: Range<Timestamp>) -> Bool {
    start < range.upperBound && (state == .active || lastAnomaly >= range.lowerBound)
  }
}

extension ServiceID {
  /// The name, with the type when there is one.
  var label: String { type.map { "\(name) (\($0))" } ?? name }
}

extension Timestamp {
  /// `2026-11-21T09:07Z`.
  fileprivate var toTheMinute: String { iso8601.prefix(16) + "Z" }

  static let minute = Duration.seconds(60)

  /// The beginning of its minute.
  var startOfMinute: Timestamp { rounded(toTicks: Timestamp.minute.ticks) }
}
