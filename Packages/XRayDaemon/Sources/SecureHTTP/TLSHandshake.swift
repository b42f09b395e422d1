import NIOCore
import NIOSSL
import NIOTLS
import XRayHTTP

/// Waits until TLS is established on a connection, then leaves its pipeline.
final class TLSHandshake: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let server: String
  /// `nil` when certificates are not looked at.
  private let identity: ServerIdentity?
  private let established: EventLoopPromise<Void>
  private var isDone = false

  private init(server: String, _ identity: ServerIdentity?, _ established: EventLoopPromise<Void>) {
    self.server = server
    self.identity = identity
    self.established = established
  }

  /// Adds TLS to a connected channel. Fails with an `HTTPClientError` that says what is wrong with the server's
  /// certificate. On the channel's event loop.
  static func perform(on channel: any Channel, _ endpoint: HTTPEndpoint, _ tls: TLSContext) -> EventLoopFuture<Void> {
    let established = channel.eventLoop.makePromise(of: Void.self)
    do {
      let identity = ServerIdentity(host: endpoint.host)
      let handshake = TLSHandshake(server: endpoint.authority, tls.isChecking ? identity : nil, established)
      // An address has no place in SNI.
      let name = identity.address == nil ? endpoint.host : nil
      let handler = try NIOSSLClientHandler(context: tls.get(), serverHostname: name)
      // The waiting handler first: TLS begins as soon as its own is in the pipeline of a connected channel.
      try channel.pipeline.syncOperations.addHandler(handshake)
      try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    } catch {
      established.fail(HTTPClientError(.untrusted, server: endpoint.authority, detail: "\(error)"))
    }
    return established.futureResult
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event, !isDone {
      if let identity, !isNamed(identity, context) {
        fail(HTTPClientError(.untrusted, server: server, detail: Self.otherName))
        return context.close(promise: nil)
      }
      isDone = true
      context.pipeline.syncOperations.removeHandler(self).cascade(to: established)
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func isNamed(_ identity: ServerIdentity, _ context: ChannelHandlerContext) -> Bool {
    guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return false }
    return identity.isNamed(by: certificate)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(HTTPClientError(.untrusted, server: server, detail: Self.detail(error)))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(HTTPClientError(.closed, server: server, detail: "during the TLS handshake"))
    context.fireChannelInactive()
  }

  private func fail(_ error: HTTPClientError) {
    if isDone { return }
    isDone = true
    established.fail(error)
  }

  private static let otherName = "the server's certificate is for another name"

  private static func detail(_ error: any Error) -> String {
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      return "no trusted authority signed the server's certificate, or it has expired (CERTIFICATE_VERIFY_FAILED)"
    }
    if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
      return "\(otherName): \(text)"
    }
    if text.contains("WRONG_VERSION_NUMBER") { return "the server does not speak TLS there (WRONG_VERSION_NUMBER)" }
    return text
  }
}
