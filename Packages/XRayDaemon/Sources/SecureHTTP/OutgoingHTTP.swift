public import NIOCore
import NIOHTTP1
public import XRayHTTP

/// Makes HTTP clients for servers elsewhere: with TLS where the endpoint is `https`, and through the machine's
/// proxy where it has one.
public struct OutgoingHTTP: Sendable {
  private let tls: TLSContext
  private let proxies: ProxyRules
  private let eventLoopGroup: (any EventLoopGroup)?

  /// - Parameters:
  ///   - certificates: Read when the first `https` connection is made, once for all clients.
  ///   - eventLoopGroup: Where the connections live; without one, on NIO's shared threads.
  public init(
    certificates: CertificateCheck = .system, proxies: ProxyRules = ProxyRules(),
    eventLoopGroup: (any EventLoopGroup)? = nil
  ) {
    tls = TLSContext(certificates)
    self.proxies = proxies
    self.eventLoopGroup = eventLoopGroup
  }

  /// A client for `endpoint`; the caller closes it.
  public func client(
    for endpoint: HTTPEndpoint, deadline: Duration = .seconds(10), bodyLimit: Int = 16 << 20
  ) -> HTTPClient {
    HTTPClient(
      endpoint: endpoint, deadline: deadline, bodyLimit: bodyLimit, transport: transport(to: endpoint),
      eventLoopGroup: eventLoopGroup)
  }

  /// How a client reaches `endpoint`.
  public func transport(to endpoint: HTTPEndpoint) -> HTTPTransport {
    let proxy = proxies.proxy(for: endpoint)
    guard endpoint.isSecure else {
      guard let proxy else { return .plain }
      let headers = proxy.authorization.map { [("Proxy-Authorization", $0)] } ?? []
      return HTTPTransport(proxy: proxy.endpoint, namesWholeURL: true, headers: HTTPHeaders(headers))
    }
    let tls = tls
    return HTTPTransport(proxy: proxy?.endpoint) { channel, endpoint in
      guard let proxy else { return TLSHandshake.perform(on: channel, endpoint, tls) }
      return ProxyTunnel.open(on: channel, to: endpoint, by: proxy).flatMap {
        TLSHandshake.perform(on: channel, endpoint, tls)
      }
    }
  }
}
