public import NIOCore
public import NIOHTTP1

/// How a client's connections are made when TCP to the endpoint alone is not enough: with TLS, through a proxy.
///
/// A client for `https` fails with ``HTTPClientError/Reason/noTLS`` without a transport that prepares connections.
public struct HTTPTransport: Sendable {
  /// Makes a new connection ready for requests to the endpoint, such as by a TLS handshake. HTTP is spoken above
  /// the handlers that it added, from when its future succeeds. An `HTTPClientError` is passed on to the caller.
  ///
  /// Called on the connection's event loop. The client's deadline closes the connection, which must fail the future.
  public typealias Preparation = @Sendable (any Channel, HTTPEndpoint) -> EventLoopFuture<Void>

  /// Where connections go instead of the endpoint's host and port.
  public var proxy: HTTPEndpoint?
  /// Whether requests name their whole URL, as a proxy for plain HTTP takes them.
  public var namesWholeURL: Bool
  /// What each request says besides its own headers.
  public var headers: HTTPHeaders
  /// `nil`: a connection is ready at once.
  public var prepare: Preparation?

  public init(
    proxy: HTTPEndpoint? = nil, namesWholeURL: Bool = false, headers: HTTPHeaders = [:], prepare: Preparation? = nil
  ) {
    self.proxy = proxy
    self.namesWholeURL = namesWholeURL
    self.headers = headers
    self.prepare = prepare
  }

  /// TCP to the endpoint and nothing else.
  public static let plain = HTTPTransport()
}
