import Traces
import XRayModel

/// The services and calls of one trace, each with its facts: what only documents tell.
struct TraceEntities {
  /// One segment: the work of a service.
  struct Service {
    var id: ServiceID
    var segment: Entity
    /// Whether the trace entered here.
    var isRoot: Bool
    var isPartial: Bool
  }

  /// One call as its caller saw it or, where nobody but the callee tells of it, as the callee did.
  struct Edge {
    var source: ServiceID
    var target: ServiceID
    var call: Entity
    /// `nil` for the client's call to the entry point.
    var caller: Entity?
    var callee: Entity
    var isPartial: Bool
  }

  private(set) var services: [Service] = []
  private(set) var edges: [Edge] = []
  /// The root segment; `nil` when there are subsegments only.
  private(set) var root: Service?

  init(_ trace: Trace) {
    let links = CallLinks(trace)
    let entries = links.entryPoints
    for (place, segment) in trace.segments.enumerated() where segment.kind == .segment {
      let service = Service(
        id: ServiceID(of: segment), segment: segment, isRoot: entries.contains(place),
        isPartial: links.isPartial(segment))
      services.append(service)
      if place == links.root { root = service }
      if service.isRoot {
        edges.append(
          Edge(
            source: ServiceID(clientOf: segment), target: service.id, call: segment, caller: nil, callee: segment,
            isPartial: service.isPartial))
      }
      guard let (caller, entity) = links.caller(of: place), caller.kind == .segment else { continue }
      let call = entity.kind == .subsegment && entity.isCall ? entity : segment
      edges.append(
        Edge(
          source: ServiceID(of: caller), target: service.id, call: call, caller: caller, callee: segment,
          isPartial: links.isPartial(call)))
    }
  }

  /// A flag of the trace that its summary does not tell.
  func flag(_ keyword: Keyword) -> Bool? {
    keyword == .inferred ? services.contains { $0.segment.isInferred } : root?.segment.flag(keyword) ?? false
  }
}

/// Which segment was called from where.
private struct CallLinks {
  private let segments: [Entity]
  /// Every entity with the place of its segment.
  private var entities: [EntityID: (segment: Int, entity: Entity)] = [:]
  /// The calls that a segment of the called service itself answers.
  private var answered: Set<EntityID> = []

  init(_ trace: Trace) {
    segments = trace.segments
    for (place, segment) in segments.enumerated() {
      segment.forEach { if entities[$0.id] == nil { entities[$0.id] = (place, $0) } }
    }
    answered = Set(segments.lazy.filter { $0.kind == .segment && !$0.isInferred }.compactMap(\.parentID))
  }

  /// The segment that called a segment, and the entity in it that did.
  func caller(of place: Int) -> (segment: Entity, entity: Entity)? {
    guard let parent = segments[place].parentID, parent != segments[place].id, let found = entities[parent] else {
      return nil
    }
    return (segments[found.segment], found.entity)
  }

  /// The less, the more likely the root.
  private func rank(_ place: Int) -> Int {
    let segment = segments[place]
    if segment.isInferred { return 4 }
    if segment.kind == .subsegment { return 3 }
    return caller(of: place) != nil ? 2 : segment.parentID != nil ? 1 : 0
  }

  var root: Int? { segments.indices.min { (rank($0), $0) < (rank($1), $1) } }

  /// The segments that nobody called; the root where there are none.
  var entryPoints: [Int] {
    let uncalled = segments.indices.filter { rank($0) == 0 }
    return uncalled.isEmpty ? root.map { [$0] } ?? [] : uncalled
  }

  /// Whether something of `entity` is still to come: an end, its caller, or a segment that was promised.
  func isPartial(_ entity: Entity) -> Bool {
    if entity.kind == .segment, let parent = entity.parentID, parent == entity.id || entities[parent] == nil {
      return true
    }
    return entity.contains { part in
      part.isInProgress || (part.kind == .subsegment && part.isCall && part.isTraced && !answered.contains(part.id))
    }
  }
}

extension Entity {
  /// Whether the entity or a subsegment in it passes `test`.
  func contains(where test: (Entity) -> Bool) -> Bool {
    test(self) || subsegments.contains { $0.contains(where: test) }
  }

  /// Whether the callee promised to send a segment.
  fileprivate var isTraced: Bool { http?.request?.isTraced == true || other["traced"]?.bool == true }
}
