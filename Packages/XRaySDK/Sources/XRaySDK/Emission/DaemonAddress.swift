/// Where the X-Ray daemon listens: UDP takes segment documents, TCP answers for sampling rules.
///
/// Written as in `AWS_XRAY_DAEMON_ADDRESS`: `host:port` for both, or `tcp:host:port udp:host:port` in either
/// order. A comma between the two is accepted, since one SDK's manual shows it.
public struct DaemonAddress: Hashable, Sendable {
  public struct Endpoint: Hashable, Sendable {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
      self.host = host
      self.port = port
    }
  }

  public var udp: Endpoint
  public var tcp: Endpoint

  /// 127.0.0.1:2000, where a daemon listens unless told otherwise.
  public static let `default` = DaemonAddress(udp: .init(host: "127.0.0.1", port: 2000))

  public init(udp: Endpoint, tcp: Endpoint? = nil) {
    self.udp = udp
    self.tcp = tcp ?? udp
  }

  public init(parsing text: String) throws(DaemonAddressError) {
    let parts = text.split(omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" || $0 == "," }
    guard let first = parts.first, text.hasPrefix(first), let last = parts.last, text.hasSuffix(last) else {
      throw DaemonAddressError(.wrongForm, address: text)
    }
    let endpoints = parts.map(Self.withoutPrefix)
    switch endpoints.count {
    case 1:
      guard endpoints[0].prefix == nil else { throw DaemonAddressError(.onlyOneProtocol, address: text) }
      self.init(udp: try Endpoint(endpoints[0].rest, in: text))
    case 2:
      guard let udp = endpoints.first(where: { $0.prefix == "udp:" }),
        let tcp = endpoints.first(where: { $0.prefix == "tcp:" })
      else { throw DaemonAddressError(.onlyOneProtocol, address: text) }
      self.init(udp: try Endpoint(udp.rest, in: text), tcp: try Endpoint(tcp.rest, in: text))
    default: throw DaemonAddressError(.wrongForm, address: text)
    }
  }

  private static func withoutPrefix(_ part: Substring) -> (prefix: String?, rest: Substring) {
    for prefix in ["udp:", "tcp:"] where part.lowercased().hasPrefix(prefix) {
      return (prefix, part.dropFirst(prefix.utf8.count))
    }
    return (nil, part)
  }
}

extension DaemonAddress.Endpoint {
  fileprivate init(_ text: Substring, in address: String) throws(DaemonAddressError) {
    guard let colon = text.lastIndex(of: ":") else { throw DaemonAddressError(.noPort, address: address) }
    guard let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      throw DaemonAddressError(.badPort, address: address)
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw DaemonAddressError(.badHost, address: address)
    }
    guard !host.isEmpty, !host.contains("/"), !host.contains("[") else {
      throw DaemonAddressError(.badHost, address: address)
    }
    self.init(host: String(host), port: port)
  }
}

extension DaemonAddress: CustomStringConvertible {
  public var description: String { udp == tcp ? udp.description : "tcp:\(tcp) udp:\(udp)" }
}

extension DaemonAddress.Endpoint: CustomStringConvertible {
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Why `AWS_XRAY_DAEMON_ADDRESS` was not accepted.
public struct DaemonAddressError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case wrongForm = "is neither host:port nor \"tcp:host:port udp:host:port\""
    case onlyOneProtocol = "names only one of tcp and udp: give both, or host:port for both"
    case noPort = "has no port"
    case badPort = "has a port that is not a number from 1 to 65535"
    case badHost = "has a malformed host"
  }
  public var reason: Reason
  public var address: String

  public init(_ reason: Reason, address: String) {
    self.reason = reason
    self.address = address
  }

  public var description: String { "daemon address \"\(address)\" \(reason.rawValue)" }
}
