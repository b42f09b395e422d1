import NIOCore
import NIOHTTP1

/// A request while its body comes in.
struct IncomingRequest {
  let head: HTTPRequestHead
  let outcome: Result<Route, RefusedRequest>
  private(set) var body = ByteBuffer()
  private let bodyLimit: Int

  init(_ head: HTTPRequestHead, service: Service, admission: Admission) {
    self.head = head
    do throws(RefusedRequest) {
      let (route, limit) = try Self.admit(head, service, admission)
      outcome = .success(route)
      bodyLimit = limit
    } catch {
      outcome = .failure(error)
      bodyLimit = 0
    }
  }

  /// What the request asks for, and how many bytes its body may have.
  private static func admit(
    _ head: HTTPRequestHead, _ service: Service, _ admission: Admission
  ) throws(RefusedRequest) -> (Route, Int) {
    try admission.check(head)
    let configuration = service.configuration
    let route = try Route(of: head, for: service)
    let limit =
      switch route {
      case .health, .readiness, .metrics: 0
      case .segments: configuration.segmentsBodyBytes
      case .proxy: configuration.proxyBodyBytes
      case .application(_, let resource): resource.bodyBytes
      }
    guard head.headers[canonicalForm: "expect"].allSatisfy({ $0.lowercased() == "100-continue" }) else {
      throw RefusedRequest(.expectation, .expectationFailed, "unknown expectation", path: route.label)
    }
    if let length = head.headers.first(name: "Content-Length"), Int(length).map({ $0 > limit }) ?? true {
      throw tooLarge(route)
    }
    return (route, limit)
  }

  var hasBody: Bool {
    head.headers.contains(name: "Transfer-Encoding")
      || head.headers.first(name: "Content-Length").map { $0 != "0" } ?? false
  }

  var expectsContinue: Bool { head.version != .http1_0 && hasBody && head.headers.contains(name: "Expect") }

  /// Whether the connection can take a further request. After an offer to speak another protocol (Java's client offers
  /// HTTP/2) the decoder reads no more, and for HTTP/1.0 keeping alive is not worth the trouble.
  var canBeFollowed: Bool {
    head.isKeepAlive && head.version != .http1_0 && head.method != .CONNECT && !head.headers.contains(name: "Upgrade")
  }

  /// The path as the counts name it.
  var label: String {
    switch outcome {
    case .success(let route): route.label
    case .failure(let refused): refused.path
    }
  }

  /// Takes a part of the body, with memory that ``Connections/release(_:)`` gets back.
  mutating func append(_ part: ByteBuffer, memory connections: Connections) throws(RefusedRequest) {
    guard case .success(let route) = outcome else { return }
    guard body.readableBytes + part.readableBytes <= bodyLimit else { throw Self.tooLarge(route) }
    guard connections.reserve(part.readableBytes) else {
      throw RefusedRequest(
        .bodyMemory, .serviceUnavailable, "too many large requests at the same time", path: route.label,
        headers: ["Retry-After": "1"])
    }
    body.writeImmutableBuffer(part)
  }

  private static func tooLarge(_ route: Route) -> RefusedRequest {
    RefusedRequest(.bodyTooLarge, .payloadTooLarge, "the body is too large", path: route.label)
  }
}
