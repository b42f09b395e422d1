import XRayModel

/// The links between the traces of a graph. Two traces may come in either order, so links are resolved at the end.
struct TraceLinks: Sendable {
  /// A segment that a link may lead from or to.
  private struct Endpoint: Hashable {
    var service: Int
    var segment: EntityID
    var start: Timestamp
    var request: GraphFacts.Request?
  }

  private struct LinkedTrace {
    var root: Endpoint
    var segments: [Endpoint] = []
    /// Entities that links name, by the place of their segment in ``segments``.
    var entities: [(id: EntityID, segment: Int)] = []

    func endpoint(_ id: EntityID?) -> Endpoint {
      entities.first { $0.id == id }.map { segments[$0.segment] } ?? root
    }
  }

  private struct Link {
    /// The segment that holds the link.
    var holder: Endpoint
    /// When the entity with the link ended: by then the message was sent.
    var end: Timestamp
    var target: TraceID
    var targetID: EntityID?
    /// Whether the other trace is the later one, the consumer.
    var leadsOn: Bool
  }

  /// One message from a producer to a consumer.
  struct Delivery {
    var source: Int
    var target: Int
    /// The consumer's; `nil` while it is in progress.
    var request: GraphFacts.Request?
    /// Ticks between sending and receiving.
    var eventAge: Int64
  }

  /// X-Ray: at most 100 links of a trace count.
  static let limit = 100

  private var traces: [TraceID: LinkedTrace] = [:]
  private var links: [Link] = []

  /// - Parameter services: What stands for each of the index's services.
  mutating func add(_ id: TraceID, index: TraceIndex, services: [Int]) {
    guard let rootPlace = index.root else { return }
    /// Of each top-level entity.
    var endpoints: [Int?] = []
    var segments: [Endpoint] = []
    for segment in index.topLevel {
      endpoints.append(segment.service.map { _ in segments.count })
      guard let service = segment.service else { continue }
      let entity = index.nodes[segment.place].entity
      segments.append(
        Endpoint(
          service: services[service], segment: entity.id, start: entity.start, request: GraphFacts.Request(entity)))
    }
    guard let root = endpoints[index.nodes[rootPlace].top] else { return }
    var trace = LinkedTrace(root: segments[root], segments: segments)
    var left = Self.limit
    for (place, node) in index.nodes.enumerated() {
      let entity = node.entity
      guard index.segment(of: place) == place || entity.isCallSubsegment || !entity.links.isEmpty else { continue }
      guard let segment = endpoints[node.top] else { continue }
      trace.entities.append((entity.id, segment))
      for link in entity.links.prefix(left) where link.traceID != id {
        left -= 1
        let leadsOn = link.attributes["aws.xray.reserved.reference_type"]?.string == "child"
        links.append(
          Link(
            holder: segments[segment], end: entity.end ?? entity.start, target: link.traceID, targetID: link.id,
            leadsOn: leadsOn))
      }
    }
    traces[id] = trace
  }

  /// The links whose two traces are known, each pair of segments once, however many entities tell of it.
  func deliveries() -> [Delivery] {
    struct Pair: Hashable { var producer, consumer: Endpoint }
    var sent: [Pair: Timestamp] = [:]
    for link in links {
      guard let other = traces[link.target]?.endpoint(link.targetID) else { continue }
      let pair =
        link.leadsOn ? Pair(producer: link.holder, consumer: other) : Pair(producer: other, consumer: link.holder)
      // A consumer that links back does not know when its message was sent: not before its producer began.
      let moment = link.leadsOn ? link.end : other.start
      sent[pair] = max(sent[pair] ?? moment, moment)
    }
    return sent.map { pair, moment in
      Delivery(
        source: pair.producer.service, target: pair.consumer.service, request: pair.consumer.request,
        eventAge: max(0, pair.consumer.start.ticks - moment.ticks))
    }
  }
}
