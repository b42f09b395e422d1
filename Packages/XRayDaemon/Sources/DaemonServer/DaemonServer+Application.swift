public import NIOCore
public import NIOHTTP1

extension DaemonServer {
  /// What answers behind the server when more than a daemon does: then only `/healthz` and `/readyz` are the server's
  /// own, and everything else is the application's, `/metrics` and `/TraceSegments` too. Nothing is passed on.
  public struct Application: Sendable {
    /// What there is at a path, without query; `nil` is answered with 404. Called on the event loop, at most once for a
    /// request: it must return at once.
    public var resource: @Sendable (_ path: String) -> Resource?
    /// Answers a request whose method and size fit its resource. Runs beside the event loop, and is cancelled when the
    /// client or the time is gone.
    public var answer: @Sendable (Request) async -> Response

    /// An application of the two parts.
    public init(
      resource: @escaping @Sendable (_ path: String) -> Resource?,
      answer: @escaping @Sendable (Request) async -> Response
    ) {
      self.resource = resource
      self.answer = answer
    }

    /// What a path takes.
    public struct Resource: Equatable, Sendable {
      /// Others are answered with 405; `HEAD` is taken where `GET` is.
      public var methods: [HTTPMethod]
      /// Bytes that a request's body may have, as it is sent; more is answered with 413.
      public var bodyBytes: Int
      /// What requests are counted under: one of few names. `nil` is the path, where paths are few.
      public var name: String?
      /// How long the answer may take once the request is whole; `nil` is what the request's own time leaves.
      public var answerTime: Duration?

      /// A resource of the parts given.
      public init(methods: [HTTPMethod], bodyBytes: Int = 0, name: String? = nil, answerTime: Duration? = nil) {
        self.methods = methods.contains(.GET) ? methods + [.HEAD] : methods
        self.bodyBytes = bodyBytes
        self.name = name
        self.answerTime = answerTime
      }
    }

    /// A request that came in whole.
    public struct Request: Sendable {
      /// The line and all headers as they were sent.
      public var head: HTTPRequestHead
      /// At most ``Resource/bodyBytes``, as it was sent: not decompressed.
      public var body: ByteBuffer

      /// A request of the parts given.
      public init(head: HTTPRequestHead, body: ByteBuffer = ByteBuffer()) {
        self.head = head
        self.body = body
      }

      /// Of the request's target, without query.
      public var path: String { String(head.uri.prefix { $0 != "?" }) }
    }

    /// The answer. The server adds the length, leaves out the body where the method or the status has none, and ends
    /// the connection when it must.
    public struct Response: Sendable {
      /// 200 or more.
      public var status: HTTPResponseStatus
      /// Without those that belong to a connection.
      public var headers: HTTPHeaders
      /// Sent as it is.
      public var body: ByteBuffer

      /// A response of the parts given.
      public init(status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
      }
    }
  }
}
