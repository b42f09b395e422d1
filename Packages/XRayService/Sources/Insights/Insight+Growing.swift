import Traces
import XRayModel

extension Insight {
  /// Takes in a minute in which some of its services were above their bands.
  ///
  /// - Parameters:
  ///   - clusters: Those of the minute that belong to this insight; not empty.
  ///   - minute: The minute's beginning.
  mutating func grow(by clusters: [AnomalyCluster], of graph: ServiceGraph, minute: Timestamp) {
    lastAnomaly = minute.advanced(by: Timestamp.minute)
    let known = services.count
    join(clusters.flatMap(\.members).map { graph.services[$0].id })
    let hasNewRoot = settleRootCause(among: clusters.flatMap(\.suspects), of: graph)
    count(graph)
    if events.isEmpty {
      note("Opened.", at: lastAnomaly)
    } else if hasNewRoot {
      note("The root cause is now \(rootCause.label).", at: lastAnomaly)
    } else if services.count > known {
      note(
        "Spread to \(services[known...].prefix(Self.topLimit).map(\.id.label).joined(separator: ", ")).",
        at: lastAnomaly)
    } else if hasGrownNotably {
      note("Faults have doubled.", at: lastAnomaly)
    }
    lastUpdate = lastAnomaly
  }

  /// Ends it. Its ``end`` is that of its last minute above the band, also when it was found to be over only later.
  mutating func close(at time: Timestamp, because reason: String = "Closed.") {
    state = .closed
    lastUpdate = max(time, lastUpdate)
    note(reason, at: lastUpdate)
  }

  /// Takes in the services of an insight that turned out to be part of this one. Its clients are not added up: they
  /// may be the same.
  mutating func absorb(_ other: Insight, at time: Timestamp) {
    join(other.services.map(\.id))
    for service in other.services {
      if let place = services.firstIndex(where: { $0.id == service.id }) { services[place].impact += service.impact }
    }
    note("Took in insight \(other.id).", at: time)
  }

  private mutating func join(_ ids: [ServiceID]) {
    for id in ids where services.count < Self.serviceLimit && !services.contains(where: { $0.id == id }) {
      services.append(Service(id: id, impact: RequestImpact()))
    }
  }

  /// Chooses the root cause among those farthest downstream: the one there is, else the one with the most faults,
  /// when it was so in two minutes in a row, for a count that missed the band by one must not change it to and fro.
  private mutating func settleRootCause(among suspects: [Int], of graph: ServiceGraph) -> Bool {
    guard !suspects.contains(where: { graph.services[$0].id == rootCause }) else {
      challenger = nil
      return false
    }
    let found = graph.mostFaulty(of: suspects)
    defer { challenger = found }
    guard let found, found == challenger else { return false }
    // What found no room cannot be counted, and so not be the cause.
    guard services.contains(where: { $0.id == found }) else { return false }
    rootCause = found
    return true
  }

  /// Adds up the requests of the minute.
  private mutating func count(_ graph: ServiceGraph) {
    let places = Dictionary(graph.services.enumerated().map { ($1.id, $0) }) { first, _ in first }
    for index in services.indices {
      guard let place = places[services[index].id], let statistics = graph.services[place].statistics else { continue }
      services[index].impact += RequestImpact(statistics)
    }
    guard let place = places[rootCause] else { return }
    for caller in graph.upstream(of: place) where graph.services[caller].isRoot {
      if let statistics = graph.services[caller].statistics { clientImpact += RequestImpact(statistics) }
    }
  }

  private var hasGrownNotably: Bool {
    guard let last = events.last else { return true }
    func isNotable(_ old: RequestImpact, _ new: RequestImpact) -> Bool {
      new.fault >= 2 * old.fault && new.fault >= old.fault + 10
    }
    return isNotable(last.clientImpact, clientImpact) || isNotable(last.rootCauseImpact, rootCauseImpact)
  }

  private mutating func note(_ change: String, at time: Timestamp) {
    // The last one is kept free for the end.
    guard events.count < (state == .closed ? Self.eventLimit : Self.eventLimit - 1) else { return }
    events.append(
      Event(
        time: time, summary: "\(change) \(summary)", clientImpact: clientImpact,
        rootCauseImpact: rootCauseImpact, topAnomalousServices: topAnomalousServices))
  }
}
