import XRayModel

/// A trace as a flat list of entities with their relations, across the borders of segments.
struct TraceIndex {
  struct Node {
    var entity: Entity
    /// The entity that this one lies in or, of a segment, the one that called it.
    var parent: Int?
    /// The top-level entity that this one lies in; itself on the top level.
    var segment: Int
    /// The subsegments, then the segments that name this entity as their parent.
    var children: [Int] = []
  }

  /// Parents before their subsegments, top-level entities in the order of the trace.
  private(set) var nodes: [Node] = []
  /// Places of the top-level entities.
  private(set) var topLevel: [Int] = []
  private(set) var places: [EntityID: Int] = [:]
  /// The place of the root: the earliest segment that nobody called. Where every segment names a parent, the
  /// earliest whose parent did not come; then any segment; then a subsegment without its segment.
  private(set) var root: Int?

  init(_ trace: Trace) {
    for segment in trace.segments { append(segment, to: nil) }
    for place in topLevel where nodes[place].entity.kind == .segment {
      guard let parent = nodes[place].entity.parentID.flatMap({ places[$0] }), parent != place else { continue }
      nodes[place].parent = parent
      nodes[parent].children.append(place)
    }
    root = topLevel.min { (rank($0), $0) < (rank($1), $1) }
  }

  private mutating func append(_ entity: Entity, to parent: Int?) {
    let place = nodes.count
    nodes.append(Node(entity: entity, parent: parent, segment: parent.map { nodes[$0].segment } ?? place))
    if let parent { nodes[parent].children.append(place) } else { topLevel.append(place) }
    if places[entity.id] == nil { places[entity.id] = place }
    for subsegment in entity.subsegments { append(subsegment, to: place) }
  }

  private func rank(_ place: Int) -> Int {
    let node = nodes[place]
    if node.entity.isInferred { return 4 }
    if node.entity.kind == .subsegment { return 3 }
    return node.parent != nil ? 2 : node.entity.parentID != nil ? 1 : 0
  }

  /// Whether `place` is a segment rather than part of one or a subsegment whose segment has not come.
  func isSegment(_ place: Int) -> Bool { nodes[place].entity.kind == .segment && nodes[place].segment == place }

  /// The service whose work `place` is part of; `nil` when its segment has not come.
  func service(of place: Int) -> ServiceID? {
    let segment = nodes[nodes[place].segment].entity
    return segment.kind == .segment ? ServiceID(of: segment) : nil
  }

  /// The segments that `place` called.
  func callees(of place: Int) -> some Sequence<Int> { nodes[place].children.lazy.filter { isSegment($0) } }

  /// The last end of anything in a top-level entity: subsegments may outlive their segment.
  func end(of segment: Int) -> Timestamp {
    var latest = nodes[segment].entity.start
    // Everything in a segment follows it directly.
    var place = segment
    while place < nodes.count, nodes[place].segment == segment {
      latest = max(latest, nodes[place].entity.end ?? nodes[place].entity.start)
      place += 1
    }
    return latest
  }

  /// Places where a client enters the trace.
  var entryPoints: [Int] {
    let uncalled = topLevel.filter { rank($0) == 0 }
    guard uncalled.isEmpty, let root, isSegment(root) else { return uncalled }
    return [root]
  }
}
