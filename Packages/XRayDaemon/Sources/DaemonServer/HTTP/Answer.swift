import NIOCore
import NIOHTTP1
import XRayModel

/// A response before it is written.
struct Answer {
  var status: HTTPResponseStatus
  var headers: HTTPHeaders = [:]
  var body: ByteBuffer

  static func json(_ status: HTTPResponseStatus = .ok, _ write: (inout JSONWriter) -> Void) -> Answer {
    var writer = JSONWriter()
    writer.object(write)
    return Answer(status: status, headers: ["Content-Type": "application/json"], body: ByteBuffer(bytes: writer.bytes))
  }

  /// An error as X-Ray words it: `{"message": …}`.
  static func error(_ status: HTTPResponseStatus, _ message: String, headers: HTTPHeaders = [:]) -> Answer {
    var answer = json(status) { $0.member("message", message) }
    if let type = errorTypes[status.code] { answer.headers.add(name: "x-amzn-ErrorType", value: type) }
    answer.headers.add(contentsOf: headers)
    return answer
  }

  /// What AWS calls such errors, for clients that go by names: some are tried again for it.
  private static let errorTypes: [UInt: String] = [
    400: "InvalidRequestException", 403: "AccessDeniedException", 404: "UnknownOperationException",
    405: "MethodNotAllowedException", 408: "RequestTimeoutException", 413: "RequestEntityTooLargeException",
    503: "ServiceUnavailableException", 504: "GatewayTimeoutException",
  ]

  static let health = Answer.json { $0.member("status", "ok") }

  static func readiness(_ reasons: [String]) -> Answer {
    json(reasons.isEmpty ? .ok : .serviceUnavailable) { writer in
      writer.member("status", reasons.isEmpty ? "ready" : "not ready")
      guard !reasons.isEmpty else { return }
      writer.key("reasons")
      writer.array { writer in for reason in reasons { writer.string(reason) } }
    }
  }

  static func metrics(_ text: String) -> Answer {
    Answer(
      status: .ok, headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"], body: ByteBuffer(string: text)
    )
  }

  /// Headers that belong to a connection and must not be passed on.
  private static let hopByHop: Set<String> = [
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
  ]

  init(status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: ByteBuffer) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  init(_ response: ProxyResponse) {
    // What is not a final status cannot end a request.
    status = (200...599).contains(response.status) ? HTTPResponseStatus(statusCode: response.status) : .badGateway
    headers = HTTPHeaders(response.headers.filter { !Self.hopByHop.contains($0.name.lowercased()) })
    body = ByteBuffer(bytes: response.body)
  }

  init(_ response: DaemonServer.Application.Response) {
    status = response.status
    headers = response.headers
    body = response.body
  }
}
