import NIOCore
import NIOHTTP1

/// Refuses what a web page could send from a browser on this machine: requests under a foreign host name, which a
/// name server can point at a loopback address at any time, and posts from other sites.
struct Admission {
  /// Names in lower case; `nil` when any is good.
  private let hosts: Set<String>?

  init(_ configuration: DaemonServer.Configuration) {
    let bound = configuration.host.lowercased()
    if configuration.allowedHosts.isEmpty, !Self.isLoopback(bound) {
      hosts = nil
    } else {
      hosts = Set(configuration.allowedHosts.map { Self.name($0.lowercased()) ?? $0.lowercased() } + [bound])
    }
  }

  func check(_ head: HTTPRequestHead) throws(RefusedRequest) {
    let given = head.headers["Host"]
    guard given.count == 1 || given.isEmpty && head.version == .http1_0 else {
      throw RefusedRequest(.malformedRequest, .badRequest, "one Host header is needed")
    }
    if let hosts, let host = given.first {
      guard let name = Self.name(host.lowercased()) else {
        throw RefusedRequest(.malformedRequest, .badRequest, "malformed Host header")
      }
      guard hosts.contains(name) || Self.isLoopback(name) || Self.isNumeric(name) else {
        throw RefusedRequest(.host, .forbidden, "this daemon does not serve under that host name")
      }
    }
    guard head.method != .GET, head.method != .HEAD else { return }
    for origin in head.headers["Origin"] {
      guard let host = given.first, Self.authority(ofOrigin: origin.lowercased()) == host.lowercased() else {
        throw RefusedRequest(.origin, .forbidden, "requests from other sites are refused")
      }
    }
  }

  /// The name in `name:port` or `[address]:port`, without a dot at its end; `nil` for what is neither.
  static func name(_ host: String) -> String? {
    let name: Substring
    let rest: Substring
    if host.first == "[" {
      guard let end = host.firstIndex(of: "]") else { return nil }
      name = host[host.index(after: host.startIndex)..<end]
      rest = host[host.index(after: end)...]
    } else {
      name = host.prefix { $0 != ":" }
      rest = host.dropFirst(name.count)
    }
    guard !name.isEmpty, rest.isEmpty || rest.first == ":" && rest.dropFirst().allSatisfy(\.isNumber) else {
      return nil
    }
    return String(name.last == "." ? name.dropLast() : name)
  }

  private static func authority(ofOrigin origin: String) -> String? {
    for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
      return String(origin.dropFirst(scheme.count))
    }
    return nil
  }

  private static func isNumeric(_ name: String) -> Bool { (try? SocketAddress(ipAddress: name, port: 0)) != nil }

  /// Of a name in lower case, without a port.
  static func isLoopback(_ name: String) -> Bool {
    if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
    return name.hasPrefix("127.") && isNumeric(name)
  }
}
