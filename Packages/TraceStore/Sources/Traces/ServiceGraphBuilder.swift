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
    var services: [Int: Int] = [:]
    for segment in index.topLevel where index.isSegment(segment) { services[segment] = add(segment, of: index) }
    for segment in index.entryPoints {
      if let service = services[segment] { addClient(of: segment, service: service, of: index) }
    }
    for place in index.nodes.indices {
      guard let caller = services[index.nodes[place].segment] else { continue }
      addCalls(from: place, of: index, caller: caller, services: services)
    }
    links.add(trace.id, index: index, services: services)
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

  /// Counts a segment towards its service and returns the service's place.
  private mutating func add(_ segment: Int, of index: TraceIndex) -> Int {
    let entity = index.nodes[segment].entity
    let id = ServiceID(of: entity)
    let place = place(of: id)
    let end = index.end(of: segment)
    nodes[place].cover(entity.start, end)
    nodes[place].isReporting = nodes[place].isReporting || !entity.isInferred
    if let request = Request(entity) {
      nodes[place].tally.count(request)
      nodes[place].durations.add(entity.start.duration(to: end).inSeconds)
    }
    return place
  }

  private mutating func addClient(of segment: Int, service: Int, of index: TraceIndex) {
    let entity = index.nodes[segment].entity
    let client = place(of: ServiceID(clientOf: entity))
    nodes[service].isRoot = true
    nodes[client].cover(entity.start, index.end(of: segment))
    nodes[client].edges[EdgeKey(target: service, isLink: false), default: Edge()].tally.count(Request(entity))
  }

  /// Counts the segments that `place` called. A call is counted as its caller saw it; what was called by a segment
  /// or by a subsegment that is no call, such as a Lambda function by its service, as the callee saw it.
  private mutating func addCalls(from place: Int, of index: TraceIndex, caller: Int, services: [Int: Int]) {
    let entity = index.nodes[place].entity
    var counted: Set<Int> = []
    for callee in index.callees(of: place) {
      guard let target = services[callee] else { continue }
      let key = EdgeKey(target: target, isLink: false)
      guard entity.isCallSubsegment else {
        nodes[caller].edges[key, default: Edge()].tally.count(Request(index.nodes[callee].entity))
        continue
      }
      var edge = nodes[caller].edges[key] ?? Edge()
      if counted.insert(target).inserted { edge.tally.count(Request(entity)) }
      let address = ServiceID(calledBy: entity)
      let id = nodes[target].id
      if (address.name, address.type) != (id.name, id.type) { edge.aliases.insert(address) }
      nodes[caller].edges[key] = edge
    }
  }
}

extension ServiceGraphBuilder {
  /// A completed request.
  struct Request: Hashable {
    var outcome: Outcome
    var ticks: Int64

    /// `nil` while the entity is in progress.
    init?(_ entity: Entity) {
      guard let end = entity.end else { return nil }
      outcome = entity.outcome
      ticks = max(0, end.ticks - entity.start.ticks)
    }
  }

  /// Counts of completed requests. Times are summed as whole ticks, so that no order of adding rounds differently.
  private struct Tally {
    private var counts = Statistics()
    private var ticks: Int64 = 0
    private(set) var responseTimes = Histogram()

    /// - Parameter histogramTicks: What goes into the histogram in place of the response time.
    mutating func count(_ request: Request?, histogramTicks: Int64? = nil) {
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
