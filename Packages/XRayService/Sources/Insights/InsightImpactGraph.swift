public import Traces
public import XRayModel

/// The services that an insight is about and those it reached: what failed, and whoever leads to the root cause by
/// calls. Structure only, without counts; X-Ray's `GetInsightImpactGraph`.
public struct InsightImpactGraph: Hashable, Sendable {
  /// A service that failed, or leads to the root cause.
  public struct Service: Hashable, Sendable {
    public var id: ServiceID
    /// The places of the called services in ``InsightImpactGraph/services``.
    public var callees: [Int]
  }

  /// Bounds of the data found, `ServiceGraphStartTime` and `ServiceGraphEndTime`; equal when there is none.
  public let start: Timestamp
  public let end: Timestamp
  /// In order of name, type and account; a service's place is its `ReferenceId`.
  public let services: [Service]

  /// - Parameter graph: Of the group and the stretch of time that are asked for.
  public init(of insight: Insight, in graph: ServiceGraph) {
    start = graph.start
    end = graph.end
    let concerned = Set(insight.services.map(\.id)).union([insight.rootCause])
    var kept = Set(graph.services.indices.filter { concerned.contains(graph.services[$0].id) })
    if let root = graph.services.firstIndex(where: { $0.id == insight.rootCause }) {
      kept.formUnion(graph.upstream(of: root))
    }
    let places = kept.sorted { graph.services[$0].id < graph.services[$1].id }
    let references = Dictionary(uniqueKeysWithValues: places.enumerated().map { ($1, $0) })
    services = places.map { place in
      // A link and a call to the same service are two edges of the graph, and one here.
      let callees = Set(graph.services[place].edges.compactMap { references[$0.target] })
      return Service(id: graph.services[place].id, callees: callees.sorted())
    }
  }

  /// Writes some of the services as the list `Services`, each with its `ReferenceId` within the whole graph.
  ///
  /// - Parameter range: Their places, so that answers can have pages; all of them when `nil`. What lies beyond the
  ///   services there are is left out.
  public func writeServices(_ range: Range<Int>? = nil, to writer: inout JSONWriter) {
    writer.array { writer in
      for place in (range ?? services.indices).clamped(to: services.indices) {
        writer.object { writer in
          writer.member("ReferenceId", place)
          services[place].id.writeMembers(to: &writer)
          writer.member("Edges", .array(services[place].callees.map { ["ReferenceId": .number(JSONNumber($0))] }))
        }
      }
    }
  }
}
