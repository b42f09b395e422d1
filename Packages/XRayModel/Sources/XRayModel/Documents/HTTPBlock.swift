/// The `http` block: the request that a segment served, or that a subsegment sent.
public struct HTTPBlock: Hashable, Sendable {
  public struct Request: Hashable, Sendable {
    public var method: String?
    public var url: String?
    public var userAgent: String?
    public var clientIP: String?
    /// Whether ``clientIP`` came from an `X-Forwarded-For` header.
    public var isForwarded: Bool?
    /// Whether the callee will send a segment of its own.
    public var isTraced: Bool?
    public var other = JSONObject()

    public init(method: String? = nil, url: String? = nil) {
      self.method = method
      self.url = url
    }
  }

  public struct Response: Hashable, Sendable {
    public var status: Int?
    /// Bytes; -1 where the sender did not know.
    public var contentLength: Int?
    public var other = JSONObject()

    public init(status: Int? = nil, contentLength: Int? = nil) {
      self.status = status
      self.contentLength = contentLength
    }
  }

  public var request: Request?
  public var response: Response?
  public var other = JSONObject()

  public init(request: Request? = nil, response: Response? = nil) {
    self.request = request
    self.response = response
  }
}
