import LambdaEmitter
import NIOCore
import NIOHTTP1

/// Answers what a runtime or an extension asks on one connection, one request after the other.
///
/// The process at the other end is not trusted: what it sends is bounded here, what it sends slowly or never holds up
/// nobody but itself, and ends with its environment.
final class RuntimeConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// Bytes of a body that are read and forgotten, so that its sender sees the answer; then the connection is closed.
  private static let unwantedBytesLimit = 64 << 20

  private enum Phase {
    case waiting
    case receiving(HTTPRequestHead, Result<RuntimeRequest, RuntimeAPIError>)
    case answering
    case closed
  }

  private let session: RuntimeSession
  let host: ExtensionHost
  /// Calls what it is given, at once or later: what a process wrote before a request belongs to what came before.
  typealias Deferral = (@escaping () -> Void) -> Void

  private let whenOutputIsRead: Deferral
  private var phase = Phase.waiting
  private(set) var body: [UInt8] = []
  private(set) var bodyBytes = 0

  init(session: RuntimeSession, host: ExtensionHost, whenOutputIsRead: @escaping Deferral) {
    self.session = session
    self.host = host
    self.whenOutputIsRead = whenOutputIsRead
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (phase, unwrapInboundIn(data)) {
    case (.waiting, .head(let head)):
      body = []
      bodyBytes = 0
      let request = Result { () throws(RuntimeAPIError) in try RuntimeRequest(head) }
      if case .success(.response(let id)) = request { session.beginResponse(to: id) }
      phase = .receiving(head, request)
      if head.headers[canonicalForm: "Expect"].contains("100-continue") {
        context.writeAndFlush(wrapOutboundOut(.head(.init(version: .http1_1, status: .continue))), promise: nil)
      }
    case (.receiving(let head, let request), .body(let part)): receive(part, of: request, head, context)
    case (.receiving(let head, let request), .end):
      phase = .answering
      // Also when the connection is gone by then: a process may leave without waiting for the answer.
      whenOutputIsRead { self.perform(request, head, context) }
    case (.answering, _):
      // A request before the answer to the last one: no runtime does that.
      context.close(promise: nil)
    default: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    phase = .closed
    session.forgetRequest(id: ObjectIdentifier(self))
    host.registry.forgetRequest(id: ObjectIdentifier(self))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Not HTTP, or a broken connection.
    context.close(promise: nil)
  }

  private func receive(
    _ part: ByteBuffer, of request: Result<RuntimeRequest, RuntimeAPIError>, _ head: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    bodyBytes += part.readableBytes
    let limit: Int
    switch request {
    case .success(.response(let id)), .success(.error(let id)):
      limit = session.isRunning(id) ? RuntimeAPIError.bodyBytesLimit : 0
    case .success(.initializationError): limit = RuntimeAPIError.bodyBytesLimit
    case .success(.extension): limit = ExtensionRequest.bodyBytesLimit
    default: limit = 0
    }
    if bodyBytes <= limit { body += part.readableBytesView } else { body = [] }
    if bodyBytes > Self.unwantedBytesLimit {
      phase = .answering
      perform(request, head, context)
      context.close(promise: nil)
    }
  }

  private func perform(
    _ request: Result<RuntimeRequest, RuntimeAPIError>, _ head: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    do throws(RuntimeAPIError) {
      switch try request.get() {
      case .ping: answer(.ok, body: Array("pong".utf8), to: head, context)
      case .next: try awaitEvent(head, context)
      case .response(let id):
        if bodyBytes > RuntimeAPIError.bodyBytesLimit {
          try session.respond(to: id, .failure(.responseTooLarge(bytes: bodyBytes)))
          throw .requestEntityTooLarge()
        }
        try session.respond(to: id, .success(body))
        accept(head, context)
      case .error(let id):
        try session.respond(to: id, .failure(reportedError(head)))
        accept(head, context)
      case .initializationError:
        try session.failInitialization(reportedError(head))
        accept(head, context)
      case .extension(let request): try perform(request, head, context)
      }
    } catch {
      answer(error.status, body: error.body, to: head, context)
    }
    body = []
  }

  private func reportedError(_ head: HTTPRequestHead) -> FunctionError {
    ReportedError.error(
      body: body, type: head.headers.first(name: "Lambda-Runtime-Function-Error-Type"),
      cause: head.headers.first(name: "Lambda-Runtime-Function-XRay-Error-Cause"))
  }

  private func awaitEvent(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) throws(RuntimeAPIError) {
    guard isAnswering else { return }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    try session.next(id: ObjectIdentifier(self)) { [weak self] delivery in
      guard let self, self.isAnswering else { return }
      self.answer(
        .ok, headers: delivery.headers, body: delivery.event.bytes, to: head, bound.value)
    }
  }

  /// Whether a request waits for its answer.
  var isAnswering: Bool { if case .answering = phase { true } else { false } }

  func accept(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    answer(.accepted, body: Array("{\"status\":\"OK\"}".utf8), to: head, context)
  }

  func answer(
    _ status: HTTPResponseStatus, headers: [(name: String, value: String)] = [], body: [UInt8],
    to request: HTTPRequestHead, _ context: ChannelHandlerContext
  ) {
    guard isAnswering else { return }
    phase = .waiting
    var response = HTTPResponseHead(version: .http1_1, status: status)
    response.headers = ["Content-Type": "application/json", "Content-Length": String(body.count)]
    for (name, value) in headers where !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      response.headers.add(name: name, value: value)
    }
    if !request.isKeepAlive { response.headers.add(name: "Connection", value: "close") }
    context.write(wrapOutboundOut(.head(response)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: body)))), promise: nil)
    let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if !request.isKeepAlive {
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.whenComplete { _ in bound.value.close(promise: nil) }
    }
  }
}

extension FunctionError {
  fileprivate static func responseTooLarge(bytes: Int) -> FunctionError {
    FunctionError(
      type: "Function.ResponseSizeTooLarge",
      message: "Response payload size (\(bytes) bytes) exceeded maximum allowed payload size "
        + "(\(RuntimeAPIError.bodyBytesLimit) bytes).")
  }
}
