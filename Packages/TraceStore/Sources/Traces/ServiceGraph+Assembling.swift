package import XRayModel

// What the columns of a store need in order to take summaries and graphs apart and put them together again.

extension Histogram {
  /// - Parameter entries: In order of value.
  package init(entries: [Entry], isCoarse: Bool) {
    self.entries = entries
    self.isCoarse = isCoarse
  }

  /// The lower bounds, in milliseconds, of the bins in which values share entries.
  package static let binBounds: [Int] = {
    var bounds = [0]
    while let bound = bounds.last, bound < 1_000_000_000_000_000 {
      let middle = binMiddle(of: bound)
      // A middle is rounded down.
      let next = 2 * middle + 1 - bound
      bounds.append(binMiddle(of: next) == middle ? next + 1 : next)
    }
    return bounds
  }()

  /// What stands for a number of milliseconds where values share entries.
  package static func binMiddle(of milliseconds: Int) -> Int {
    var histogram = Histogram(entries: [], isCoarse: true)
    histogram.add(Double(milliseconds) / 1000)
    return Int((histogram.entries[0].value * 1000).rounded())
  }
}

extension Histogram.Entry {
  package init(milliseconds: Int, count: Int) { self.init(value: Double(milliseconds) / 1000, count: count) }
}

extension ServiceGraph {
  package init(services: [Service]) {
    self.init(
      start: services.map(\.start).min() ?? Timestamp(ticks: 0), end: services.map(\.end).max() ?? Timestamp(ticks: 0),
      services: services)
  }
}

extension ServiceGraph.Service {
  /// A service of which nothing is counted yet.
  package init(_ id: ServiceID, isRoot: Bool, isReporting: Bool, start: Timestamp, end: Timestamp) {
    let isClient = id.type == ServiceID.clientType
    let isUnknown = isClient || id.type?.hasPrefix("AWS::") ?? false
    self.init(
      id: id, isRoot: isRoot, state: isReporting ? .active : isUnknown ? .unknown : .passive, start: start, end: end,
      edges: [], statistics: isReporting || !isClient ? Statistics() : nil, durations: Histogram(),
      responseTimes: Histogram())
  }
}

extension ServiceGraph.Edge {
  /// An edge of which nothing is counted yet, from a service with these bounds.
  package init(to target: Int, aliases: [ServiceID], start: Timestamp, end: Timestamp) {
    self.init(
      target: target, start: start, end: end, statistics: Statistics(), responseTimes: Histogram(), aliases: aliases,
      isLink: false)
  }
}

extension TraceSummary {
  /// A summary that tells nothing yet.
  package init(id: TraceID, start: Timestamp) {
    self.init(
      id: id, start: start, duration: 0, responseTime: nil, hasFault: false, hasError: false, hasThrottle: false,
      isPartial: false, http: HTTP(), annotations: [], users: [], services: [], resourceARNs: [], instanceIDs: [],
      availabilityZones: [], entryPoint: nil, faultRootCauses: [], errorRootCauses: [], responseTimeRootCauses: [],
      revision: 0)
  }
}

extension TraceSummary.IndexedAnnotation {
  package init(_ key: String, _ value: AnnotationValue, services: [ServiceID]) {
    self.init(key: key, value: value, services: services)
  }
}

extension TraceSummary.User {
  package init(_ name: String, services: [ServiceID]) { self.init(name: name, services: services) }
}

extension RootCause {
  package init(_ services: [Service], isClientImpacting: Bool) {
    self.init(services: services, isClientImpacting: isClientImpacting)
  }
}

extension RootCause.Service {
  package init(_ id: ServiceID, isInferred: Bool, path: [RootCause.PathEntity]) {
    self.init(id: id, isInferred: isInferred, path: path)
  }
}

extension RootCause.PathEntity {
  package init(_ name: String, isRemote: Bool, exceptions: [RootCause.Exception], coverage: Double?) {
    self.init(name: name, isRemote: isRemote, exceptions: exceptions, coverage: coverage)
  }
}

extension RootCause.Exception {
  package init(_ name: String, message: String) { self.init(name: name, message: message) }
}
