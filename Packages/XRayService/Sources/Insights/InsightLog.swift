public import Traces
public import XRayModel

/// The insights of all groups: what is going on, what was, and what their services are expected to do.
///
/// A value to be written to a file now and then, so that a restart forgets nothing.
public struct InsightLog: Hashable, Sendable {
  /// Closed insights are kept for so long after their last update.
  public static let retention = Duration.seconds(30 * 86_400)
  /// Of the closed insights, so many are kept, those that closed last.
  public static let closedLimit = 1000

  var detectors: [String: InsightDetector] = [:]
  /// In the order in which they closed.
  var closed: [Insight] = []

  /// An empty log.
  public init() {}

  // MARK: Learning

  /// The last minute observed of a group, by its beginning; `nil` when nothing is known of it.
  public func lastMinute(ofGroup name: String) -> Timestamp? { detectors[name]?.lastMinute }

  /// Learns the graph of a minute of a group; see ``InsightDetector/observe(minute:graph:random:)``.
  public mutating func observe(minute: Timestamp, ofGroup name: String, graph: ServiceGraph, random: RandomSource) {
    closed += detectors[name, default: InsightDetector(groupName: name)]
      .observe(minute: minute, graph: graph, random: random)
    trim(at: minute)
  }

  /// Ends what is going on in a group, and forgets what was expected of its services.
  public mutating func endGroup(_ name: String, at time: Timestamp) {
    guard var detector = detectors.removeValue(forKey: name) else { return }
    closed += detector.closeAll(at: time)
    trim(at: time)
  }

  /// The groups that were observed and not ended, in order.
  public var groups: [String] { detectors.keys.sorted() }

  mutating func trim(at time: Timestamp) {
    closed.removeAll { $0.lastUpdate.duration(to: time) > Self.retention }
    closed.removeFirst(max(0, closed.count - Self.closedLimit))
  }

  // MARK: Questions

  /// The insight of that id, active or closed, of any group.
  public func insight(id: String) -> Insight? {
    for detector in detectors.values {
      if let insight = detector.active.first(where: { $0.id == id }) { return insight }
    }
    return closed.first { $0.id == id }
  }

  /// The insights of a group that were active at any moment of a range, those that began last first.
  public func insights(
    ofGroup name: String, states: Set<Insight.State> = Set(Insight.State.allCases), overlapping range: Range<Timestamp>
  ) -> [Insight] {
    ((detectors[name]?.active ?? []) + closed.filter { $0.groupName == name })
      .filter { states.contains($0.state) && $0.overlaps(range) }
      .sorted { ($1.start, $0.id) < ($0.start, $1.id) }
  }
}
