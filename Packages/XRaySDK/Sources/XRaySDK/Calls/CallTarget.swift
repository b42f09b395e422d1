/// What is recorded of the URL of a call: no query, no fragment, no user and no password.
package struct CallTarget: Sendable {
  package var url: String
  /// Without the port; the whole URL when it has no host.
  package var host: String

  package init(url text: String) {
    let plain = text.prefix { $0 != "?" && $0 != "#" }
    guard let scheme = plain.firstRange(of: "://") else {
      url = String(plain)
      host = String(plain.prefix { $0 != "/" })
      return
    }
    let authority = plain[scheme.upperBound...].prefix { $0 != "/" }
    let path = plain[authority.endIndex...]
    let server = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    url = String(plain[..<scheme.upperBound] + server + path)
    if server.hasPrefix("["), let bracket = server.firstIndex(of: "]") {
      host = String(server[server.index(after: server.startIndex)..<bracket])
    } else {
      host = String(server.prefix { $0 != ":" })
    }
    if host.isEmpty { host = url }
  }
}
