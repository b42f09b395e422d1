import NIOCore
import NIOHTTP1
import NIOPosix

/// Brings batches to a subscriber: each as a POST of its own, or as lines on one connection.
final class TelemetrySender {
  /// A subscriber that takes longer has lost the batch.
  private static let timeLimit = TimeAmount.seconds(30)

  struct Refused: Error, CustomStringConvertible {
    let description: String
  }

  private let destination: TelemetrySubscription.Destination
  private let loop: any EventLoop
  /// That of the batch on its way, or the one for all.
  private var channel: (any Channel)?

  init(_ destination: TelemetrySubscription.Destination, loop: any EventLoop) {
    self.destination = destination
    self.loop = loop
  }

  /// Succeeds when the subscriber has taken the batch.
  func send(_ events: [[UInt8]]) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let timer = loop.scheduleTask(in: Self.timeLimit) { bound.value.channel?.close(promise: nil) }
    return attempt(events).always { _ in timer.cancel() }
  }

  private func attempt(_ events: [[UInt8]]) -> EventLoopFuture<Void> {
    switch destination {
    case .http(let host, let port, let path): post(events, host: host, port: port, path: path)
    case .tcp(let port): write(events, port: port)
    }
  }

  private func connect(
    to port: Int, _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return ClientBootstrap(group: loop)
      .connectTimeout(.seconds(10))
      .channelInitializer { channel in
        bound.value.channel = channel
        return initialize(channel)
      }
      .connect(host: "127.0.0.1", port: port)
  }

  private func post(_ events: [[UInt8]], host: String, port: Int, path: String) -> EventLoopFuture<Void> {
    let answered = loop.makePromise(of: Void.self)
    connect(to: port) { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(AnswerReader(answered))
      }
    }.flatMap { channel in
      var head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path)
      var body = channel.allocator.buffer(capacity: events.reduce(2) { $0 + $1.count + 1 })
      for (index, event) in events.enumerated() {
        body.writeInteger(UInt8(ascii: index == 0 ? "[" : ","))
        body.writeBytes(event)
      }
      body.writeInteger(UInt8(ascii: "]"))
      head.headers = [
        "Host": host, "Content-Type": "application/json", "Content-Length": String(body.readableBytes),
        "Connection": "close",
      ]
      channel.write(HTTPClientRequestPart.head(head), promise: nil)
      channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
      return channel.writeAndFlush(HTTPClientRequestPart.end(nil))
    }.whenFailure { answered.fail($0) }
    return answered.futureResult
  }

  private func write(_ events: [[UInt8]], port: Int) -> EventLoopFuture<Void> {
    let open: EventLoopFuture<any Channel> =
      if let channel, channel.isActive {
        loop.makeSucceededFuture(channel)
      } else {
        connect(to: port) { $0.eventLoop.makeSucceededVoidFuture() }
      }
    return open.flatMap { channel in
      var lines = channel.allocator.buffer(capacity: events.reduce(0) { $0 + $1.count + 1 })
      for event in events {
        lines.writeBytes(event)
        lines.writeInteger(UInt8(ascii: "\n"))
      }
      return channel.writeAndFlush(lines)
    }
  }

  /// Ends what is on its way. Succeeds when nothing is open any more.
  func close() -> EventLoopFuture<Void> {
    guard let channel else { return loop.makeSucceededVoidFuture() }
    channel.close(promise: nil)
    return channel.closeFuture
  }
}

/// Waits for the status of an answer.
private final class AnswerReader: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let answered: EventLoopPromise<Void>

  init(_ answered: EventLoopPromise<Void>) { self.answered = answered }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    if head.status.code < 400 {
      answered.succeed()
    } else {
      answered.fail(TelemetrySender.Refused(description: "status \(head.status.code)"))
    }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    answered.fail(TelemetrySender.Refused(description: "the connection was closed"))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answered.fail(error)
    context.close(promise: nil)
  }
}
