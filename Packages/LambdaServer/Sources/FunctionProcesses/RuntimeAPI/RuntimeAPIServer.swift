import NIOCore
import NIOHTTP1
import NIOPosix

/// The Runtime, Extensions and Telemetry APIs of one environment: HTTP/1.1 on a free port of the loopback interface.
final class RuntimeAPIServer {
  /// A runtime or an extension needs one, or one for each request that it has open.
  private static let connectionLimit = 64
  /// Lambda: a cause for X-Ray is a header of up to 1 MiB.
  private static let headerBytesLimit = ReportedError.causeBytesLimit + 4096

  let channel: any Channel
  private let connections: Connections

  /// The open connections, in the hands of the event loop.
  private final class Connections {
    var channels: [ObjectIdentifier: any Channel] = [:]
    /// Called when a connection is gone: its process may be as well.
    var whenClosed: () -> Void = {}
  }

  private init(channel: any Channel, connections: Connections) {
    self.channel = channel
    self.connections = connections
  }

  /// Starts to listen. Call on `loop`, as everything here.
  static func bind(
    on loop: any EventLoop, session: RuntimeSession, host: ExtensionHost,
    whenOutputIsRead: @escaping RuntimeConnection.Deferral, whenConnectionCloses: @escaping () -> Void
  ) -> EventLoopFuture<NIOLoopBound<RuntimeAPIServer>> {
    let connections = Connections()
    connections.whenClosed = whenConnectionCloses
    let bound = NIOLoopBound((connections, session, host, whenOutputIsRead), eventLoop: loop)
    return ServerBootstrap(group: loop)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let (connections, session, host, whenOutputIsRead) = bound.value
          try adopt(
            channel, connections: connections, session: session, host: host, whenOutputIsRead: whenOutputIsRead)
        }
      }
      .bind(host: "127.0.0.1", port: 0)
      .map { channel in
        NIOLoopBound(RuntimeAPIServer(channel: channel, connections: bound.value.0), eventLoop: loop)
      }
  }

  private static func adopt(
    _ channel: any Channel, connections: Connections, session: RuntimeSession, host: ExtensionHost,
    whenOutputIsRead: @escaping RuntimeConnection.Deferral
  ) throws {
    guard connections.channels.count < connectionLimit else { throw ChannelError.operationUnsupported }
    let id = ObjectIdentifier(channel)
    connections.channels[id] = channel
    let bound = NIOLoopBound(connections, eventLoop: channel.eventLoop)
    channel.closeFuture.whenComplete { _ in
      bound.value.channels[id] = nil
      bound.value.whenClosed()
    }
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = headerBytesLimit
    try channel.pipeline.syncOperations.addHandlers(
      HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)),
      RuntimeConnection(session: session, host: host, whenOutputIsRead: whenOutputIsRead))
  }

  /// `127.0.0.1:PORT`: the variable `AWS_LAMBDA_RUNTIME_API`.
  var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
  var connectionCount: Int { connections.channels.count }

  /// Closes the port and all connections.
  func close() -> EventLoopFuture<Void> {
    connections.whenClosed = {}
    let open = connections.channels.values + [channel]
    for channel in open { channel.close(promise: nil) }
    return EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: channel.eventLoop)
  }
}
