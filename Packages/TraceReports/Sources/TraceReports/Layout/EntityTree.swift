import Traces
import XRayModel

/// All entities of a trace as one tree, segments under the entities that called them. Built without recursion:
/// how deep a trace goes is up to whoever sent it.
struct EntityTree {
  struct Place: Hashable {
    /// In ``EntityTree/entities``.
    var entity: Int
    var depth: Int
    /// In ``EntityTree/order``.
    var parent: Int?
    var descendants = 0
    var isLast: Bool
  }

  /// Without their subsegments.
  private(set) var entities: [Entity] = []
  /// Parents before their children, siblings by start.
  private(set) var order: [Place] = []
  private var children: [[Int]] = []

  init(_ trace: Trace) {
    var roots = trace.segments.map { add($0) }
    var places: [EntityID: Int] = [:]
    for (place, entity) in entities.enumerated() where places[entity.id] == nil { places[entity.id] = place }
    roots.removeAll { root in
      guard let caller = entities[root].parentID.flatMap({ places[$0] }), caller != root else { return false }
      children[caller].append(root)
      return true
    }
    var isPlaced = Array(repeating: false, count: entities.count)
    walk(from: sorted(roots), isPlaced: &isPlaced)
    // Segments that name each other as parents hang from no root.
    while let left = isPlaced.firstIndex(of: false) { walk(from: [left], isPlaced: &isPlaced) }
    for place in order.indices.reversed() {
      if let parent = order[place].parent { order[parent].descendants += order[place].descendants + 1 }
    }
  }

  private mutating func add(_ segment: Entity) -> Int {
    let root = entities.count
    var pending: [(entity: Entity, parent: Int?)] = [(segment, nil)]
    while let (document, parent) = pending.popLast() {
      var entity = document
      let place = entities.count
      if let parent { children[parent].append(place) }
      for subsegment in entity.subsegments { pending.append((subsegment, place)) }
      entity.subsegments = []
      entities.append(entity)
      children.append([])
    }
    return root
  }

  private func sorted(_ places: [Int]) -> [Int] {
    places.sorted { (entities[$0].start, entities[$0].id, $0) < (entities[$1].start, entities[$1].id, $1) }
  }

  private mutating func walk(from roots: [Int], isPlaced: inout [Bool]) {
    var stack: [Place] = []
    func push(_ places: [Int], parent: Int?, depth: Int) {
      for (offset, place) in places.enumerated().reversed() {
        stack.append(Place(entity: place, depth: depth, parent: parent, isLast: offset == places.count - 1))
      }
    }
    push(roots, parent: nil, depth: 0)
    while let place = stack.popLast() {
      guard !isPlaced[place.entity] else { continue }
      isPlaced[place.entity] = true
      order.append(place)
      push(
        sorted(children[place.entity].filter { !isPlaced[$0] }), parent: order.count - 1, depth: place.depth + 1)
    }
  }
}
