public import XRayModel

extension Trace {
  /// Compiles a trace from its documents, whatever their order.
  ///
  /// Subsegments that were sent on their own are put into their parents, versions of one entity become one, and
  /// calls that no segment answers get an inferred segment. A subsegment whose parent has not come, is part of a
  /// circle of parents, or lies ``depthLimit`` levels deep stays on the top level: nothing is lost.
  public init(id: TraceID, compiling documents: some Sequence<Entity>) {
    var compiler = TraceCompiler(id: id)
    for document in documents { compiler.add(document) }
    self = compiler.compile()
  }

  /// Most levels of subsegments in a segment. The compiled segment is JSON that any reader of segment
  /// documents can take, metadata included: readers bound their nesting.
  public static let depthLimit = 60
}

/// Turns documents into a trace. Every entity, embedded or not, is first a node of its own, known by its id; the
/// tree is then built from the nodes alone, so neither the order nor the packing of documents matters.
struct TraceCompiler {
  let id: TraceID
  private var documentCount = 0
  /// Without their subsegments; an embedded one names its parent like an independent one.
  private var nodes: [Entity] = []
  private var places: [EntityID: Int] = [:]

  init(id: TraceID) { self.id = id }

  mutating func add(_ document: Entity) {
    documentCount += 1
    var pending = [document]
    while var entity = pending.popLast() {
      for var subsegment in entity.subsegments {
        subsegment.kind = .subsegment
        subsegment.parentID = entity.id
        pending.append(subsegment)
      }
      entity.subsegments = []
      entity.traceID = nil
      keep(entity)
    }
  }

  private mutating func keep(_ entity: Entity) {
    if let place = places[entity.id] {
      if entity.takesPlace(of: nodes[place]) { nodes[place] = entity }
    } else {
      places[entity.id] = nodes.count
      nodes.append(entity)
    }
  }

  consuming func compile() -> Trace {
    var segments = assemble()
    let answered = Set(segments.lazy.filter { $0.kind == .segment && !$0.isInferred }.compactMap(\.parentID))
    segments.removeAll { $0.isInferred && isOutdated($0, answered: answered) }
    let inferred = Set(segments.lazy.filter(\.isInferred).compactMap(\.parentID))
    let calls = nodes.filter { $0.isCallSubsegment && !answered.contains($0.id) && !inferred.contains($0.id) }
    for call in calls.sorted(by: Entity.precedes) { segments.append(infer(from: call)) }
    for index in segments.indices { segments[index].traceID = id }
    return Trace(id: id, segments: segments.sorted(by: Entity.precedes), revision: documentCount)
  }

  // MARK: The tree

  /// The top-level entities with everything that belongs into them.
  private func assemble() -> [Entity] {
    var parents = self.parents()
    var children = [[Int]](repeating: [], count: nodes.count)
    for (node, parent) in parents.enumerated() where parent >= 0 { children[parent].append(node) }
    // Parents before their children, without recursion: a chain of parents may be very long.
    var order = parents.indices.filter { parents[$0] < 0 }
    var depths = [Int](repeating: 0, count: nodes.count)
    var next = 0
    while next < order.count {
      let node = order[next]
      next += 1
      for child in children[node] {
        if depths[node] < Trace.depthLimit { depths[child] = depths[node] + 1 } else { parents[child] = -1 }
        order.append(child)
      }
    }
    var entities = nodes
    for node in order.reversed() where !children[node].isEmpty {
      let attached = children[node].filter { parents[$0] == node }
      entities[node].subsegments = attached.map { entities[$0] }.sorted(by: Entity.precedes)
      for index in entities[node].subsegments.indices { entities[node].subsegments[index].parentID = nil }
    }
    return order.filter { parents[$0] < 0 }.map { entities[$0] }
  }

  /// The place of the entity that each one lies in, or -1 for the top level.
  private func parents() -> [Int] {
    var parents = nodes.map { $0.kind == .subsegment ? $0.parentID.flatMap { places[$0] } ?? -1 : -1 }
    var walks = [Int](repeating: -1, count: nodes.count)
    for start in nodes.indices {
      var node = start
      while node >= 0, walks[node] < 0 {
        walks[node] = start
        node = parents[node]
      }
      guard node >= 0, walks[node] == start else { continue }
      // The walk met itself. Everything on the circle stays on the top level.
      while parents[node] >= 0 {
        let parent = parents[node]
        parents[node] = -1
        node = parent
      }
    }
    return parents
  }

  // MARK: Inferred segments

  /// Whether an inferred segment that came as a document says less than what else is known.
  private func isOutdated(_ segment: Entity, answered: Set<EntityID>) -> Bool {
    guard let call = segment.parentID else { return false }
    return answered.contains(call) || (segment.isInProgress && places[call].map { !nodes[$0].isInProgress } ?? false)
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
    keep(segment)
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
