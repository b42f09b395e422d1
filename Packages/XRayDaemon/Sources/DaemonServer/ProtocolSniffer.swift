import NIOCore
import NIOHTTP1

/// Enters a connection, tells from its first byte what it speaks, and makes room for the handlers of that.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let busy: StaticString =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"

  private let service: Service
  private var connection: Connection?

  init(service: Service) { self.service = service }

  func channelActive(context: ChannelHandlerContext) {
    let connections = service.connections
    guard let connection = connections.admit(context.channel) else {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: Self.busy)), promise: nil)
      return context.close(promise: nil)
    }
    self.connection = connection
    context.channel.closeFuture.assumeIsolated().whenComplete { _ in connections.remove(connection) }
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard let connection, let first = unwrapInboundIn(data).readableBytesView.first else { return }
    do {
      switch first {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
        try addHTTP(to: context, connection)
      case 0: try addStream(DocumentFraming(.lengths, configuration: service.configuration), to: context, connection)
      case UInt8(ascii: "{"):
        try addStream(DocumentFraming(.lines, configuration: service.configuration), to: context, connection)
      default: return refuse(.unknownProtocol, context)
      }
    } catch {
      return context.close(promise: nil)
    }
    guard context.channel.isActive else { return }
    context.fireChannelRead(data)
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func addHTTP(to context: ChannelHandlerContext, _ connection: Connection) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = service.configuration.headerBytes
    limits.maxHeaderListSize = service.configuration.headerBytes
    limits.maxHeaderFieldCount = 100
    connection.idleSince = nil
    try context.pipeline.syncOperations.addHandlers(
      [
        HTTPResponseEncoder(),
        ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
        RequestHandler(service: service, connection: connection),
      ], position: .after(self))
  }

  private func addStream(
    _ framing: DocumentFraming, to context: ChannelHandlerContext, _ connection: Connection
  ) throws {
    guard service.connections.makeStream(connection) else { return refuse(.tooManyStreams, context) }
    try context.pipeline.syncOperations.addHandler(
      StreamHandler(framing: framing, service: service, connection: connection), position: .after(self))
  }

  private func refuse(_ reason: Refusal, _ context: ChannelHandlerContext) {
    service.tally.refused(reason)
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ConnectionEvent.overdue: refuse(.noFirstByte, context)
    case ConnectionEvent.closing, ChannelEvent.inputClosed: context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
