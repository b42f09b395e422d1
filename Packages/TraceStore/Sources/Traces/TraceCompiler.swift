import XRayModel

/// Turns documents into a trace. Every entity, embedded or not, is first a node of its own, known by its id; the
/// tree is then built from the nodes alone, so neither the order nor the packing of documents matters. Where the
/// tree leaves entities as they came, which is nearly everywhere, they are not touched.
struct TraceCompiler {
  private struct Node {
    /// As it came, with the subsegments that were embedded in it.
    var entity: Entity
    /// The entity that it was embedded in; `nil` for documents.
    var enclosing: Int?
    /// Whether the trace will hold other subsegments in it, or in another order or form.
    var isChanged = false

    var isSubsegment: Bool { enclosing != nil || entity.kind == .subsegment }
  }

  let id: TraceID
  private var documentCount = 0
  private var nodes: [Node] = []
  private var places = EntityPlaces(capacity: 16)
  private var isTooDeep = false

  init(id: TraceID) { self.id = id }

  consuming func compile() -> Trace {
    var segments = assemble()
    var answered = EntityPlaces(capacity: segments.count)
    for segment in segments where segment.kind == .segment && !segment.isInferred {
      if let call = segment.parentID { answered.insert(call, 0) }
    }
    segments.removeAll { $0.isInferred && isOutdated($0, answered: answered) }
    for segment in segments where segment.isInferred {
      if let call = segment.parentID { answered.insert(call, 0) }
    }
    let calls = nodes.compactMap {
      $0.isSubsegment && $0.entity.isCall && answered[$0.entity.id] == nil ? $0.entity : nil
    }
    for call in calls.sorted(by: Entity.precedes) { segments.append(infer(from: call)) }
    for index in segments.indices where segments[index].traceID != id { segments[index].traceID = id }
    segments.sort(by: Entity.precedes)
    return Trace(id: id, segments: segments, revision: documentCount)
  }

  // MARK: Nodes

  mutating func add(_ document: Entity) {
    documentCount += 1
    add(document, to: nil, depth: 0)
  }

  private mutating func add(_ entity: Entity, to enclosing: Int?, depth: Int) {
    let place = keep(Node(entity: entity, enclosing: enclosing))
    if depth > Trace.depthLimit { isTooDeep = true }
    let subsegments = entity.subsegments
    for index in subsegments.indices.reversed() {
      let isInPlace = index == 0 || Entity.precedes(subsegments[index - 1], subsegments[index])
      if !isInPlace || !subsegments[index].isEmbedded { nodes[place].isChanged = true }
      add(subsegments[index], to: place, depth: depth + 1)
    }
  }

  private mutating func keep(_ node: Node) -> Int {
    guard let place = places.insert(node.entity.id, nodes.count) else {
      nodes.append(node)
      return nodes.count - 1
    }
    // Both may have subsegments, and both may be embedded: where, one of them is missing from now on.
    for enclosing in [node.enclosing, nodes[place].enclosing] { if let enclosing { nodes[enclosing].isChanged = true } }
    if alone(node).takesPlace(of: alone(nodes[place])) { nodes[place] = node }
    nodes[place].isChanged = true
    return place
  }

  /// An entity without what lies in it, and with what its place implies.
  private func alone(_ node: Node) -> Entity {
    var entity = surfaced(node)
    entity.subsegments = []
    entity.traceID = nil
    return entity
  }

  /// An entity that leaves the one it was embedded in.
  private func surfaced(_ node: Node) -> Entity {
    guard let enclosing = node.enclosing else { return node.entity }
    var entity = node.entity
    entity.kind = .subsegment
    entity.parentID = nodes[enclosing].entity.id
    return entity
  }

  // MARK: The tree

