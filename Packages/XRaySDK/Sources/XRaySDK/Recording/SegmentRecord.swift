import Synchronization
import XRayModel

/// A segment that is being recorded, with its subsegments.
///
/// An entity is complete when it has ended and no subsegment of it is open. Complete subsegments are kept in
/// their parent until the segment itself is complete, or until so many are held that they are sent ahead.
package final class SegmentRecord: Sendable {
  fileprivate struct Node {
    /// Holds the complete subsegments.
    var entity: Entity
    /// In which order the nodes were begun.
    var order: Int
    var openChildren = 0
    var isEnded = false
    /// Levels of complete subsegments in ``entity``.
    var height = 0
    /// What went wrong in it and its subsegments.
    var failures: [Failure] = []
  }

  fileprivate struct State {
    /// Entities that are not complete.
    var nodes: [EntityID: Node] = [:]
    /// Subsegments begun and not emitted.
    var held = 0
    var begun = 0
  }

  let rootID: EntityID
  /// Whether the segment belongs to Lambda: it never ends, is never sent and must not be changed.
  let isFacade: Bool
  private let upstream: TraceHeader
  private let streamingThreshold: Int
  private let clock: any WallClock
  private let random: RandomSource
  private let output: DocumentOutput
  private let state: Mutex<State>

  /// Levels of subsegments in one document: readers limit the depth of JSON, and each level takes two.
  private static let heightLimit = 40

  /// - Parameter upstream: Gives the trace id, and what is passed on with it.
  init(
    root: Entity, isFacade: Bool, upstream: TraceHeader, streamingThreshold: Int, clock: any WallClock,
    random: RandomSource, output: DocumentOutput
  ) {
    rootID = root.id
    self.isFacade = isFacade
    self.upstream = upstream
    self.streamingThreshold = streamingThreshold
    self.clock = clock
    self.random = random
    self.output = output
    state = Mutex(State(nodes: [root.id: Node(entity: root, order: 0)]))
  }

  deinit {
    // Nobody can end these any more, so they are sent as what they are: in progress.
    let (abandoned, entities) = state.withLock { $0.leftovers(facade: isFacade ? rootID : nil) }
    guard !entities.isEmpty else { return }
    output.count(\.abandoned, abandoned)
    output.logger.warning("\(abandoned) segments or subsegments of trace \(upstream.root) were never ended")
    output.emit(entities)
  }

  var traceID: TraceID { upstream.root }

  /// The header for calls made by an entity.
  func header(from id: EntityID) -> TraceHeader {
    TraceHeader(
      root: upstream.root, parent: id, sampling: .sampled, lineage: upstream.lineage, custom: upstream.custom)
  }

  /// Begins a subsegment. One whose parent was sent already is sent on its own.
  func begin(
    _ name: String, in parent: EntityID, namespace: CallNamespace?, at start: Timestamp?,
    _ prepare: (inout Entity) -> Void
  ) -> EntityID {
    var entity = Entity(
      .subsegment, id: random.entityID(), name: entityName(name), traceID: traceID, parentID: parent,
      start: start ?? clock.now)
    entity.namespace = namespace?.rawValue
    prepare(&entity)
    state.withLock { state in
      state.nodes[parent]?.openChildren += 1
      state.begun += 1
      state.held += 1
      state.nodes[entity.id] = Node(entity: entity, order: state.begun)
    }
    return entity.id
  }

  /// Changes an entity that has not ended; everything but its identity and its place.
  func update(_ id: EntityID, _ change: (inout Entity) -> Void) {
    guard !isFacade || id != rootID else {
      return output.logger.error("the segment of a Lambda function cannot be changed: use a subsegment")
    }
    let isOpen = state.withLock { state in
      guard let node = state.nodes[id], !node.isEnded else { return false }
      var entity = node.entity
      change(&entity)
      state.nodes[id]?.entity.takeDescription(from: entity)
      return true
    }
    if !isOpen { output.logger.warning("entity \(id) of trace \(traceID) has ended and cannot be changed") }
  }

  /// Records an error, as a reference when a subsegment has recorded it before.
  func capture(_ error: ErrorCapture, in id: EntityID) {
    guard !isFacade || id != rootID else { return }
    state.withLock { state in
      guard var node = state.nodes[id], !node.isEnded else { return }
      node.entity.isFault = true
      if let known = node.failures.last(where: { $0.isSame(as: error) }) {
        if node.entity.cause == nil { node.entity.cause = .reference(known.exceptionID) }
      } else {
        let exceptions = error.exceptions(random)
        node.entity.addExceptions(exceptions)
        node.remember([
          Failure(exceptionID: exceptions[0].id ?? "", type: error.type, message: error.message)
        ])
      }
      state.nodes[id] = node
    }
  }

  /// Ends an entity. Ending it again does nothing.
  func end(_ id: EntityID, at end: Timestamp?) {
    guard !isFacade || id != rootID else { return }
    let now = end ?? clock.now
    output.emit(
      state.withLock { state in
        guard let node = state.nodes[id], !node.isEnded else { return [] }
        state.nodes[id]?.isEnded = true
        // A clock that was set back must not make a negative duration.
        state.nodes[id]?.entity.end = max(node.entity.start, now)
        if let parent = node.entity.parentID, id != rootID { state.nodes[parent]?.remember(node.failures) }
        return finish(id, &state)
      })
  }

  /// Sends what has ended so far, and each open entity as it is now. Open ones are sent again when they are complete.
  func sendProgress() {
    state.withLock { state in
      let ended = drain(&state)
      let open = state.nodes.values.filter { !isFacade || $0.entity.id != rootID }.sorted { $0.order < $1.order }
      // Under the lock: an entity that ends now is sent after this, not before it.
      output.emit(ended + open.map(\.entity))
    }
  }

  /// Files the entity away if it is complete, and its parents that waited for it; answers what is to be sent.
  private func finish(_ id: EntityID, _ state: inout State) -> [Entity] {
    var ready: [Entity] = []
    var current = id
    while var node = state.nodes[current], node.isEnded, node.openChildren == 0 {
      state.nodes[current] = nil
      if node.height >= Self.heightLimit {
        ready += node.entity.subsegments
        state.held -= node.takeSubsegments()
      }
      guard current != rootID, let parent = node.entity.parentID, state.nodes[parent] != nil else {
        state.held -= node.entity.subsegmentCount + (current == rootID ? 0 : 1)
        ready.append(node.entity)
        break
      }
      state.nodes[parent]?.adopt(node.entity, height: node.height)
      if state.held > streamingThreshold { ready += drain(&state) }
      current = parent
    }
    return ready
  }

  /// Takes the complete subsegments out of the entities that are still open.
  private func drain(_ state: inout State) -> [Entity] {
    var ready: [Entity] = []
    let waiting = state.nodes.values.filter { !$0.entity.subsegments.isEmpty }.sorted { $0.order > $1.order }
    for node in waiting {
      ready += node.entity.subsegments
      state.held -= state.nodes[node.entity.id]?.takeSubsegments() ?? 0
    }
    return ready
  }
}

