/// What the daemon says when it starts, in this order and in the words that scripts search for.
public enum StartupLine: Hashable, Sendable, CustomStringConvertible {
  case initializing(version: String)
  case bufferMemory(megabytes: Int)
  /// The official daemon's 64 KB buffers in that memory. Here a document takes its own size instead.
  case buffers(megabytes: Int)
  case region(String)
  case endpoint(String)
  case proxy(ListenAddress)

  public var description: String {
    switch self {
    case .initializing(let version): "Initializing AWS X-Ray daemon \(version)"
    case .bufferMemory(let megabytes): "Using buffer memory limit of \(megabytes) MB"
    case .buffers(let megabytes): "\(megabytes * 16) segment buffers allocated"
    case .region(let region): "Using region: \(region)"
    case .endpoint(let url): "HTTP Proxy server using X-Ray Endpoint : \(url)"
    case .proxy(let address): "Starting proxy http server on \(address)"
    }
  }
}
