import NIOHTTP1

/// What a request asks for.
enum Route {
  case health, readiness, metrics, segments
  case proxy(path: String)
  case application(path: String, DaemonServer.Application.Resource)

  /// The path as the counts name it.
  var label: String {
    switch self {
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .metrics: "/metrics"
    case .segments: "/TraceSegments"
    case .proxy(let path): path
    case .application(let path, let resource): resource.name ?? path
    }
  }

  private var methods: [HTTPMethod] {
    switch self {
    case .health, .readiness, .metrics: [.GET, .HEAD]
    case .segments, .proxy: [.POST]
    case .application(_, let resource): resource.methods
    }
  }

  /// Finds what a request asks for; a query is not looked at.
  init(of head: HTTPRequestHead, for service: Service) throws(RefusedRequest) {
    let path = String(head.uri.prefix { $0 != "?" })
    switch (path, service.handlers.application) {
    case ("/healthz", _): self = .health
    case ("/readyz", _): self = .readiness
    case (_, let application?): self = try Self.route(to: path, of: application)
    case (_, nil): self = try Self.route(to: path, proxied: service.configuration.proxiedPaths)
    }
    guard methods.contains(head.method) else {
      let allowed = methods.map(\.rawValue).joined(separator: ", ")
      throw RefusedRequest(
        .method, .methodNotAllowed, "\(path) takes \(allowed)", path: label, headers: ["Allow": allowed])
    }
  }

  private static func route(
    to path: String, of application: DaemonServer.Application
  ) throws(RefusedRequest) -> Route {
    guard let resource = application.resource(path) else {
      throw RefusedRequest(.unknownPath, .notFound, "no such path")
    }
    return .application(path: path, resource)
  }

  private static func route(to path: String, proxied: Set<String>) throws(RefusedRequest) -> Route {
    switch path {
    case "/metrics": return .metrics
    case "/TraceSegments": return .segments
    case _ where proxied.contains(path): return .proxy(path: path)
    case _ where xray.contains(path):
      let allowed = proxied.sorted().joined(separator: ", ")
      throw RefusedRequest(
        .notProxied, .forbidden, "\(path) is not passed on. The allow-list of this daemon is: \(allowed)")
    default: throw RefusedRequest(.unknownPath, .notFound, "no such path")
    }
  }

  /// The paths of X-Ray's API, so that it can be told from mistakes.
  private static let xray: Set<String> = [
    "/CancelTraceRetrieval", "/CreateGroup", "/CreateSamplingRule", "/DeleteGroup", "/DeleteResourcePolicy",
    "/DeleteSamplingRule", "/EncryptionConfig", "/GetGroup", "/GetIndexingRules", "/GetRetrievedTracesGraph",
    "/GetSamplingRules", "/GetTraceSegmentDestination", "/Groups", "/Insight", "/InsightEvents",
    "/InsightImpactGraph", "/InsightSummaries", "/ListResourcePolicies", "/ListRetrievedTraces",
    "/ListTagsForResource", "/PutEncryptionConfig", "/PutResourcePolicy", "/SamplingStatisticSummaries",
    "/SamplingTargets", "/ServiceGraph", "/StartTraceRetrieval", "/TagResource", "/TelemetryRecords",
    "/TimeSeriesServiceStatistics", "/TraceGraph", "/TraceSummaries", "/Traces", "/UntagResource", "/UpdateGroup",
    "/UpdateIndexingRule", "/UpdateSamplingRule", "/UpdateTraceSegmentDestination",
  ]
}

/// A request that is answered with an error.
struct RefusedRequest: Error {
  let reason: Refusal
  let answer: Answer
  /// The path as the counts name it.
  let path: String

  init(
    _ reason: Refusal, _ status: HTTPResponseStatus, _ message: String, path: String = "other",
    headers: HTTPHeaders = [:]
  ) {
    self.reason = reason
    self.path = path
    answer = .error(status, message, headers: headers)
  }
}