extension SegmentRecord.State {
  /// The entities that were not ended, and the trees that all incomplete ones make.
  fileprivate mutating func leftovers(facade: EntityID?) -> (abandoned: Int, entities: [Entity]) {
    if let facade { nodes[facade] = nil }
    let abandoned = nodes.values.count { !$0.isEnded }
    var trees: [Entity] = []
    for node in nodes.values.sorted(by: { $0.order > $1.order }) {
      guard let tree = nodes.removeValue(forKey: node.entity.id)?.entity else { continue }
      if let parent = tree.parentID, nodes[parent] != nil {
        nodes[parent]?.entity.subsegments.append(tree)
      } else {
        trees.append(tree)
      }
    }
    return (abandoned, trees.reversed())
  }
}

extension SegmentRecord.Node {
  fileprivate mutating func adopt(_ child: Entity, height childHeight: Int) {
    openChildren -= 1
    entity.subsegments.append(child)
    height = max(height, childHeight + 1)
  }

  /// Drops the complete subsegments; answers how many there were at all levels.
  fileprivate mutating func takeSubsegments() -> Int {
    let count = entity.subsegmentCount
    entity.subsegments = []
    height = 0
    return count
  }

  fileprivate mutating func remember(_ more: [Failure]) {
    failures = Array((failures + more).suffix(Failure.memoryLimit))
  }
}

extension Entity {
  /// Subsegments at any depth.
  fileprivate var subsegmentCount: Int { subsegments.reduce(0) { $0 + 1 + $1.subsegmentCount } }

  /// Takes over what users may change, and keeps what ties the entity into its trace.
  fileprivate mutating func takeDescription(from changed: Entity) {
    let own = self
    self = changed
    kind = own.kind
    id = own.id
    name = changed.name.map(entityName)
    traceID = own.traceID
    parentID = own.parentID
    start = own.start
    end = own.end
    subsegments = own.subsegments
  }

  fileprivate mutating func addExceptions(_ exceptions: [CapturedException]) {
    var detail = CauseDetail()
    switch cause {
    case nil: break
    case .reference(let id): detail.exceptions = [CapturedException(id: EntityID(id), message: nil, type: nil)]
    case .exceptions(let earlier): detail = earlier
    }
    detail.exceptions += exceptions
    cause = .exceptions(detail)
  }
}
