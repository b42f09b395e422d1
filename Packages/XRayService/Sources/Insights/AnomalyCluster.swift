import Traces

/// Services of one graph that fail more than expected and call one another.
struct AnomalyCluster {
  /// Their places in the graph, in order.
  var members: [Int]
  /// The members that lie farthest downstream: none that they reach along calls between members is not among
  /// them, unless it calls them back.
  var suspects: [Int]

  /// Groups the services at the places `anomalous` of a graph.
  static func clusters(of anomalous: [Int], in graph: ServiceGraph) -> [AnomalyCluster] {
    let anomalous = Set(anomalous)
    var callees: [Int: [Int]] = [:]
    var neighbours: [Int: [Int]] = [:]
    for place in anomalous {
      for edge in graph.services[place].edges where anomalous.contains(edge.target) {
        callees[place, default: []].append(edge.target)
        neighbours[place, default: []].append(edge.target)
        neighbours[edge.target, default: []].append(place)
      }
    }
    let downstream = Dictionary(uniqueKeysWithValues: anomalous.map { ($0, reached(from: $0, along: callees)) })
    var clusters: [AnomalyCluster] = []
    var rest = anomalous
    for place in anomalous.sorted() where rest.contains(place) {
      let members = reached(from: place, along: neighbours)
      rest.subtract(members)
      // Several services that call one another in a circle are farthest downstream together.
      let suspects = members.filter { member in
        downstream[member, default: []].allSatisfy { downstream[$0, default: []].contains(member) }
      }
      clusters.append(AnomalyCluster(members: members.sorted(), suspects: suspects.sorted()))
    }
    return clusters
  }
}

extension ServiceGraph {
  /// The one with the most faults of the services at some places; of equals the first by name.
  func mostFaulty(of places: [Int]) -> ServiceID? {
    places.map { services[$0] }
      .min { a, b in (b.statistics?.fault ?? 0, a.id) < (a.statistics?.fault ?? 0, b.id) }?
      .id
  }

  /// The places of the services whose calls lead to the service at `place`, and its own.
  func upstream(of place: Int) -> Set<Int> {
    var callers: [Int: [Int]] = [:]
    for (caller, service) in services.enumerated() {
      for edge in service.edges { callers[edge.target, default: []].append(caller) }
    }
    return reached(from: place, along: callers)
  }
}

/// What can be reached from a place in any number of steps, and the place itself.
private func reached(from place: Int, along steps: [Int: [Int]]) -> Set<Int> {
  var found: Set = [place]
  var open = [place]
  while let next = open.popLast() {
    for step in steps[next, default: []] where found.insert(step).inserted { open.append(step) }
  }
  return found
}
