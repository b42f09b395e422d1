import NIOHTTP1

/// What a request asks for.
enum Route: Hashable {
  case health, readiness, metrics, segments
  case proxy(path: String)

  /// The path as the counts name it.
  var label: String {
    switch self {
    case .health: "/healthz"
    case .readiness: "/readyz"
    case .metrics: "/metrics"
    case .segments: "/TraceSegments"
    case .proxy(let path): path
    }
  }

  private var methods: [HTTPMethod] {
    switch self {
    case .health, .readiness, .metrics: [.GET, .HEAD]
    case .segments, .proxy: [.POST]
    }
  }

  /// Finds what a request asks for; a query is not looked at.
  init(of head: HTTPRequestHead, proxiedPaths: Set<String>) throws(RefusedRequest) {
    let path = String(head.uri.prefix { $0 != "?" })
    switch path {
    case "/healthz": self = .health
    case "/readyz": self = .readiness
    case "/metrics": self = .metrics
    case "/TraceSegments": self = .segments
    case _ where proxiedPaths.contains(path): self = .proxy(path: path)
    case _ where Self.xray.contains(path):
      let allowed = proxiedPaths.sorted().joined(separator: ", ")
      throw RefusedRequest(
        .notProxied, .forbidden, "\(path) is not passed on. The allow-list of this daemon is: \(allowed)")
    default: throw RefusedRequest(.unknownPath, .notFound, "no such path")
    }
    guard methods.contains(head.method) else {
      let allowed = methods.map(\.rawValue).joined(separator: ", ")
      throw RefusedRequest(
        .method, .methodNotAllowed, "\(path) takes \(allowed)", path: label, headers: ["Allow": allowed])
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