  /// The top-level entities with everything that belongs into them.
  private mutating func assemble() -> [Entity] {
    var parents = nodes.map { node in
      node.enclosing ?? (node.entity.kind == .subsegment ? node.entity.parentID.flatMap { places[$0] } : nil) ?? -1
    }
    let isAsSent = !nodes.indices.contains { nodes[$0].isChanged || parents[$0] >= 0 && nodes[$0].enclosing == nil }
    if isAsSent, !isTooDeep { return nodes.compactMap { $0.enclosing == nil ? $0.entity : nil } }
    breakCircles(of: &parents)
    let (order, children) = order(&parents)
    for node in order.reversed() {
      if nodes[node].isChanged {
        let attached = children[node].filter { parents[$0] == node }.map { nodes[$0].entity }
        nodes[node].entity.subsegments = attached.sorted(by: Entity.precedes)
      }
      if parents[node] < 0 {
        nodes[node].entity = surfaced(nodes[node])
      } else if nodes[node].isChanged || !nodes[node].entity.isEmbedded {
        nodes[node].entity.embed()
        nodes[parents[node]].isChanged = true
      }
    }
    return order.lazy.filter { parents[$0] < 0 }.map { nodes[$0].entity }
  }

  /// All nodes, parents before their children, with the children of each. Those that lie too deep lose their parent.
  private mutating func order(_ parents: inout [Int]) -> (order: [Int], children: [[Int]]) {
    var children = [[Int]](repeating: [], count: nodes.count)
    for (node, parent) in parents.enumerated() where parent >= 0 { children[parent].append(node) }
    // Without recursion: a chain of parents may be very long.
    var order = parents.indices.filter { parents[$0] < 0 }
    var depths = [Int](repeating: 0, count: nodes.count)
    var next = 0
    while next < order.count {
      let node = order[next]
      next += 1
      for child in children[node] {
        if depths[node] < Trace.depthLimit {
          depths[child] = depths[node] + 1
        } else {
          parents[child] = -1
          nodes[node].isChanged = true
        }
        order.append(child)
      }
    }
    return (order, children)
  }

  /// Leaves everything on a circle of parents on the top level.
  private mutating func breakCircles(of parents: inout [Int]) {
    var walks = [Int](repeating: -1, count: nodes.count)
    for start in nodes.indices {
      var node = start
      while node >= 0, walks[node] < 0 {
        walks[node] = start
        node = parents[node]
      }
      guard node >= 0, walks[node] == start else { continue }
      // The walk met itself.
      while parents[node] >= 0 {
        let parent = parents[node]
        nodes[parent].isChanged = true
        parents[node] = -1
        node = parent
      }
    }
  }

  // MARK: Inferred segments

  /// Whether an inferred segment that came as a document says less than what else is known.
  private func isOutdated(_ segment: Entity, answered: EntityPlaces) -> Bool {
    guard let call = segment.parentID else { return false }
    return answered[call] != nil
      || (segment.isInProgress && places[call].map { !nodes[$0].entity.isInProgress } ?? false)
  }

  /// What the called service would have told, as far as its caller knows.
  private mutating func infer(from call: Entity) -> Entity {
    var segment = Entity(.segment, id: freeID(for: call.id), name: call.name, parentID: call.id, start: call.start)
    segment.end = call.end
    segment.http = call.http
    segment.http?.request?.isTraced = nil
    segment.aws = call.aws
    segment.isError = call.isError
    segment.isFault = call.isFault
    segment.isThrottle = call.isThrottle
    segment.origin = call.inferredOrigin
    segment.isInferred = true
    places.insert(segment.id, nodes.count)
    return segment
  }

  /// An id that follows from the call's alone, unless the trace happens to use it.
  private func freeID(for call: EntityID) -> EntityID {
    var value = call.rawValue
    repeat {
      // The finalizer of MurmurHash3: no two calls get the same id.
      value = (value ^ (value >> 33) ^ 0x5851_F42D_4C95_7F2D) &* 0xFF51_AFD7_ED55_8CCD
      value = (value ^ (value >> 33)) &* 0xC4CE_B9FE_1A85_EC53
      value ^= value >> 33
    } while value == 0 || places[EntityID(rawValue: value)] != nil
    return EntityID(rawValue: value)
  }
}

extension Entity {
  /// Whether it says nothing that its place in another entity implies.
  fileprivate var isEmbedded: Bool { kind == .subsegment && parentID == nil && traceID == nil }

  fileprivate mutating func embed() { (kind, parentID, traceID) = (.subsegment, nil, nil) }
}
