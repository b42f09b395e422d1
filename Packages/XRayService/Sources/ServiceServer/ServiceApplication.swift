import DaemonServer
import Logging
import NIOCore
import NIOHTTP1
import XRayModel
import XRayService

/// Answers the requests that a server lets through.
struct ServiceApplication: Sendable {
  let service: XRayService
  let spans: SpanStore
  let access: AccessPolicy
  let memory: BodyMemory
  let metrics: ServiceMetrics
  let clock: any WallClock
  let random: RandomSource
  let logger: Logger

  typealias Request = DaemonServer.Application.Request
  typealias Response = DaemonServer.Application.Response

  func answer(_ request: Request) async -> Response {
    let path = request.path
    guard let route = ServiceRoute(path: path) else { return Response(status: .notFound) }
    do throws(APIError) {
      try access.check(request, at: clock.now)
      switch route {
      case .home: return await page(request)
      case .metrics: return .metrics(await metrics.text(spans: spans.counts))
      case .fidelity: return fidelity(request)
      case .operation, .spans: break
      }
      let body = try RequestBody(of: request, limit: route.bodyBytes, memory: memory)
      defer { memory.release(body.reservedBytes) }
      if case .spans(let kind) = route { return await spans.take(body.bytes, kind, request.head.headers) }
      return answer(await service.answer(path: path, body: body.bytes), to: path)
    } catch {
      return answer(APIResponse(error), to: path)
    }
  }

  func answer(_ answer: APIResponse, to path: String) -> Response {
    let id = random.requestID()
    var headers = HTTPHeaders()
    headers.reserveCapacity(4)
    headers.add(name: "Content-Type", value: "application/json")
    headers.add(name: "x-amzn-RequestId", value: id)
    if let type = answer.errorType { headers.add(name: "x-amzn-ErrorType", value: type) }
    if answer.status == 503 { headers.add(name: "Retry-After", value: "1") }
    if let failure = answer.failure {
      logger.error("\(path) failed", metadata: ["request": "\(id)", "failure": "\(failure)"])
    }
    return Response(
      status: HTTPResponseStatus(statusCode: answer.status), headers: headers, body: ByteBuffer(bytes: answer.body))
  }

  private func page(_ request: Request) async -> Response {
    let page = LandingPage(
      authority: request.head.headers.first(name: "Host") ?? "127.0.0.1:2000",
      traces: try? await metrics.store.statistics().traces)
    let headers: HTTPHeaders = [
      "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ]
    return Response(headers: headers, body: ByteBuffer(string: page.html))
  }

  private func fidelity(_ request: Request) -> Response {
    let report = spans.report
    let wantsText = request.head.headers[canonicalForm: "accept"].first.map { $0.hasPrefix("text/plain") } ?? false
    if wantsText {
      return Response(
        headers: ["Content-Type": "text/plain; charset=utf-8"], body: ByteBuffer(string: report.text))
    }
    var writer = JSONWriter(pretty: true)
    report.write(to: &writer)
    return Response(headers: ["Content-Type": "application/json"], body: ByteBuffer(bytes: writer.bytes))
  }
}

extension DaemonServer.Application.Response {
  fileprivate static func metrics(_ text: String) -> Self {
    Self(headers: ["Content-Type": "text/plain; version=0.0.4; charset=utf-8"], body: ByteBuffer(string: text))
  }
}
