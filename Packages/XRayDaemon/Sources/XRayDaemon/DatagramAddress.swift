/// Where the daemon receives: a host name or numeric address, and a UDP port.
public struct DatagramAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  /// 0 asks for a free port.
  public var port: UInt16

  public init(host: String = "127.0.0.1", port: UInt16 = 2000) {
    self.host = host
    self.port = port
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
