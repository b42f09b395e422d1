public import XRayHTTP

/// A proxy for requests that leave the machine, as `http://[user:password@]host:port`.
public struct OutgoingProxy: Hashable, Sendable {
  /// Where the proxy listens.
  public var endpoint: HTTPEndpoint
  /// The value of `Proxy-Authorization`: a secret.
  var authorization: String?

  /// Reads the proxy's URL. `http://` may be left out; user and password may be percent-encoded.
  public init(_ url: String) throws(OutgoingProxyError) {
    var rest = url[...]
    if let scheme = rest.firstRange(of: "://") {
      guard rest[..<scheme.lowerBound].lowercased() == "http" else {
        throw OutgoingProxyError(.unsupportedScheme, proxy: Self.hidingUser(url))
      }
      rest = rest[scheme.upperBound...]
    }
    let authority = rest.prefix { $0 != "/" }
    let at = authority.lastIndex(of: "@")
    let server = at.map { authority[authority.index(after: $0)...] } ?? authority
    guard let endpoint = HTTPEndpoint("http://\(server)"), let user = Self.decoded(at.map { authority[..<$0] } ?? "")
    else { throw OutgoingProxyError(.malformed, proxy: Self.hidingUser(url)) }
    self.endpoint = endpoint
    if at != nil { authorization = "Basic " + Base64.encode(user) }
  }

  /// `%40` becomes `@`; `nil` when a `%` begins no byte.
  private static func decoded(_ text: Substring) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        result.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      result.append(value)
      rest = rest.dropFirst(2)
    }
    return result
  }

  private static func hidingUser(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@") else { return url }
    return "…" + url[at...]
  }
}

extension OutgoingProxy: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Without user and password.
  public var description: String { endpoint.description }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint]) }
}

/// Why a proxy's URL cannot be used.
public struct OutgoingProxyError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    /// Connections to the proxy itself are plain; through it they have TLS.
    case unsupportedScheme = "is not a proxy of scheme http"
    case malformed = "is not of the form http://[user:password@]host:port"
  }

  public var reason: Reason
  /// The URL, without user and password.
  public var proxy: String

  init(_ reason: Reason, proxy: String) {
    self.reason = reason
    self.proxy = proxy
  }

  public var description: String { "proxy \(proxy) \(reason.rawValue)" }
}
