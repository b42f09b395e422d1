/// Where an HTTP server is: `http://127.0.0.1:2000`, with a path when its API does not begin at `/`.
public struct HTTPEndpoint: Hashable, Sendable {
  public var host: String
  public var port: Int
  /// What stands before every request's path: empty, or `/` and more, without a `/` at its end.
  public var basePath: String

  public init(host: String, port: Int, basePath: String = "") {
    self.host = host
    self.port = port
    self.basePath = basePath
  }

  /// Reads `http://host[:port][/path]`; IPv6 addresses stand in brackets. `nil` for anything else, such as
  /// other schemes, user names and queries.
  public init?(_ text: String) {
    let scheme = "http://"
    guard text.prefix(scheme.count).lowercased() == scheme else { return nil }
    var rest = text.dropFirst(scheme.count)
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
    var port = 80
    if rest.first == ":" {
      guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
      port = Int(number)
    } else if !rest.isEmpty {
      return nil
    }
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#".utf8.contains($0) }) else { return nil }
    self.init(host: String(host), port: port, basePath: String(path.last == "/" ? path.dropLast() : path))
  }

  /// `host:port`, as in a `Host` header.
  public var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == 80 ? name : "\(name):\(port)"
  }
}

extension HTTPEndpoint: CustomStringConvertible {
  public var description: String { "http://\(authority)\(basePath)" }
}
