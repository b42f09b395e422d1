import NIOCore
import XRayHTTP

/// Asks a proxy for a way through to a server by `CONNECT`, then leaves the connection's pipeline.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  /// Bytes of an answer that are read at most.
  private static let answerLimit = 16_384

  private let proxy: String
  private let opened: EventLoopPromise<Void>
  private var answer = ByteBuffer()
  private var isDone = false

  private init(proxy: String, _ opened: EventLoopPromise<Void>) {
    self.proxy = proxy
    self.opened = opened
  }

  /// Fails with an `HTTPClientError` that has the proxy's answer. On the channel's event loop.
  static func open(
    on channel: any Channel, to endpoint: HTTPEndpoint, by proxy: OutgoingProxy
  ) -> EventLoopFuture<Void> {
    let opened = channel.eventLoop.makePromise(of: Void.self)
    let name = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
    let target = "\(name):\(endpoint.port)"
    var request = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
    if let authorization = proxy.authorization { request += "Proxy-Authorization: \(authorization)\r\n" }
    do {
      try channel.pipeline.syncOperations.addHandler(ProxyTunnel(proxy: proxy.endpoint.authority, opened))
      channel.writeAndFlush(ByteBuffer(string: request + "\r\n"), promise: nil)
    } catch {
      opened.fail(error)
    }
    return opened.futureResult
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var part = unwrapInboundIn(data)
    if isDone { return context.fireChannelRead(data) }
    answer.writeBuffer(&part)
    guard let end = answer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
      if answer.readableBytes > Self.answerLimit { fail("no end of its answer's headers", context) }
      return
    }
    let line = String(decoding: answer.readableBytesView.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let words = line.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].hasPrefix("HTTP/1."), words[1].hasPrefix("2") else {
      return fail(String(words.count == 2 ? words[1].prefix(200) : "no HTTP answer"), context)
    }
    isDone = true
    answer.moveReaderIndex(to: end)
    if answer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(answer)) }
    context.pipeline.syncOperations.removeHandler(self).cascade(to: opened)
  }

  typealias InboundOut = ByteBuffer

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail("\(error)", context) }

  func channelInactive(context: ChannelHandlerContext) {
    fail("connection closed", context)
    context.fireChannelInactive()
  }

  private func fail(_ detail: String, _ context: ChannelHandlerContext) {
    if isDone { return }
    isDone = true
    opened.fail(HTTPClientError(.proxyRefused, server: proxy, detail: detail))
    context.close(promise: nil)
  }
}
