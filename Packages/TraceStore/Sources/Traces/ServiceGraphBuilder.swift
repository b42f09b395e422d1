import XRayModel

extension ServiceGraph {
  /// The graph of `traces`, whatever their order.
  public init(of traces: some Sequence<Trace>) {
    var builder = ServiceGraphBuilder()
    for trace in traces { builder.add(trace) }
    self = builder.build()
  }
}

/// Gathers a service graph from traces, one at a time. The order of the traces does not matter.
///
/// Of each trace it keeps some hundred bytes until the end: links may lead to traces that come later.
public struct ServiceGraphBuilder: Sendable {
  private var nodes: [Node] = []
  private var places: [ServiceID: Int] = [:]
  private var links = TraceLinks()

  public init() {}

  /// Counts the requests of `trace`. Give each trace once.
  public mutating func add(_ trace: Trace) {
    let index = TraceIndex(trace)
    let facts = GraphFacts(of: trace, index)
    for visit in facts.visits { add(visit) }
    for call in facts.calls { add(call) }
    links.add(trace.id, index: index, services: index.services.map { place(of: $0) })
  }

  public func build() -> ServiceGraph {
    var nodes = nodes
    for link in links.deliveries() {
      let key = EdgeKey(target: link.target, isLink: true)
      nodes[link.source].edges[key, default: Edge()].tally.count(link.request, histogramTicks: link.eventAge)
    }
    let order = nodes.indices.sorted { nodes[$0].id < nodes[$1].id }
    var positions = [Int](repeating: 0, count: nodes.count)
    for (position, place) in order.enumerated() { positions[place] = position }
    let services = order.map { nodes[$0].service(positions: positions) }
    return ServiceGraph(
      start: services.map(\.start).min() ?? Timestamp(ticks: 0), end: services.map(\.end).max() ?? Timestamp(ticks: 0),
      services: services)
  }

  // MARK: Gathering

  private mutating func place(of id: ServiceID) -> Int {
    if let place = places[id] { return place }
    places[id] = nodes.count
    nodes.append(Node(id: id))
    return nodes.count - 1
  }

  private mutating func add(_ visit: GraphFacts.Visit) {
    let place = place(of: visit.service)
    nodes[place].cover(visit.start, visit.end)
    nodes[place].isRoot = nodes[place].isRoot || visit.isRoot
    nodes[place].isReporting = nodes[place].isReporting || visit.isReporting
    guard let request = visit.request else { return }
    nodes[place].tally.count(request)
    nodes[place].durations.add(visit.start.duration(to: visit.end).inSeconds)
  }

  private mutating func add(_ call: GraphFacts.Call) {
    let source = place(of: call.source)
    let key = EdgeKey(target: place(of: call.target), isLink: false)
    nodes[source].edges[key, default: Edge()].tally.count(call.request)
    if let alias = call.alias { nodes[source].edges[key]?.aliases.insert(alias) }
  }
}

extension ServiceGraphBuilder {
  /// Counts of completed requests. Times are summed as whole ticks, so that no order of adding rounds differently.
  private struct Tally {
    private var counts = Statistics()
    private var ticks: Int64 = 0
    private(set) var responseTimes = Histogram()

    /// - Parameter histogramTicks: What goes into the histogram in place of the response time.
    mutating func count(_ request: GraphFacts.Request?, histogramTicks: Int64? = nil) {
      guard let request else { return }
      switch request.outcome {
      case .ok: counts.ok += 1
      case .error: counts.error += 1
      case .fault: counts.fault += 1
      case .throttle: counts.throttle += 1
      }
      ticks += request.ticks
      responseTimes.add(Duration(ticks: histogramTicks ?? request.ticks).inSeconds)
    }

    var statistics: Statistics {
      var statistics = counts
      statistics.totalResponseTime = Duration(ticks: ticks).inSeconds
      return statistics
    }
  }

  private struct EdgeKey: Hashable {
    var target: Int
    var isLink: Bool
  }

  private struct Edge {
    var tally = Tally()
    var aliases: Set<ServiceID> = []
  }

  private struct Node {
    var id: ServiceID
    var isRoot = false
    /// Whether it sends segments itself.
    var isReporting = false
    var bounds: ClosedRange<Timestamp>?
    var tally = Tally()
    var durations = Histogram()
    var edges: [EdgeKey: Edge] = [:]

    init(id: ServiceID) { self.id = id }

    mutating func cover(_ start: Timestamp, _ end: Timestamp) {
      bounds = min(bounds?.lowerBound ?? start, start)...max(bounds?.upperBound ?? end, end)
    }

    private var isClient: Bool { id.type == ServiceID.clientType }
    private var isAWS: Bool { id.type?.hasPrefix("AWS::") ?? false }

    func service(positions: [Int]) -> ServiceGraph.Service {
      let bounds = bounds ?? Timestamp(ticks: 0)...Timestamp(ticks: 0)
      let edges = edges.map { key, edge in
        // As in X-Ray's answers, an edge has the bounds of the service that it starts from.
        ServiceGraph.Edge(
          target: positions[key.target], start: bounds.lowerBound, end: bounds.upperBound,
          statistics: edge.tally.statistics, responseTimes: edge.tally.responseTimes, aliases: edge.aliases.sorted(),
          isLink: key.isLink)
      }
      return ServiceGraph.Service(
        id: id, isRoot: isRoot, state: isReporting ? .active : isClient || isAWS ? .unknown : .passive,
        start: bounds.lowerBound, end: bounds.upperBound,
        edges: edges.sorted { ($0.target, $0.isLink ? 1 : 0) < ($1.target, $1.isLink ? 1 : 0) },
        statistics: isReporting || !isClient ? tally.statistics : nil, durations: durations,
        responseTimes: tally.responseTimes)
    }
  }
}
