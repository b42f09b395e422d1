import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on loopback that answers each request as the test wants, or leaves it waiting.
final class AnsweringServer: Sendable {
  struct Request: Sendable {
    var head: HTTPRequestHead
    var body: String

    var line: String { "\(head.method.rawValue) \(head.uri)" }
    func header(_ name: String) -> String? { head.headers.first(name: name) }
  }

  struct Answer: Sendable, ExpressibleByStringLiteral {
    var status: Int
    var body: String

    init(_ status: Int = 200, _ body: String = "") { (self.status, self.body) = (status, body) }
    init(stringLiteral body: String) { self.init(200, body) }
  }

  /// `nil` leaves the client waiting.
  typealias Script = @Sendable (Request) -> Answer?

  private let script: Script
  private let seen = Mutex<[Request]>([])
  private let port = Mutex(0)

  var requests: [Request] { seen.withLock { $0 } }
  var url: String { "http://127.0.0.1:\(port.withLock { $0 })" }

  private init(_ script: @escaping Script) { self.script = script }

  static func run<Result>(
    _ script: @escaping Script, _ body: (AnsweringServer) async throws -> Result
  ) async throws -> Result {
    let server = AnsweringServer(script)
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Connection(server))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    server.port.withLock { $0 = channel.localAddress?.port ?? 0 }
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
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: AnsweringServer
    private var request: Request?

    init(_ server: AnsweringServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): request = Request(head: head, body: "")
      case .body(let part): request?.body += String(buffer: part)
      case .end:
        guard let request else { return }
        server.seen.withLock { $0.append(request) }
        guard let answer = server.script(request) else { return }
        let length = String(answer.body.utf8.count)
        let head = HTTPResponseHead(
          version: .http1_1, status: .init(statusCode: answer.status), headers: ["Content-Length": length])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      }
    }
  }
}
