import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small web server on a free loopback port: the world outside in a live run. It answers `GET` with a page, stores
/// what `PUT` brings and gives it back, and answers AWS's JSON operations with an empty object.
struct LoopbackServer {
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup

  /// Starts listening.
  static func start() async throws -> LoopbackServer {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let objects = Objects()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Answering(objects: objects))
        }
      }
    do {
      return LoopbackServer(channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get(), group: group)
    } catch {
      try await group.shutdownGracefully()
      throw error
    }
  }

  var port: Int { channel.localAddress?.port ?? 0 }

  func stop() async throws {
    try await channel.close()
    try await group.shutdownGracefully()
  }

  /// What was put, by path. Connections share it.
  private final class Objects: Sendable {
    private let stored = Mutex<[String: ByteBuffer]>([:])

    subscript(path: String) -> ByteBuffer? {
      get { stored.withLock { $0[path] } }
      set { stored.withLock { $0[path] = newValue } }
    }
  }

  private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let bodyLimit = 1 << 20
    private let objects: Objects
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(objects: Objects) { self.objects = objects }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body.clear()
      case .body(var part):
        guard body.readableBytes + part.readableBytes <= Self.bodyLimit else { return context.close(promise: nil) }
        body.writeBuffer(&part)
      case .end:
        guard let head else { return }
        let (status, content) = answer(head)
        let headers: HTTPHeaders = ["Content-Length": String(content.readableBytes), "x-amzn-RequestId": "loopback"]
        context.write(
          wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: status, headers: headers))),
          promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(content))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }

    private func answer(_ head: HTTPRequestHead) -> (HTTPResponseStatus, ByteBuffer) {
      switch head.method {
      case .PUT:
        objects[head.uri] = body
        return (.ok, ByteBuffer())
      case .POST: return (.ok, ByteBuffer(string: "{}"))
      default:
        let isPage = head.uri == "/"
        return objects[head.uri].map { (.ok, $0) } ?? (
          isPage ? .ok : .notFound, ByteBuffer(string: isPage ? "<h1>up</h1>" : "")
        )
      }
    }
  }
}
