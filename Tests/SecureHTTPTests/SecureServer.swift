import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import XRayHTTP

/// A server on loopback with TLS that answers every request with `hello`, and notes the names it was called by.
final class SecureServer: Sendable {
  private let context: NIOSSLContext
  private let state = Mutex<(port: Int, names: [String?])>((0, []))

  var port: Int { state.withLock { $0.port } }
  /// The names that clients gave by SNI, one for each connection.
  var names: [String?] { state.withLock { $0.names } }

  private init() throws {
    let files = try Certificates.made.get()
    let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
    let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
    context = try NIOSSLContext(
      configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
  }

  static func run<Result>(_ body: (SecureServer) async throws -> Result) async throws -> Result {
    let server = try SecureServer()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let sni = ByteToMessageHandler(SNIHandler { name in server.serve(channel, calledBy: name) })
          try channel.pipeline.syncOperations.addHandler(sni)
        }
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

  private func serve(_ channel: any Channel, calledBy name: SNIResult) -> EventLoopFuture<Void> {
    let text: String? = if case .hostname(let name) = name { name } else { nil }
    state.withLock { $0.names.append(text) }
    return channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(NIOSSLServerHandler(context: self.context))
      try pipeline.configureHTTPServerPipeline()
      try pipeline.addHandler(Greeting())
    }
  }

  private final class Greeting: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      context.write(
        wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: ["Content-Length": "5"]))),
        promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "hello")))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
