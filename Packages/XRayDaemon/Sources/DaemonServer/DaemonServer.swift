public import Logging
public import NIOCore
import NIOPosix

/// The daemon's TCP side: the sampling proxy, health, readiness and metrics, and an intake of documents for those
/// who cannot send datagrams, all on one port.
///
/// What a connection speaks is told by its first byte: a letter begins HTTP/1.1, a zero a stream of frames with their
/// lengths before them, `{` a stream of lines. Everything runs on one event loop of the group, so nothing here may
/// block it; see ``Handlers``. Built on swift-nio alone: a web framework brings more than a daemon of
/// 10 MB may carry.
public struct DaemonServer: Sendable {
  /// Where to listen, and the limits.
  public var configuration: Configuration
  /// What the server asks the daemon.
  public var handlers: Handlers
  private let logger: Logger?
  private let group: any EventLoopGroup

  /// - Parameter group: One of its loops serves everything. The server does not shut it down.
  public init(
    configuration: Configuration = Configuration(), handlers: Handlers, logger: Logger? = nil,
    group: any EventLoopGroup
  ) {
    self.configuration = configuration
    self.handlers = handlers
    self.logger = logger
    self.group = group
  }

  /// Binds the port and serves until ``BoundServer/close(deadline:)``.
  public func start() async throws(DaemonServerError) -> BoundServer {
    let loop = group.next()
    let tally = Tally()
    let (configuration, handlers, logger) = (configuration, handlers, logger)
    do {
      let connections = try await loop.submit {
        NIOLoopBound(Connections(configuration: configuration, tally: tally, on: loop), eventLoop: loop)
      }.get()
      let bootstrap = ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: 256)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        // One read at a time, and small buffers for those that say little: a thousand connections must be cheap.
        .childChannelOption(.maxMessagesPerRead, value: 1)
        .childChannelOption(
          .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 65_536)
        )
        .childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { child in
          child.eventLoop.makeCompletedFuture {
            let service = Service(
              configuration: configuration, handlers: handlers, connections: connections.value, tally: tally,
              logger: logger)
            try child.pipeline.syncOperations.addHandler(ProtocolSniffer(service: service))
          }
        }
      let channel = try await Self.bind(bootstrap, configuration)
      logger?.info(
        "Serving TCP", metadata: ["address": "\(channel.localAddress.map(String.init(describing:)) ?? "-")"])
      return BoundServer(channel: channel, connections: connections, tally: tally)
    } catch {
      throw DaemonServerError(binding: error, host: configuration.host, port: configuration.port)
    }
  }

  /// Binds a numeric address without asking the resolver, which costs memory and may be missing in a static program.
  private static func bind(_ bootstrap: ServerBootstrap, _ configuration: Configuration) async throws -> any Channel {
    if let address = try? SocketAddress(ipAddress: configuration.host, port: configuration.port) {
      return try await bootstrap.bind(to: address).get()
    }
    return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
  }
}

/// What the handlers of a connection share.
struct Service {
  let configuration: DaemonServer.Configuration
  let handlers: DaemonServer.Handlers
  let connections: Connections
  let tally: Tally
  let logger: Logger?
}
