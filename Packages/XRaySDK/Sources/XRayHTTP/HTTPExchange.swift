import NIOCore
import NIOHTTP1

/// One request on its way, and who waits for the response.
final class HTTPExchange: Sendable {
  struct Reply: Sendable {
    var response: HTTPResponse
    /// Whether the connection can take a further request.
    var isReusable: Bool
  }

  let head: HTTPRequestHead
  let body: ByteBuffer
  let due: NIODeadline
  let reply: EventLoopPromise<Reply>

  init(head: HTTPRequestHead, body: ByteBuffer, due: NIODeadline, on loop: any EventLoop) {
    self.head = head
    self.body = body
    self.due = due
    reply = loop.makePromise()
  }
}

/// Asks the connection to give an exchange up.
struct HTTPCancellation: Sendable {
  let exchange: HTTPExchange
}

/// Turns exchanges into the parts of a request and collects the parts of its response, one exchange at a time.
/// After anything but a complete response the connection is closed.
final class HTTPExchangeHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = HTTPExchange
  typealias OutboundOut = HTTPClientRequestPart

  private struct Current {
    let exchange: HTTPExchange
    let timer: Scheduled<Void>
    var head: HTTPResponseHead?
    var body: [UInt8] = []
  }

  private let server: String
  private let bodyLimit: Int
  private var current: Current?

  init(server: String, bodyLimit: Int) {
    self.server = server
    self.bodyLimit = bodyLimit
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let exchange = unwrapOutboundIn(data)
    let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let timer = context.eventLoop.scheduleTask(deadline: exchange.due) {
      let (handler, context) = loopBound.value
      handler.fail(.timedOut, context)
    }
    current = Current(exchange: exchange, timer: timer)
    context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
    if exchange.body.readableBytes > 0 {
      context.write(wrapOutboundOut(.body(.byteBuffer(exchange.body))), promise: nil)
    }
    context.write(wrapOutboundOut(.end(nil)), promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      current?.head = head
      if let length = head.headers.first(name: "Content-Length").flatMap({ Int($0) }), length > bodyLimit,
        current?.exchange.head.method != .HEAD
      {
        fail(.responseTooLarge, context)
      }
    case .body(let part):
      guard let size = current?.body.count else { return }
      if size + part.readableBytes > bodyLimit { return fail(.responseTooLarge, context) }
      current?.body.append(contentsOf: part.readableBytesView)
    case .end: succeed(context)
    }
  }

  private func succeed(_ context: ChannelHandlerContext) {
    guard let current, let head = current.head else { return }
    self.current = nil
    current.timer.cancel()
    let isReusable = head.isKeepAlive && context.channel.isActive
    if !isReusable { context.close(promise: nil) }
    current.exchange.reply.succeed(
      HTTPExchange.Reply(
        response: HTTPResponse(status: Int(head.status.code), headers: head.headers, body: current.body),
        isReusable: isReusable))
  }

  private func fail(_ reason: HTTPClientError.Reason, _ context: ChannelHandlerContext) {
    if let current {
      self.current = nil
      current.timer.cancel()
      current.exchange.reply.fail(HTTPClientError(reason, server: server))
    }
    context.close(promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(HTTPClientError.Reason(reading: error), context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(.closed, context)
    context.fireChannelInactive()
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard let cancellation = event as? HTTPCancellation else {
      return context.triggerUserOutboundEvent(event, promise: promise)
    }
    if cancellation.exchange === current?.exchange { fail(.cancelled, context) }
    promise?.succeed(())
  }
}
