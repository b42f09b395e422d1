import XRayModel

extension TraceSummary {
  /// Sums a trace up.
  public init(of trace: Trace) {
    let index = TraceIndex(trace)
    let root = index.root.map { index.nodes[$0].entity }
    let rootSegment = root.flatMap { $0.kind == .segment ? $0 : nil }
    let segments = index.topLevel.map { index.nodes[$0].entity }
    let causes = RootCauseFinder(index)
    id = trace.id
    start = trace.start
    duration = trace.duration
    responseTime = rootSegment?.duration
    hasFault = root?.failsWithFault ?? false
    hasError = root?.failsWithError ?? false
    hasThrottle = segments.contains { $0.failsWithThrottle }
    isPartial = index.isPartial
    http = HTTP(rootSegment?.http)
    annotations = index.annotations(limit: Self.annotationLimit)
    users = index.users
    services = index.services
    resourceARNs = Set(segments.compactMap(\.resourceARN)).sorted()
    instanceIDs = Set(segments.compactMap { $0.aws["ec2"]?["instance_id"]?.string }).sorted()
    availabilityZones = Set(
      segments.flatMap { [$0.aws["ec2"], $0.aws["ecs"]] }.compactMap { $0?["availability_zone"]?.string }
    ).sorted()
    entryPoint = rootSegment.map { ServiceID(of: $0) }
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
    nodes.indices.contains { place in
      let node = nodes[place]
      if node.entity.isInProgress { return true }
      if node.segment == place, node.parent == nil {
        return node.entity.kind == .subsegment || node.entity.parentID != nil
      }
      return node.entity.isCallSubsegment && node.entity.isTracedDownstream
        && callees(of: place).allSatisfy { nodes[$0].entity.isInferred }
    }
  }

  /// The distinct annotations by key. When there are more than `limit`, those of the earliest segments count, in
  /// each of them those of outer entities first.
  fileprivate func annotations(limit: Int) -> [TraceSummary.IndexedAnnotation] {
    var services: [Annotation: Set<ServiceID>] = [:]
    var order: [Annotation] = []
    for (place, node) in nodes.enumerated() where !node.entity.annotations.isEmpty {
      let service = service(of: place)
      for annotation in node.entity.annotations {
        if services[annotation] == nil {
          guard order.count < limit else { continue }
          order.append(annotation)
        }
        services[annotation, default: []].formUnion(service.map { [$0] } ?? [])
      }
    }
    // Within a key the order of appearance stays.
    let byKey = order.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }.map(\.element)
    return byKey.map {
      TraceSummary.IndexedAnnotation(key: $0.key, value: $0.value, services: services[$0, default: []].sorted())
    }
  }

  fileprivate var users: [TraceSummary.User] {
    var services: [String: Set<ServiceID>] = [:]
    for place in topLevel {
      guard let user = nodes[place].entity.user else { continue }
      services[user, default: []].formUnion(service(of: place).map { [$0] } ?? [])
    }
    return services.keys.sorted().map { TraceSummary.User(name: $0, services: services[$0, default: []].sorted()) }
  }

  /// The nodes of the trace's own service graph, the client included.
  fileprivate var services: [ServiceID] {
    let clients = entryPoints.map { ServiceID(clientOf: nodes[$0].entity) }
    return Set(topLevel.compactMap { service(of: $0) } + clients).sorted()
  }
}
