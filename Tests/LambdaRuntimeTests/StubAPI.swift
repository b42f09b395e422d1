import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import XRayModel

/// A Runtime API on the loopback interface, which answers as a test says.
final class StubAPI: Sendable {
  struct Call: Sendable {
    var method: HTTPMethod
    var path: String
    var headers: HTTPHeaders
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    var json: JSONValue? { try? JSONValue(parsing: body.span) }
    /// `next`, `response`, `error`: the last part of the path.
    var kind: String { path.split(separator: "/").last.map { String($0) } ?? "" }
    var requestID: String { path.split(separator: "/").dropLast().last.map { String($0) } ?? "" }
  }

  enum Reply: Sendable {
    case answer(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = [])
    /// Bytes of any kind, then the end of the connection.
    case raw(String)
    /// Answers never.
    case nothing

    static let accepted = answer(status: 202, body: Array(#"{"status":"OK"}"#.utf8))

    static func event(
      _ id: String, _ body: String = "{}", deadline: Int64 = 4_000_000_000_000, headers: HTTPHeaders = [:]
    ) -> Reply {
      var all: HTTPHeaders = [
        "Lambda-Runtime-Aws-Request-Id": id, "Lambda-Runtime-Deadline-Ms": String(deadline),
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:000000000000:function:shop",
      ]
      all.add(contentsOf: headers)
      return answer(status: 200, headers: all, body: Array(body.utf8))
    }
  }

  /// What connections share. They must not hold the API itself, whose end closes the port.
  private final class Desk: Sendable {
    struct State {
      var calls: [Call] = []
      var connections = 0
    }

    let state = Mutex(State())
    let reply: @Sendable (Call) -> Reply

    init(_ reply: @escaping @Sendable (Call) -> Reply) { self.reply = reply }
  }

  private let desk: Desk
  private let channel: any Channel

  /// - Parameters:
  ///   - events: What `next` answers, one after the other; then never.
  ///   - reply: What any other call is answered with.
  static func start(
    _ events: [Reply], reply: @escaping @Sendable (Call) -> Reply = { _ in .accepted }
  ) async throws -> StubAPI {
    let remaining = Mutex(events[...])
    return try await start { call in
      guard call.kind == "next" else { return reply(call) }
      return remaining.withLock { $0.popFirst() } ?? .nothing
    }
  }

  private static func start(_ reply: @escaping @Sendable (Call) -> Reply) async throws -> StubAPI {
    let desk = Desk(reply)
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        desk.state.withLock { $0.connections += 1 }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 2 << 20
        try channel.pipeline.syncOperations.addHandlers(
          HTTPResponseEncoder(), ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)), Connection(desk))
      }
    }
    return StubAPI(try await bootstrap.bind(host: "127.0.0.1", port: 0).get(), desk)
  }

  private init(_ channel: any Channel, _ desk: Desk) {
    self.channel = channel
    self.desk = desk
  }

  deinit { channel.close(promise: nil) }

  func stop() async { try? await channel.close() }

  var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
  var calls: [Call] { desk.state.withLock { $0.calls } }
  /// All but those for the next event.
  var posts: [Call] { calls.filter { $0.method == .POST } }
  var connections: Int { desk.state.withLock { $0.connections } }

  private final class Connection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let desk: Desk
    private var call = Call(method: .GET, path: "", headers: [:], body: [])

    init(_ desk: Desk) { self.desk = desk }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): call = Call(method: head.method, path: head.uri, headers: head.headers, body: [])
      case .body(let part): call.body += part.readableBytesView
      case .end:
        let reply = desk.reply(call)
        desk.state.withLock { $0.calls.append(call) }
        send(reply, context)
      }
    }

    private func send(_ reply: Reply, _ context: ChannelHandlerContext) {
      switch reply {
      case .answer(let status, var headers, let body):
        headers.replaceOrAdd(name: "Content-Length", value: String(body.count))
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        if headers["Connection"].contains("close") { context.close(promise: nil) }
      case .raw(let text):
        // Past the encoder, which writes only what is HTTP.
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self) else {
          return context.close(promise: nil)
        }
        encoder.writeAndFlush(NIOAny(ByteBuffer(string: text))).whenComplete { _ in bound.value.close(promise: nil) }
      case .nothing: break
      }
    }
  }
}
