import NIOCore
import NIOHTTP1

/// One request, and where its answer goes.
struct APICall: Sendable {
  let head: HTTPRequestHead
  let body: ByteBuffer
  let answer: EventLoopPromise<APIAnswer>
}

/// An answer, complete with its body.
struct APIAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders
  var body: [UInt8] = []
}

/// Why a call has no answer.
enum APICallFailure: Error {
  case closed, malformed, tooLarge
}

/// Sends one call at a time and collects its answer. After anything but a complete answer the connection is closed.
final class APICallHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundIn = APICall
  typealias OutboundOut = HTTPClientRequestPart

  private let bodyBytesLimit: Int
  private var call: APICall?
  private var answer: APIAnswer?
  private var isKept = true

  init(bodyBytesLimit: Int) { self.bodyBytesLimit = bodyBytesLimit }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let call = unwrapOutboundIn(data)
    self.call = call
    context.write(wrapOutboundOut(.head(call.head)), promise: nil)
    if call.body.readableBytes > 0 { context.write(wrapOutboundOut(.body(.byteBuffer(call.body))), promise: nil) }
    context.write(wrapOutboundOut(.end(nil)), promise: promise)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      isKept = head.isKeepAlive
      answer = APIAnswer(status: Int(head.status.code), headers: head.headers)
    case .body(let part):
      guard let size = answer?.body.count else { return }
      if size + part.readableBytes > bodyBytesLimit { return fail(.tooLarge, context) }
      answer?.body.append(contentsOf: part.readableBytesView)
    case .end:
      guard let call, let answer else { return }
      self.call = nil
      self.answer = nil
      // Before the answer is told: whoever calls next must see that this connection is gone.
      if !isKept { context.close(promise: nil) }
      call.answer.succeed(answer)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: fail(.closed, context)
    case is HTTPParserError, is NIOHTTPDecoderError: fail(.malformed, context)
    default: fail(.closed, context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(.closed, context)
    context.fireChannelInactive()
  }

  private func fail(_ failure: APICallFailure, _ context: ChannelHandlerContext) {
    answer = nil
    if let call {
      self.call = nil
      call.answer.fail(failure)
    }
    context.close(promise: nil)
  }
}
