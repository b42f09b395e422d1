import NIOCore
import NIOPosix
import Synchronization

/// A proxy on loopback: leads every `CONNECT` to one port of this machine, or answers with bytes of the test's choice.
final class ProxyServer: Sendable {
  private let target: Int
  private let answer: String?
  private let state = Mutex<(port: Int, heads: [String])>((0, []))

  var port: Int { state.withLock { $0.port } }
  /// The heads of the requests that it got.
  var heads: [String] { state.withLock { $0.heads } }

  private init(target: Int, answer: String?) { (self.target, self.answer) = (target, answer) }

  static func run<Result>(
    target: Int = 0, answer: String? = nil, _ body: (ProxyServer) async throws -> Result
  ) async throws -> Result {
    let server = ProxyServer(target: target, answer: answer)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Connection(server)) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    server.state.withLock { $0.port = channel.localAddress?.port ?? 0 }
    do {
      let result = try await body(server)
      try await channel.close()
      return result
    } catch {
      try? await channel.close()
      throw error
    }
  }

  private final class Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: ProxyServer
    private var head = ""
    private var other: (any Channel)?

    init(_ server: ProxyServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let part = unwrapInboundIn(data)
      if let other { return other.writeAndFlush(part, promise: nil) }
      head += String(buffer: part)
      guard head.hasSuffix("\r\n\r\n") else { return }
      server.state.withLock { $0.heads.append(head) }
      head = ""
      if let answer = server.answer {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        return
      }
      let (channel, this) = (context.channel, NIOLoopBound(self, eventLoop: context.eventLoop))
      ClientBootstrap(group: context.eventLoop)
        .channelInitializer { upstream in
          upstream.eventLoop.makeCompletedFuture { try upstream.pipeline.syncOperations.addHandler(Back(channel)) }
        }
        .connect(host: "127.0.0.1", port: server.target)
        .whenSuccess { upstream in
          this.value.other = upstream
          channel.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 Connection established\r\n\r\n"), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { other?.close(promise: nil) }
  }

  private final class Back: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(_ client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { client.close(promise: nil) }
  }
}
