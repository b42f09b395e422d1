public import NIOHTTP1

extension DaemonServer {
  /// What the server asks the daemon. All but ``forward`` and the application's answers are called on the event loop: they must return at once.
  public struct Handlers: Sendable {
    /// Takes a copy of a document. Its second argument tells whether the document is lost when there is no room: then,
    /// and only then, the daemon has to count it as dropped. Otherwise the server tries again, or tells the sender.
    public var accept: @Sendable (_ document: Span<UInt8>, _ isLastTry: Bool) -> Acceptance
    /// Counts what a stream brought in place of a document, by reason.
    public var reject: @Sendable (_ reason: String) -> Void
    /// Passes a request on to X-Ray, signed. Cancelled when the client or the time is gone.
    public var forward: @Sendable (ProxyRequest) async -> ProxyResponse
    /// Why the daemon is not ready; empty when it is.
    public var unreadiness: @Sendable () -> [String]
    /// The metrics in Prometheus' text format.
    public var metrics: @Sendable () -> String
    /// What answers in place of ``forward`` and ``metrics``, if more than a daemon does.
    public var application: Application?

    /// By default the daemon is ready, has no metrics, does not count what a stream brought wrongly, and passes nothing
    /// on.
    public init(
      accept: @escaping @Sendable (_ document: Span<UInt8>, _ isLastTry: Bool) -> Acceptance,
      reject: @escaping @Sendable (_ reason: String) -> Void = { _ in },
      forward: @escaping @Sendable (ProxyRequest) async -> ProxyResponse = { _ in ProxyResponse(status: 502) },
      unreadiness: @escaping @Sendable () -> [String] = { [] },
      metrics: @escaping @Sendable () -> String = { "" },
      application: Application? = nil
    ) {
      self.accept = accept
      self.reject = reject
      self.forward = forward
      self.unreadiness = unreadiness
      self.metrics = metrics
      self.application = application
    }
  }
}

/// What the daemon did with a document.
public enum Acceptance: Hashable, Sendable {
  case accepted
  /// The buffer is full at the moment.
  case noRoom
  /// Refused for what it is.
  case rejected(reason: String)
}

/// A request that is to be passed on, without what belongs to the connection it came by.
public struct ProxyRequest: Sendable {
  /// `POST`.
  public var method: HTTPMethod
  /// One of ``DaemonServer/Configuration/proxiedPaths``, without query.
  public var path: String
  /// Those of ``DaemonServer/Configuration/proxiedHeaders`` that the request had.
  public var headers: HTTPHeaders
  /// At most ``DaemonServer/Configuration/proxyBodyBytes``.
  public var body: [UInt8]

  /// A request of the parts given.
  public init(method: HTTPMethod = .POST, path: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.method = method
    self.path = path
    self.headers = headers
    self.body = body
  }
}

/// The answer to a request that was passed on.
public struct ProxyResponse: Sendable {
  /// 200 to 599; anything else becomes 502.
  public var status: Int
  /// Headers that belong to the connection, and the length, are replaced by the server's own.
  public var headers: HTTPHeaders
  /// Sent as it is.
  public var body: [UInt8]

  /// A response of the parts given.
  public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}
