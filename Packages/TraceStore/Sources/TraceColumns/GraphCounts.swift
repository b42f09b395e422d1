public import Traces
public import XRayModel

/// The counts of a service graph, which can be added up: of single traces, of segments' rows, of other counts.
///
/// The order of adding does not matter. Links between traces are not counted: they need both traces.
public struct GraphCounts: Sendable {
  private var table = ServiceTable()
  var services: [ServiceID] { table.services }
  /// By service.
  var nodes: [Node] = []
  var edges: [Edge] = []
  private var edgePlaces: [EdgeKey: Int] = [:]

  public init() {}

  struct Node: Sendable {
    var isRoot = false
    var isReporting = false
    /// In ticks; beyond each other while nothing is covered.
    var start = Int64.max
    var end = Int64.min
    var tally = Tally()
    /// Times that belong to both distributions, as most do.
    var common = HistogramSum()
    /// Of the others.
    var durations = HistogramSum()

    @inline(__always)
    mutating func cover(_ start: Int64, _ end: Int64) {
      self.start = min(self.start, start)
      self.end = max(self.end, end)
    }

    @inline(__always)
    mutating func merge(_ other: Node) {
      cover(other.start, other.end)
      isRoot = isRoot || other.isRoot
      isReporting = isReporting || other.isReporting
      tally.merge(other.tally)
      common.merge(other.common)
      durations.merge(other.durations)
    }

    /// All response times.
    var responseTimes: Histogram { common.sum(tally.responseTimes).histogram }
  }

  struct EdgeKey: Hashable, Sendable {
    var source: Int
    var target: Int
  }

  struct Edge: Sendable {
    var key: EdgeKey
    var tally = Tally()
    var aliases: Set<ServiceID> = []

    @inline(__always)
    mutating func merge(_ other: Edge) {
      tally.merge(other.tally)
      if !other.aliases.isEmpty { aliases.formUnion(other.aliases) }
    }
  }

  /// Counts of completed requests.
  struct Tally: Sendable {
    var ok = 0
    var error = 0
    var fault = 0
    var throttle = 0
    var ticks: Int64 = 0
    var responseTimes = HistogramSum()

    /// - Parameter outcome: As columns write it.
    @inline(__always)
    mutating func count(_ outcome: Int, times: Int) {
      switch outcome {
      case 0: ok &+= times
      case 1: error &+= times
      case 2: fault &+= times
      case 3: throttle &+= times
      default: return
      }
    }

    @inline(__always)
    mutating func merge(_ other: Tally) {
      ok &+= other.ok
      error &+= other.error
      fault &+= other.fault
      throttle &+= other.throttle
      ticks &+= other.ticks
      responseTimes.merge(other.responseTimes)
    }

    var statistics: Statistics {
      var statistics = Statistics()
      statistics.ok = ok
      statistics.error = error
      statistics.fault = fault
      statistics.throttle = throttle
      statistics.totalResponseTime = Duration(ticks: ticks).inSeconds
      return statistics
    }
  }

  // MARK: Adding

  mutating func place(of service: ServiceID) -> Int {
    let place = table.place(of: service)
    if place == nodes.count { nodes.append(Node()) }
    return place
  }

  mutating func place(of edge: EdgeKey) -> Int {
    if let place = edgePlaces[edge] { return place }
    edgePlaces[edge] = edges.count
    edges.append(Edge(key: edge))
    return edges.count - 1
  }

  mutating func insert(_ alias: ServiceID, amongAliasesOf edge: Int) { edges[edge].aliases.insert(alias) }

  mutating func withNodes(_ change: (UnsafeMutableBufferPointer<Node>) -> Void) {
    nodes.withUnsafeMutableBufferPointer { change($0) }
  }

  mutating func withEdges(_ change: (UnsafeMutableBufferPointer<Edge>) -> Void) {
    edges.withUnsafeMutableBufferPointer { change($0) }
  }

