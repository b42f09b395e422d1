import DaemonServer
import XRayService

/// What there is at a path.
enum ServiceRoute: Hashable {
  /// One of X-Ray's operations.
  case operation(path: String)
  case spans(SpanProtocol)
  case home, metrics, fidelity

  init?(path: String) {
    switch path {
    case "/": self = .home
    case "/metrics": self = .metrics
    case "/fidelity": self = .fidelity
    case "/v1/traces": self = .spans(.otlp)
    case "/api/v2/spans": self = .spans(.zipkin)
    case _ where XRayService.paths.contains(path): self = .operation(path: path)
    default: return nil
    }
  }

  var resource: DaemonServer.Application.Resource {
    switch self {
    case .operation, .spans: .init(methods: [.POST], bodyBytes: bodyBytes)
    case .home, .metrics, .fidelity: .init(methods: [.GET])
    }
  }

  /// Bytes that a body may have, compressed or not.
  var bodyBytes: Int {
    switch self {
    // 50 documents of 64 KB, escaped, and some.
    case .operation(path: "/TraceSegments"): 5_000_000
    // What a collector gathers.
    case .spans: 16 << 20
    case .operation: 1 << 20
    case .home, .metrics, .fidelity: 0
    }
  }
}
