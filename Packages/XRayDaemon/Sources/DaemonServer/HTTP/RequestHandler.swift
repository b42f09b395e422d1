import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after the other.
final class RequestHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = Never
  typealias OutboundOut = HTTPServerResponsePart

  /// Parts of further requests that are kept while one is answered; no more than one read can bring them.
  private static let queueLimit = 512
  /// How long, and for how many bytes, a connection is read on after a response that ends it: closed at once, the
  /// kernel would reset it and the client might never see the response.
  private static let lingerTime = TimeAmount.seconds(1)
  private static let lingerBytes = 1 << 20

  private enum Phase {
    case waiting
    case receiving(IncomingRequest)
    /// Being answered; `call` is the work of the proxy or the application.
    case answering(Exchange, call: Task<Void, Never>?)
    case writing
    case lingering(bytes: Int)
    case closed
  }

  /// What of a request its answer depends on.
  private struct Exchange {
    let label: String
    let isHead: Bool
    let isKeptAlive: Bool
  }

  private let service: Service
  private let connection: Connection
  private let admission: Admission
  private var phase = Phase.waiting
  private var queue = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 2)
  private var owesRead = false
  private var inputIsClosed = false
  private var isDraining = false
  private var reservedBytes = 0
  private var answered = 0

  init(service: Service, connection: Connection) {
    self.service = service
    self.connection = connection
    admission = Admission(service.configuration)
  }

  // MARK: Receiving

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    switch phase {
    case .answering, .writing:
      queue.append(part)
      if queue.count > Self.queueLimit {
        service.tally.refused(.pipelining)
        close(context)
      }
    case .waiting, .receiving, .lingering, .closed: receive(part, context)
    }
  }

  func read(context: ChannelHandlerContext) {
    switch phase {
    case .answering, .writing: owesRead = true
    case .waiting, .receiving, .lingering, .closed: context.read()
    }
  }

  private func receive(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
    switch (phase, part) {
    case (.waiting, .head(let head)): begin(head, context)
    case (.receiving(var request), .body(let bytes)):
      phase = .waiting  // So that the body has one owner and is not copied.
      let result = Result { () throws(RefusedRequest) in
        try request.append(bytes, memory: service.connections)
      }
      if case .success = result { reservedBytes = request.body.readableBytes }
      phase = .receiving(request)
      if case .failure(let refused) = result { refuse(refused, context, ending: true) }
    case (.receiving(let request), .end): perform(request, context)
    case (.lingering(let left), .body(let bytes)):
      phase = .lingering(bytes: left - bytes.readableBytes)
      if left < bytes.readableBytes { close(context) }
    default: break
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    connection.idleSince = nil
    connection.due = .now() + TimeAmount(service.configuration.requestTimeout)
    let request = IncomingRequest(head, service: service, admission: admission)
    phase = .receiving(request)
    if case .failure(let refused) = request.outcome {
      // Without a body the connection is as good as before; otherwise nobody wants to read that.
      if request.hasBody { refuse(refused, context, ending: true) }
    } else if request.expectsContinue {
      let head = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
  }

  // MARK: Answering

  private func perform(_ request: IncomingRequest, _ context: ChannelHandlerContext) {
    let exchange = Exchange(
      label: request.label, isHead: request.head.method == .HEAD,
      isKeptAlive: request.canBeFollowed)
    phase = .answering(exchange, call: nil)
    switch request.outcome {
    case .failure(let refused): refuse(refused, context, ending: false)
    case .success(.health): respond(.health, context)
    case .success(.readiness): respond(.readiness(service.handlers.unreadiness()), context)
    case .success(.metrics): respond(.metrics(service.handlers.metrics()), context)
    case .success(.segments):
      do throws(RefusedRequest) {
        respond(try SegmentUpload(service: service).answer(request.body), context)
      } catch {
        refuse(error, context, ending: false)
      }
    case .success(.proxy(let path)):
      let (forward, proxied) = (service.handlers.forward, proxied(request, path: path))
      call(exchange, context) { Answer(await forward(proxied)) }
    case .success(.application(_, let resource)):
      if let time = resource.answerTime { connection.due = .now() + TimeAmount(time) }
      guard let application = service.handlers.application else { return close(context) }
      let whole = DaemonServer.Application.Request(head: request.head, body: request.body)
      call(exchange, context) { Answer(await application.answer(whole)) }
    }
  }

  private func proxied(_ request: IncomingRequest, path: String) -> ProxyRequest {
    let allowed = service.configuration.proxiedHeaders
    return ProxyRequest(
      method: request.head.method, path: path,
      headers: HTTPHeaders(request.head.headers.filter { allowed.contains($0.name.lowercased()) }),
      body: Array(request.body.readableBytesView))
  }

  /// Answers with what comes of `work`, which runs beside the event loop.
  private func call(
    _ exchange: Exchange, _ context: ChannelHandlerContext, _ work: @escaping @Sendable () async -> Answer
  ) {
    let number = answered
    let loop = context.eventLoop
    let bound = NIOLoopBound((self, context), eventLoop: loop)
    let call = Task {
      let answer = await work()
      loop.execute {
        let (handler, context) = bound.value
        // Meanwhile the time may have been over, or the client gone.
        guard handler.answered == number, case .answering = handler.phase else { return }
        handler.respond(answer, context)
      }
    }
    phase = .answering(exchange, call: call)
  }

  private func refuse(_ refused: RefusedRequest, _ context: ChannelHandlerContext, ending: Bool) {
    service.tally.refused(refused.reason)
    if ending {
      phase = .answering(Exchange(label: refused.path, isHead: false, isKeptAlive: false), call: nil)
    }
    respond(refused.answer, context)
  }

  private func respond(_ answer: Answer, _ context: ChannelHandlerContext) {
    guard case .answering(let exchange, _) = phase else { return }
    answered += 1
    releaseBody()
    service.tally.update {
      let key = ServerCounts.Requests(path: exchange.label, statusClass: Int(answer.status.code) / 100)
      $0.requests[key, default: 0] += 1
    }
    let isLast = !exchange.isKeptAlive || isDraining
    var head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: answer.headers)
    head.headers.replaceOrAdd(name: "Content-Length", value: String(answer.body.readableBytes))
    if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
    phase = .writing
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !exchange.isHead, answer.status.mayHaveResponseBody, answer.body.readableBytes > 0 {
      context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { result in
      guard case .success = result else { return self.close(context) }
      if isLast { self.linger(context) } else { self.next(context) }
    }
  }

  private func next(_ context: ChannelHandlerContext) {
    guard case .writing = phase else { return }
    phase = .waiting
    connection.due = .now() + TimeAmount(service.configuration.idleTimeout)
    while let part = queue.first {
      switch phase {
      case .answering, .writing, .closed: return
      case .waiting, .receiving, .lingering:
        queue.removeFirst()
        receive(part, context)
      }
    }
    switch phase {
    case .waiting:
      if inputIsClosed || isDraining { return close(context) }
      connection.idleSince = .now()
      readOn(context)
    case .receiving: readOn(context)
    default: break
    }
  }

  private func readOn(_ context: ChannelHandlerContext) {
    guard owesRead else { return }
    owesRead = false
    context.read()
  }

  // MARK: Ending

  private func linger(_ context: ChannelHandlerContext) {
    guard case .writing = phase else { return }
    if inputIsClosed { return close(context) }
    queue.removeAll()
    phase = .lingering(bytes: Self.lingerBytes)
    connection.idleSince = .now()
    connection.due = .now() + Self.lingerTime
    context.close(mode: .output, promise: nil)
    readOn(context)
  }

  private func close(_ context: ChannelHandlerContext) {
    if case .closed = phase { return }
    if case .answering(_, let call) = phase { call?.cancel() }
    phase = .closed
    queue.removeAll()
    releaseBody()
    context.close(promise: nil)
  }

  private func releaseBody() {
    service.connections.release(reservedBytes)
    reservedBytes = 0
  }

  /// Answers with an error and ends the connection, if there is anything to answer to.
  private func fail(_ reason: Refusal, _ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
    var label = "other"
    switch phase {
    case .waiting: break
    case .receiving(let request): label = request.label
    case .answering(let exchange, let call):
      label = exchange.label
      call?.cancel()
    case .writing, .lingering, .closed: return close(context)
    }
    refuse(RefusedRequest(reason, status, reason.rawValue, path: label), context, ending: true)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ConnectionEvent.overdue: becomeOverdue(context)
    case ConnectionEvent.closing:
      isDraining = true
      switch phase {
      case .waiting where connection.idleSince != nil, .lingering: close(context)
      default: break
      }
    case ChannelEvent.inputClosed:
      inputIsClosed = true
      switch phase {
      case .waiting, .receiving, .lingering: close(context)
      case .answering, .writing, .closed: break
      }
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  private func becomeOverdue(_ context: ChannelHandlerContext) {
    switch phase {
    case .waiting where answered == 0: fail(.slowHeaders, .requestTimeout, context)
    case .waiting:
      service.tally.refused(.idle)
      close(context)
    case .receiving: fail(.slowRequest, .requestTimeout, context)
    case .answering: fail(.slowRequest, .gatewayTimeout, context)
    case .writing:
      service.tally.refused(.slowRequest)
      close(context)
    case .lingering, .closed: close(context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error as? HTTPParserError {
    case .headerOverflow: failAfterQueue(.headersTooLarge, .requestHeaderFieldsTooLarge, context)
    case .some where !inputIsClosed: failAfterQueue(.malformedRequest, .badRequest, context)
    default: close(context)
    }
  }

  /// The request that cannot be read may come behind others that are being answered.
  private func failAfterQueue(_ reason: Refusal, _ status: HTTPResponseStatus, _ context: ChannelHandlerContext) {
    switch phase {
    case .waiting, .receiving: fail(reason, status, context)
    case .answering, .writing:
      service.tally.refused(reason)
      isDraining = true
    case .lingering, .closed: break
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    close(context)
    context.fireChannelInactive()
  }
}
