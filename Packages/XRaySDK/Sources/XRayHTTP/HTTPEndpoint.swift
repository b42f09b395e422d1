/// Where an HTTP server is: `http://127.0.0.1:2000`, with a path when its API does not begin at `/`.
public struct HTTPEndpoint: Hashable, Sendable {
  public var host: String
  public var port: Int
  /// What stands before every request's path: empty, or `/` and more, without a `/` at its end.
  public var basePath: String
  /// Whether the scheme is `https`: a client needs an ``HTTPTransport`` with TLS then.
  public var isSecure: Bool

  /// Takes the parts as they are; the other initializers look at what they read.
  public init(host: String, port: Int, basePath: String = "", isSecure: Bool = false) {
    self.host = host
    self.port = port
    self.basePath = basePath
    self.isSecure = isSecure
  }

  /// Reads `http://host[:port][/path]`; IPv6 addresses stand in brackets. `nil` for anything else, such as
  /// other schemes, user names and queries. For those who have no TLS: `https` is read by ``init(url:)``.
  public init?(_ text: String) {
    self.init(url: text)
    if isSecure { return nil }
  }

  /// Reads `http://host[:port][/path]` and the same with `https`, whose default port is 443.
  public init?(url: String) {
    let isSecure: Bool
    switch url.prefix(while: { $0 != ":" }).lowercased() {
    case "http": isSecure = false
    case "https": isSecure = true
    default: return nil
    }
    var rest = url.drop { $0 != ":" }
    guard rest.hasPrefix("://") else { return nil }
    rest = rest.dropFirst(3)
    let path = rest.drop { $0 != "/" }
    rest = rest.prefix { $0 != "/" }

    let host: Substring
    if rest.first == "[" {
      host = rest.dropFirst().prefix { $0 != "]" }
      rest = rest.dropFirst(host.count + 1)
      guard rest.first == "]" else { return nil }
      rest = rest.dropFirst()
    } else {
      host = rest.prefix { $0 != ":" }
      rest = rest.dropFirst(host.count)
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"@?#[]".utf8.contains($0) }) else {
      return nil
    }
    var port = Self.defaultPort(isSecure)
    if rest.first == ":" {
      guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
      port = Int(number)
    } else if !rest.isEmpty {
      return nil
    }
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#".utf8.contains($0) }) else { return nil }
    self.init(
      host: String(host), port: port, basePath: String(path.last == "/" ? path.dropLast() : path),
      isSecure: isSecure)
  }

  private static func defaultPort(_ isSecure: Bool) -> Int { isSecure ? 443 : 80 }

  /// `host:port`, as in a `Host` header: without the port when it is the scheme's own.
  public var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == Self.defaultPort(isSecure) ? name : "\(name):\(port)"
  }
}

extension HTTPEndpoint: CustomStringConvertible {
  public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(basePath)" }
}
