import XRayModel

/// A trace as a flat list of entities with their relations, across the borders of segments.
struct TraceIndex {
  struct Node {
    var entity: Entity
    /// The entity that this one lies in or, of a segment, the one that called it.
    var parent: Int?
    /// The top-level entity that this one lies in, by its place in ``TraceIndex/topLevel``.
    var top: Int
    /// Where what lies in this entity ends: it follows the entity directly.
    var end = 0
  }

  /// A segment, or a subsegment whose segment has not come.
  struct TopLevel {
    var place: Int
    /// By its place in ``TraceIndex/services``; `nil` where the segment has not come.
    var service: Int?
    /// The last end of anything in it: subsegments may outlive their segment.
    var end: Timestamp
  }

  /// A segment that names an entity of the trace as its parent.
  struct Call {
    var caller: Int
    var callee: Int
  }

  /// Parents before their subsegments, top-level entities in the order of the trace.
  private(set) var nodes: [Node] = []
  private(set) var topLevel: [TopLevel] = []
  /// The services of all segments, each once, in their order.
  private(set) var services: [ServiceID] = []
  /// By caller, those of one caller in the order of the trace.
  private(set) var calls: [Call] = []
  /// The place of the root: the earliest segment that nobody called. Where every segment names a parent, the
  /// earliest whose parent did not come; then any segment; then a subsegment without its segment.
  private(set) var root: Int?
  /// Entities with annotations.
  private(set) var annotated: [Int] = []
  /// Entities with links.
  private(set) var linking: [Int] = []
  /// Calls whose callee promised to send a segment of its own.
  private(set) var promises: [Int] = []
  private(set) var hasFailures = false
  private(set) var isInProgress = false

  init(_ trace: Trace) {
    topLevel.reserveCapacity(trace.segments.count)
    nodes.reserveCapacity(trace.segments.count * 4)
    for segment in trace.segments {
      topLevel.append(TopLevel(place: nodes.count, service: nil, end: segment.start))
      append(segment, to: nil)
    }
    findServices()
    findCallers()
    root = topLevel.min { (rank($0.place), $0.place) < (rank($1.place), $1.place) }?.place
  }

  private mutating func append(_ entity: Entity, to parent: Int?) {
    let place = nodes.count
    let top = topLevel.count - 1
    nodes.append(Node(entity: entity, parent: parent, top: top))
    topLevel[top].end = max(topLevel[top].end, entity.end ?? entity.start)
    if !entity.annotations.isEmpty { annotated.append(place) }
    if !entity.links.isEmpty { linking.append(place) }
    if entity.isCallSubsegment, entity.isTracedDownstream { promises.append(place) }
    isInProgress = isInProgress || entity.isInProgress
    hasFailures = hasFailures || entity.failsWithFault || entity.failsWithError
    for subsegment in entity.subsegments { append(subsegment, to: place) }
    nodes[place].end = nodes.count
  }

  private mutating func findServices() {
    let found = topLevel.map { segment in
      let entity = nodes[segment.place].entity
      return entity.kind == .segment ? ServiceID(of: entity) : nil
    }
    for case let id? in found {
      let number = firstService(from: id)
      if number == services.count || services[number] != id { services.insert(id, at: number) }
    }
    for (top, id) in found.enumerated() { topLevel[top].service = id.map(firstService) }
  }

  /// The first service that does not come before `id`.
  private func firstService(from id: ServiceID) -> Int {
    var low = 0
    var high = services.count
    while low < high {
      let middle = (low + high) / 2
      if services[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func findCallers() {
    var places = EntityPlaces(capacity: nodes.count)
    for (place, node) in nodes.enumerated() { places.insert(node.entity.id, place) }
    for segment in topLevel where segment.service != nil {
      guard let parent = nodes[segment.place].entity.parentID.flatMap({ places[$0] }), parent != segment.place else {
        continue
      }
      nodes[segment.place].parent = parent
      calls.append(Call(caller: parent, callee: segment.place))
    }
    calls.sort { $0.caller < $1.caller }
  }

  private func rank(_ place: Int) -> Int {
    let node = nodes[place]
    if node.entity.isInferred { return 4 }
    if node.entity.kind == .subsegment { return 3 }
    return node.parent != nil ? 2 : node.entity.parentID != nil ? 1 : 0
  }

  /// The place of the top-level entity that `place` lies in; itself on the top level.
  func segment(of place: Int) -> Int { topLevel[nodes[place].top].place }

  /// Whether `place` is a segment rather than part of one or a subsegment whose segment has not come.
  func isSegment(_ place: Int) -> Bool { segment(of: place) == place && topLevel[nodes[place].top].service != nil }

  /// The service whose work `place` is part of; `nil` when its segment has not come.
  func service(of place: Int) -> ServiceID? { topLevel[nodes[place].top].service.map { services[$0] } }

  /// The segments that `place` called.
  func callees(of place: Int) -> some Sequence<Int> {
    var low = 0
    var high = calls.count
    while low < high {
      let middle = (low + high) / 2
      if calls[middle].caller < place { low = middle + 1 } else { high = middle }
    }
    return calls[low...].lazy.prefix { $0.caller == place }.map(\.callee)
  }

  /// The subsegments in `place`, then the segments that it called.
  func children(of place: Int) -> [Int] {
    var children: [Int] = []
    var next = place + 1
    while next < nodes[place].end {
      children.append(next)
      next = nodes[next].end
    }
    return children + callees(of: place)
  }

  /// Places where a client enters the trace.
  var entryPoints: [Int] {
    let uncalled = topLevel.lazy.map(\.place).filter { rank($0) == 0 }
    guard uncalled.isEmpty, let root, isSegment(root) else { return Array(uncalled) }
    return [root]
  }
}
