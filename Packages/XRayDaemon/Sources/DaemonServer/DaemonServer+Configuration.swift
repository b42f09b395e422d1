extension DaemonServer {
  /// What can be set. All times bound what a slow or silent client can hold; all sizes bound memory.
  public struct Configuration: Sendable {
    /// Where to listen: a name or a numeric address.
    public var host = "127.0.0.1"
    /// 0 asks for a free port.
    public var port = 2000
    /// Paths that are passed on with the daemon's credentials. What SDKs need, and no more: with the daemon's rights
    /// whoever reaches the port could else read all traces.
    public var proxiedPaths: Set<String> = ["/GetSamplingRules", "/SamplingTargets"]
    /// Request headers that are passed on; all others, such as `Authorization` and `Cookie`, stay here.
    public var proxiedHeaders: Set<String> = [
      "accept", "amz-sdk-invocation-id", "amz-sdk-request", "content-type", "user-agent", "x-amzn-xray-timestamp",
    ]
    /// Names that clients may call the server by, beside loopback names, the bound one and numeric addresses. On
    /// an address that is not loopback, empty means any.
    public var allowedHosts: Set<String> = []
    /// Connections at the same time. Beyond, the longest idle HTTP connection is closed for a new one; without
    /// an idle one the new one is refused.
    public var connections = 256
    /// How many of them may be streams of documents, so that health can always be asked for.
    public var streams = 192
    /// Bytes that a request's line and headers may have.
    public var headerBytes = 16 << 10
    /// Bytes that the body of a proxied request may have.
    public var proxyBodyBytes = 1 << 20
    /// Bytes that the body of `POST /TraceSegments` may have: 50 documents of 64 KB, escaped, and some.
    public var segmentsBodyBytes = 5_000_000
    /// Bytes of request bodies held at the same time, over all connections.
    public var bodyMemory = 16 << 20
    /// Bytes of one document. X-Ray: 64 KB. A frame may have 1,025 more, for the longest header line.
    public var documentBytes = 65_536
    /// From the first byte to the end of the headers.
    public var headerTimeout = Duration.seconds(5)
    /// From the end of the headers to the last byte of the response; for a streamed document, from first byte to last.
    public var requestTimeout = Duration.seconds(30)
    /// How long an HTTP connection may wait for its next request.
    public var idleTimeout = Duration.seconds(60)
    /// How long a stream may wait for its next document.
    public var streamIdleTimeout = Duration.seconds(600)
    /// How long a streamed document waits for room before it is lost. Meanwhile its connection is not read.
    public var roomTimeout = Duration.seconds(10)

    /// The defaults.
    public init() {}

    /// Whether ``host`` is an address, or a name for one, that only this machine can reach.
    public var isLoopback: Bool { Admission.isLoopback(host.lowercased()) }

    /// Bytes of one frame: the longest header line, its line feed, and a document.
    var frameBytes: Int { documentBytes + 1025 }
  }
}
