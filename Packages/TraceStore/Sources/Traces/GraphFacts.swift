package import XRayModel

/// What one trace adds to a service graph, apart from its links to other traces.
package struct GraphFacts: Hashable, Sendable {
  /// One segment or, of an entry point, its client.
  package struct Visit: Hashable, Sendable {
    package var service: ServiceID
    package var isClient = false
    /// Whether the trace entered here.
    package var isRoot = false
    /// Whether the service sent the segment itself.
    package var isReporting = false
    package var start: Timestamp
    /// The last end of anything in it.
    package var end: Timestamp
    package var request: Request?

    package init(service: ServiceID, start: Timestamp, end: Timestamp) {
      self.service = service
      self.start = start
      self.end = end
    }
  }

  package struct Call: Hashable, Sendable {
    package var source: ServiceID
    package var target: ServiceID
    /// Another name by which the caller addressed the target.
    package var alias: ServiceID?
    /// `nil` while the call is in progress, and for what is counted already.
    package var request: Request?

    package init(source: ServiceID, target: ServiceID, alias: ServiceID?, request: Request?) {
      self.source = source
      self.target = target
      self.alias = alias
      self.request = request
    }
  }

  /// A completed request.
  package struct Request: Hashable, Sendable {
    package var outcome: Outcome
    /// How long it took.
    package var ticks: Int64

    package init(outcome: Outcome, ticks: Int64) {
      self.outcome = outcome
      self.ticks = ticks
    }

    /// `nil` while the entity is in progress.
    init?(_ entity: Entity) {
      guard let end = entity.end else { return nil }
      self.init(outcome: entity.outcome, ticks: max(0, end.ticks - entity.start.ticks))
    }
  }

  package var visits: [Visit] = []
  package var calls: [Call] = []
  /// Whether the trace holds links to other traces.
  package var isLinked = false

  package init() {}

  package init(of trace: Trace) { self.init(of: trace, TraceIndex(trace)) }

  init(of trace: Trace, _ index: TraceIndex) {
    let entries = index.entryPoints
    visits.reserveCapacity(index.topLevel.count + entries.count)
    calls.reserveCapacity(index.calls.count + entries.count)
    var nextEntry = 0
    for segment in index.topLevel {
      guard let service = segment.service.map({ index.services[$0] }) else { continue }
      let entity = index.nodes[segment.place].entity
      var visit = Visit(service: service, start: entity.start, end: segment.end)
      // Entries are in the order of the trace.
      visit.isRoot = nextEntry < entries.count && entries[nextEntry] == segment.place
      visit.isReporting = !entity.isInferred
      visit.request = Request(entity)
      visits.append(visit)
      guard visit.isRoot else { continue }
      nextEntry += 1
      var client = Visit(service: ServiceID(clientOf: entity), start: entity.start, end: visit.end)
      client.isClient = true
      visits.append(client)
      calls.append(Call(source: client.service, target: service, alias: nil, request: visit.request))
    }
    addCalls(of: index)
    isLinked = index.linking.contains { index.nodes[$0].entity.links.contains { $0.traceID != trace.id } }
  }

  /// Counts the segments that others called. A call is counted as its caller saw it; what was called by a segment
  /// or by a subsegment that is no call, such as a Lambda function by its service, as the callee saw it.
  private mutating func addCalls(of index: TraceIndex) {
    // Of several calls of one entity to one service only the first has a request of its own.
    var lastCallers = [Int](repeating: -1, count: index.services.count)
    for (caller, callee) in index.calls.lazy.map({ ($0.caller, $0.callee) }) {
      guard let source = index.service(of: caller), let number = index.topLevel[index.nodes[callee].top].service else {
        continue
      }
      let target = index.services[number]
      let entity = index.nodes[caller].entity
      guard entity.isCallSubsegment else {
        let request = Request(index.nodes[callee].entity)
        calls.append(Call(source: source, target: target, alias: nil, request: request))
        continue
      }
      let request = lastCallers[number] == caller ? nil : Request(entity)
      lastCallers[number] = caller
      let address = ServiceID(calledBy: entity)
      let isKnown = address.name == target.name && address.type == target.type
      calls.append(Call(source: source, target: target, alias: isKnown ? nil : address, request: request))
    }
  }
}
