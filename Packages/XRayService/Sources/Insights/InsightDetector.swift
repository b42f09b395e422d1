public import Traces
public import XRayModel

/// Finds the insights of one group: what its services are expected to do, and who does otherwise at present.
public struct InsightDetector: Hashable, Sendable {
  /// What is known of a service.
  struct Memory: Hashable, Sendable {
    var band = FaultBand()
    /// The last minute in which it had requests.
    var lastMinute: Timestamp
  }

  /// An insight closes when no service of it was above its band for so long.
  public static let quietTime = Duration.seconds(600)
  /// So many services are remembered; those that had requests most recently, and of these the ones known longest.
  public static let serviceLimit = 500
  /// No insights are opened beyond so many at a time.
  public static let activeLimit = 100

  public let groupName: String
  /// In the order in which they were opened.
  public internal(set) var active: [Insight] = []
  /// The last minute observed, by its beginning.
  public internal(set) var lastMinute: Timestamp?
  var memories: [ServiceID: Memory] = [:]

  /// One that has learned nothing.
  public init(groupName: String) { self.groupName = groupName }

  /// Learns the graph of a minute, and opens, extends and closes insights by it.
  ///
  /// Minutes come in order of time; one that comes again, or after a later one, is passed over, so that nothing is
  /// counted twice. Minutes left out count as quiet.
  ///
  /// - Parameters:
  ///   - minute: Its beginning.
  ///   - graph: Of what happened in that minute alone.
  /// - Returns: The insights that closed.
  public mutating func observe(minute: Timestamp, graph: ServiceGraph, random: RandomSource) -> [Insight] {
    if let lastMinute, minute <= lastMinute { return [] }
    lastMinute = minute
    let end = minute.advanced(by: Timestamp.minute)
    // After minutes left out, whatever fails now is something new.
    var closed = closeQuiet(at: minute)
    var findings: [(insight: String, cluster: AnomalyCluster)] = []
    for cluster in AnomalyCluster.clusters(of: learn(graph, minute: minute), in: graph) {
      let members = Set(cluster.members.map { graph.services[$0].id })
      let places = active.indices.filter { active[$0].services.contains { members.contains($0.id) } }
      guard let first = places.first else {
        if let insight = open(cluster, of: graph, minute: minute, random: random) {
          findings.append((insight, cluster))
        }
        continue
      }
      for place in places.dropFirst().reversed() {
        var other = active.remove(at: place)
        active[first].absorb(other, at: end)
        for index in findings.indices where findings[index].insight == other.id {
          findings[index].insight = active[first].id
        }
        other.close(at: end, because: "Merged into insight \(active[first].id).")
        closed.append(other)
      }
      findings.append((active[first].id, cluster))
    }
    for place in active.indices {
      let clusters = findings.filter { $0.insight == active[place].id }.map(\.cluster)
      if !clusters.isEmpty { active[place].grow(by: clusters, of: graph, minute: minute) }
    }
    return closed + closeQuiet(at: end)
  }

  /// Closes whatever is active, as when nobody looks at the group any longer.
  public mutating func closeAll(at time: Timestamp) -> [Insight] {
    defer { active = [] }
    return active.map { insight in
      var insight = insight
      insight.close(at: time, because: "Closed, since insights of the group ended.")
      return insight
    }
  }

  /// Updates what is expected of each service.
  ///
  /// - Returns: The places of those that were above it.
  private mutating func learn(_ graph: ServiceGraph, minute: Timestamp) -> [Int] {
    var anomalous: [Int] = []
    for (place, service) in graph.services.enumerated() {
      guard let statistics = service.statistics, statistics.total > 0 else { continue }
      var memory = memories[service.id] ?? Memory(lastMinute: minute)
      if memory.band.isExceeded(by: statistics.fault, of: statistics.total) { anomalous.append(place) }
      memory.band.learn(fault: statistics.fault, of: statistics.total)
      memory.lastMinute = minute
      memories[service.id] = memory
    }
    forget()
    return anomalous
  }

  private mutating func forget() {
    guard memories.count > Self.serviceLimit else { return }
    let kept = memories.sorted { a, b in
      (b.value.lastMinute, b.value.band.minutes, a.key) < (a.value.lastMinute, a.value.band.minutes, b.key)
    }
    memories = Dictionary(uniqueKeysWithValues: kept.prefix(Self.serviceLimit).map { ($0.key, $0.value) })
  }

  private mutating func open(
    _ cluster: AnomalyCluster, of graph: ServiceGraph, minute: Timestamp, random: RandomSource
  ) -> String? {
    guard active.count < Self.activeLimit, let root = graph.mostFaulty(of: cluster.suspects) else { return nil }
    let insight = Insight(
      id: random.requestID(), groupName: groupName, rootCause: root, start: minute,
      lastAnomaly: minute.advanced(by: Timestamp.minute))
    active.append(insight)
    return insight.id
  }

  private mutating func closeQuiet(at time: Timestamp) -> [Insight] {
    var closed: [Insight] = []
    active.removeAll { insight in
      guard insight.lastAnomaly.duration(to: time) >= Self.quietTime else { return false }
      var insight = insight
      insight.close(at: insight.lastAnomaly.advanced(by: Self.quietTime))
      closed.append(insight)
      return true
    }
    return closed
  }
}
