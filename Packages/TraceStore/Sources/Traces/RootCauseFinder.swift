import XRayModel

/// Finds the paths through a trace that explain its failures and its response time.
struct RootCauseFinder {
  private let index: TraceIndex
  /// Who holds each exception, by the exception's id.
  private var owners: [String: Int] = [:]

  init(_ index: TraceIndex) {
    self.index = index
    guard index.hasFailures else { return }
    for (place, node) in index.nodes.enumerated() {
      guard case .exceptions(let detail) = node.entity.cause else { continue }
      for exception in detail.exceptions { if let id = exception.id, owners[id] == nil { owners[id] = place } }
    }
  }

  // MARK: Failures

  /// A path from each failed segment, or failed call, that no other one called, down to an exception or to a
  /// service of which only the failure is known.
  func causes(where hasFailed: (Entity) -> Bool) -> [RootCause] {
    guard index.hasFailures else { return [] }
    let failed = index.nodes.map { hasFailed($0.entity) }
    var causes: [RootCause] = []
    var known: Set<RootCause> = []
    for start in index.nodes.indices where failed[start] && isStart(start) && !hasAncestor(of: start, in: failed) {
      let path = descend(from: start, through: failed)
      guard let last = path.last, isExplained(last) else { continue }
      let services = services(on: path) { entity, place in
        RootCause.PathEntity(entity, exceptions: exceptions(of: place, isLast: place == last))
      }
      let cause = RootCause(services: services, isClientImpacting: start == index.root)
      if known.insert(cause).inserted { causes.append(cause) }
      if causes.count == Self.limit { break }
    }
    return causes
  }

  /// Most paths of a kind: a summary stays small whatever the trace holds.
  private static let limit = 50
  /// Most levels between an exception and those that refer to it.
  private static let referenceLimit = 1000

  private func isStart(_ place: Int) -> Bool { index.isSegment(place) || index.nodes[place].entity.isCallSubsegment }

  /// Whether a failed segment or call lies above `place`.
  private func hasAncestor(of place: Int, in failed: [Bool]) -> Bool {
    // Segments may name one another as parents in a circle.
    var left = index.nodes.count
    var ancestor = index.nodes[place].parent
    while let current = ancestor, left > 0 {
      if failed[current], isStart(current) { return true }
      ancestor = index.nodes[current].parent
      left -= 1
    }
    return false
  }

  private func descend(from start: Int, through failed: [Bool]) -> [Int] {
    var path = [start]
    var seen: Set<Int> = [start]
    var steer: Set<Int> = []
    while let place = path.last {
      if steer.isEmpty, case .reference(let id) = index.nodes[place].entity.cause, let owner = owners[id] {
        steer = lineage(of: owner, upTo: place)
      }
      let next = index.children(of: place).filter { failed[$0] && !seen.contains($0) }
        .min { preference($0, steer) < preference($1, steer) }
      guard let next else { break }
      path.append(next)
      seen.insert(next)
    }
    return path
  }

  /// The place and everything between it and `top`.
  private func lineage(of place: Int, upTo top: Int) -> Set<Int> {
    var lineage: Set<Int> = []
    var current: Int? = place
    while let next = current, next != top, lineage.count < Self.referenceLimit, lineage.insert(next).inserted {
      current = index.nodes[next].parent
    }
    return lineage
  }

  /// The lowest leads on: first to the exception that was passed upwards, then to a failed service that did not
  /// tell itself, then in order of time.
  private func preference(_ place: Int, _ steer: Set<Int>) -> (Int, Timestamp, EntityID) {
    let entity = index.nodes[place].entity
    let isUnknown = entity.isInferred || index.callees(of: place).contains { index.nodes[$0].entity.isInferred }
    return (steer.contains(place) ? 0 : isUnknown ? 1 : 2, entity.start, entity.id)
  }

  private func isExplained(_ place: Int) -> Bool {
    index.nodes[place].entity.isInferred || !exceptions(of: place, isLast: true).isEmpty
  }

  /// Exceptions are told where they were caught; the end of a path also tells those that it refers to.
  private func exceptions(of place: Int, isLast: Bool) -> [RootCause.Exception] {
    switch index.nodes[place].entity.cause {
    case nil: return []
    case .exceptions(let detail): return detail.exceptions.map(RootCause.Exception.init)
    case .reference(let id):
      guard isLast, let owner = owners[id], case .exceptions(let detail) = index.nodes[owner].entity.cause else {
        return []
      }
      return detail.exceptions.filter { $0.id == id }.map(RootCause.Exception.init)
    }
  }

  // MARK: Response time

  /// The path along which most of the root's time went; empty when no part took more than half of it.
  var responseTimeCauses: [RootCause] {
    guard let root = index.root, index.isSegment(root), let total = index.nodes[root].entity.duration, total > 0 else {
      return []
    }
    var path = [root]
    var seen: Set<Int> = [root]
    while let place = path.last {
      let next = index.children(of: place).filter { !seen.contains($0) }
        .filter { (index.nodes[$0].entity.duration ?? 0) > total / 2 }
        .min { slowness($0) < slowness($1) }
      guard let next else { break }
      path.append(next)
      seen.insert(next)
    }
    guard path.count > 1 else { return [] }
    let services = services(on: path) { entity, _ in
      RootCause.PathEntity(entity, coverage: min(1, (entity.duration ?? 0) / total))
    }
    return [RootCause(services: services, isClientImpacting: true)]
  }

  private func slowness(_ place: Int) -> (Double, Timestamp, EntityID) {
    let entity = index.nodes[place].entity
    return (-(entity.duration ?? 0), entity.start, entity.id)
  }

  // MARK: Paths

  /// Groups a path by service. Each service begins with its segment's own entity.
  private func services(on path: [Int], _ tell: (Entity, Int) -> RootCause.PathEntity) -> [RootCause.Service] {
    var services: [RootCause.Service] = []
    var segment: Int?
    for place in path {
      let node = index.nodes[place]
      let top = index.segment(of: place)
      if top != segment {
        segment = top
        let first = index.nodes[top].entity
        let id = index.service(of: place) ?? ServiceID(name: first.name ?? ServiceID.unnamed)
        services.append(RootCause.Service(id: id, isInferred: first.isInferred, path: []))
        if place != top { services[services.count - 1].path.append(tell(first, top)) }
      }
      services[services.count - 1].path.append(tell(node.entity, place))
    }
    return services
  }
}

extension RootCause.PathEntity {
  fileprivate init(_ entity: Entity, exceptions: [RootCause.Exception] = [], coverage: Double? = nil) {
    name = entity.name ?? ServiceID.unnamed
    isRemote = entity.isCallSubsegment
    self.exceptions = exceptions
    self.coverage = coverage
  }
}

extension RootCause.Exception {
  fileprivate init(_ exception: CapturedException) {
    name = exception.type ?? ""
    message = exception.message ?? ""
  }
}
