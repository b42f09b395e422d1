import XRayModel

extension TraceSummary {
  /// Sums a trace up.
  public init(of trace: Trace) { self.init(of: trace, TraceIndex(trace)) }

  init(of trace: Trace, _ index: TraceIndex) {
    let root = index.root.map { index.nodes[$0].entity }
    let rootSegment = root.flatMap { $0.kind == .segment ? $0 : nil }
    let segments = index.topLevel.lazy.map { index.nodes[$0.place].entity }
    let causes = RootCauseFinder(index)
    id = trace.id
    start = trace.start
    duration = start.duration(to: index.topLevel.reduce(start) { max($0, $1.end) }).inSeconds
    responseTime = rootSegment?.duration
    hasFault = root?.failsWithFault ?? false
    hasError = root?.failsWithError ?? false
    hasThrottle = segments.contains { $0.failsWithThrottle }
    isPartial = index.isPartial
    http = HTTP(rootSegment?.http)
    annotations = index.annotations(limit: Self.annotationLimit)
    users = index.users
    services = index.servicesAndClients
    resourceARNs = segments.compactMap { $0.resourceARN }.distinct
    let aws = segments.map { $0.aws }
    instanceIDs = aws.compactMap { $0["ec2"]?["instance_id"]?.string }.distinct
    availabilityZones =
      (aws.compactMap { $0["ec2"]?["availability_zone"]?.string }
      + aws.compactMap { $0["ecs"]?["availability_zone"]?.string }).distinct
    entryPoint = rootSegment == nil ? nil : index.root.flatMap { index.service(of: $0) }
    faultRootCauses = causes.causes { $0.failsWithFault }
    errorRootCauses = causes.causes { $0.failsWithError }
    responseTimeRootCauses = causes.responseTimeCauses
    revision = trace.revision
  }
}

extension TraceSummary.HTTP {
  fileprivate init(_ http: HTTPBlock?) {
    url = http?.request?.url
    status = http?.response?.status
    method = http?.request?.method
    userAgent = http?.request?.userAgent
    clientIP = http?.request?.clientIP
  }
}

extension TraceIndex {
  /// Whether something is still to come: an end, a parent, or the segment that a traced call promised.
  fileprivate var isPartial: Bool {
    if isInProgress { return true }
    let isOrphaned = topLevel.contains { segment in
      let node = nodes[segment.place]
      return node.parent == nil && (segment.service == nil || node.entity.parentID != nil)
    }
    return isOrphaned || promises.contains { place in callees(of: place).allSatisfy { nodes[$0].entity.isInferred } }
  }

  /// The distinct annotations by key. When there are more than `limit`, those of the earliest segments count, in
  /// each of them those of outer entities first.
  fileprivate func annotations(limit: Int) -> [TraceSummary.IndexedAnnotation] {
    var found: [(annotation: Annotation, services: [Int])] = []
    for node in annotated {
      for annotation in nodes[node].entity.annotations {
        let place = found.firstIndex { $0.annotation == annotation } ?? found.count
        if place == found.count {
          guard found.count < limit else { continue }
          found.append((annotation, []))
        }
        if let service = topLevel[nodes[node].top].service { found[place].services.append(service) }
      }
    }
    // Within a key the order of appearance stays.
    found.sort { $0.annotation.key < $1.annotation.key }
    return found.map { annotation, services in
      TraceSummary.IndexedAnnotation(
        key: annotation.key, value: annotation.value, services: services.distinct.map { self.services[$0] })
    }
  }

  fileprivate var users: [TraceSummary.User] {
    var services: [String: [Int]] = [:]
    for segment in topLevel {
      guard let user = nodes[segment.place].entity.user else { continue }
      services[user, default: []] += segment.service.map { [$0] } ?? []
    }
    return services.keys.sorted().map { user in
      TraceSummary.User(name: user, services: services[user, default: []].distinct.map { self.services[$0] })
    }
  }

  /// The nodes of the trace's own service graph, the clients included.
  fileprivate var servicesAndClients: [ServiceID] {
    (services + entryPoints.map { ServiceID(clientOf: nodes[$0].entity) }).distinct
  }
}

extension Array where Element: Comparable {
  /// Each value once, in order.
  fileprivate var distinct: [Element] {
    guard count > 1 else { return self }
    var distinct: [Element] = []
    for element in sorted() where distinct.last != element { distinct.append(element) }
    return distinct
  }
}

extension Trace {
  /// The trace in a line and what it adds to a service graph, for the cost of looking at the trace once.
  package var digest: (summary: TraceSummary, facts: GraphFacts) {
    let index = TraceIndex(self)
    return (TraceSummary(of: self, index), GraphFacts(of: self, index))
  }
}
