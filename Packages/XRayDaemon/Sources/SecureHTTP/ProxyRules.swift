public import XRayHTTP

/// Which requests go through a proxy, and which one.
///
/// `HTTPS_PROXY` (or `https_proxy`) serves `https` only; an address given by the user, as the daemon's `-p`, serves
/// every request. Hosts of `NO_PROXY` (or `no_proxy`) are reached directly, and so is this machine itself.
public struct ProxyRules: Hashable, Sendable {
  private var given: OutgoingProxy?
  private var secure: OutgoingProxy?
  private var exceptions: [String] = []

  /// No proxy.
  public init() {}

  /// - Parameters:
  ///   - address: What the user gave; empty or `nil` leaves the environment to decide.
  ///   - environment: The process's variables.
  public init(address: String?, environment: [String: String]) throws(OutgoingProxyError) {
    func variable(_ name: String) -> String? {
      [name, name.lowercased()].compactMap { environment[$0] }.first { !$0.isEmpty }
    }
    if let address, !address.isEmpty {
      given = try OutgoingProxy(address)
    } else if let url = variable("HTTPS_PROXY") {
      secure = try OutgoingProxy(url)
    }
    exceptions = (variable("NO_PROXY") ?? "").lowercased().split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// `nil`: directly.
  public func proxy(for endpoint: HTTPEndpoint) -> OutgoingProxy? {
    guard let proxy = given ?? (endpoint.isSecure ? secure : nil), !isLocal(endpoint.host),
      !exceptions.contains(where: { covers($0, endpoint) })
    else { return nil }
    return proxy
  }

  private func isLocal(_ host: String) -> Bool {
    host.lowercased() == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.utf8.allSatisfy { $0 < 0x3A })
  }

  /// `*`, `host`, `.domain` or `*.domain` (its subdomains), each perhaps with a port. A bare domain has its
  /// subdomains too, as curl and Go read it.
  private func covers(_ exception: String, _ endpoint: HTTPEndpoint) -> Bool {
    if exception == "*" { return true }
    var name = exception[...]
    if let colon = name.lastIndex(of: ":"), name[..<colon].firstIndex(of: ":") == nil || name.first == "[" {
      if let port = Int(name[name.index(after: colon)...]) {
        guard port == endpoint.port else { return false }
        name = name[..<colon]
      }
    }
    if name.first == "[" { name = name.dropFirst().prefix { $0 != "]" } }
    if name.hasPrefix("*") { name = name.dropFirst() }
    let host = endpoint.host.lowercased()
    return name.first == "." ? host.hasSuffix(name) : !name.isEmpty && (host == name || host.hasSuffix(".\(name)"))
  }
}
