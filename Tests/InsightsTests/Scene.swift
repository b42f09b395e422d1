import Insights
import Traces
import XRayModel

/// A service within a minute, and whom it calls.
struct Node {
  var name: String
  var fault: Int
  var total: Int
  var callees: [String]
  var isRoot: Bool

  init(_ name: String, _ fault: Int, of total: Int, calls callees: [String] = [], isRoot: Bool = false) {
    self.name = name
    self.fault = fault
    self.total = total
    self.callees = callees
    self.isRoot = isRoot
  }
}

extension ServiceGraph {
  /// A graph of services without types; those called by nobody have a client before them.
  init(_ nodes: [Node], at moment: Timestamp = minute(0)) {
    func service(_ id: ServiceID, isRoot: Bool) -> Service {
      Service(id, isRoot: isRoot, isReporting: id.type == nil, start: moment, end: moment)
    }
    var services = nodes.map { node in
      var service = service(ServiceID(name: node.name), isRoot: node.isRoot)
      service.statistics?.fault = node.fault
      service.statistics?.ok = node.total - node.fault
      return service
    }
    for (place, node) in nodes.enumerated() {
      for callee in node.callees {
        guard let target = nodes.firstIndex(where: { $0.name == callee }) else { continue }
        services[place].edges.append(Edge(to: target, aliases: [], start: moment, end: moment))
      }
      if node.isRoot {
        var client = service(ServiceID(name: node.name, type: "client"), isRoot: false)
        client.edges = [Edge(to: place, aliases: [], start: moment, end: moment)]
        services.append(client)
      }
    }
    self.init(services: services)
  }
}

let start = Timestamp(seconds: 1_800_000_000)

func minute(_ number: Int) -> Timestamp { start.advanced(by: .seconds(60 * number)) }

/// A detector that is shown one minute after the other.
struct Watch {
  var detector = InsightDetector(groupName: "Default")
  var closed: [Insight] = []
  var next = 0
  let random = RandomSource(seed: 7)

  /// Shows some minutes.
  mutating func see(_ count: Int = 1, _ nodes: () -> [Node]) {
    for _ in 0..<count {
      let graph = ServiceGraph(nodes(), at: minute(next))
      closed += detector.observe(minute: minute(next), graph: graph, random: random)
      next += 1
    }
  }

  var all: [Insight] { closed + detector.active }
}

extension RandomSource {
  /// How many of `total` requests fail at a rate.
  func faults(of total: Int, rate: Double) -> Int { (0..<total).count { _ in fraction() < rate } }
}
