/// Where to listen: a host name or numeric address, and a port.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// Without the brackets of IPv6.
  public var host: String
  /// 0 asks for a free port.
  public var port: UInt16

  public init(host: String = "127.0.0.1", port: UInt16 = 2000) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, `[IPv6]:port` or `:port`, which is every IPv4 interface. `nil` for anything else.
  public init?(_ text: String) {
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard host.contains(":") else { return nil }
    } else if host.contains(":") {
      return nil
    }
    guard host.utf8.allSatisfy({ $0 > UInt8(ascii: " ") && !"[]/".utf8.contains($0) }) else { return nil }
    self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: port)
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