  /// Counts a trace. Give each trace once.
  public mutating func add(_ trace: Trace) { add(GraphFacts(of: trace)) }

  public mutating func add(_ row: SegmentRow) { add(row.facts) }

  private mutating func add(_ facts: GraphFacts) {
    for visit in facts.visits {
      let place = place(of: visit.service)
      nodes[place].cover(visit.start.ticks, visit.end.ticks)
      nodes[place].isRoot = nodes[place].isRoot || visit.isRoot
      nodes[place].isReporting = nodes[place].isReporting || visit.isReporting
      guard let request = visit.request else { continue }
      let span = visit.end.ticks &- visit.start.ticks
      nodes[place].tally.count(request.outcome.code, times: 1)
      nodes[place].tally.ticks &+= request.ticks
      if request.ticks == span {
        nodes[place].common.add(ticks: span)
      } else {
        nodes[place].tally.responseTimes.add(ticks: request.ticks)
        nodes[place].durations.add(ticks: span)
      }
    }
    for call in facts.calls {
      let place = place(of: EdgeKey(source: place(of: call.source), target: place(of: call.target)))
      if let request = call.request {
        edges[place].tally.count(request.outcome.code, times: 1)
        edges[place].tally.ticks &+= request.ticks
        edges[place].tally.responseTimes.add(ticks: request.ticks)
      }
      if let alias = call.alias { edges[place].aliases.insert(alias) }
    }
  }

  public mutating func merge(_ other: GraphCounts) {
    let mapped = other.services.map { place(of: $0) }
    let mappedEdges = other.edges.map { edge in
      place(of: EdgeKey(source: mapped[edge.key.source], target: mapped[edge.key.target]))
    }
    // Through pointers, because copies of nodes and edges would count references.
    withNodes { nodes in
      other.nodes.withUnsafeBufferPointer { others in
        for node in others.indices { nodes[mapped[node]].merge(others[node]) }
      }
    }
    withEdges { edges in
      other.edges.withUnsafeBufferPointer { others in
        for edge in others.indices { edges[mappedEdges[edge]].merge(others[edge]) }
      }
    }
  }

  /// Counts the minutes that begin in `range`; `nil` means all.
  public mutating func add(_ minutes: GraphMinutes, in range: Range<Timestamp>? = nil) {
    for (minute, counts) in minutes.minutes where range?.contains(GraphMinutes.start(of: minute)) ?? true {
      merge(counts)
    }
  }

  // MARK: The graph

  /// The graph of all that was added.
  public func graph() -> ServiceGraph {
    let order = services.indices.sorted { services[$0] < services[$1] }
    var positions = [Int](repeating: 0, count: services.count)
    for (position, place) in order.enumerated() { positions[place] = position }
    var assembled = order.map { service(at: $0) }
    for edge in edges {
      let source = positions[edge.key.source]
      let from = assembled[source]
      var drawn = ServiceGraph.Edge(
        to: positions[edge.key.target], aliases: edge.aliases.sorted(), start: from.start, end: from.end)
      drawn.statistics = edge.tally.statistics
      drawn.responseTimes = edge.tally.responseTimes.histogram
      assembled[source].edges.append(drawn)
    }
    for position in assembled.indices { assembled[position].edges.sort { $0.target < $1.target } }
    return ServiceGraph(services: assembled)
  }

  private func service(at place: Int) -> ServiceGraph.Service {
    let node = nodes[place]
    let isCovered = node.start <= node.end
    var service = ServiceGraph.Service(
      services[place], isRoot: node.isRoot, isReporting: node.isReporting,
      start: Timestamp(ticks: isCovered ? node.start : 0), end: Timestamp(ticks: isCovered ? node.end : 0))
    if service.statistics != nil { service.statistics = node.tally.statistics }
    service.durations = node.common.sum(node.durations).histogram
    service.responseTimes = node.responseTimes
    return service
  }
}
