import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why the server cannot be started.
public struct DaemonServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Reason: String, Hashable, Sendable {
    /// Another program, perhaps another daemon, has it. Reception of datagrams does not depend on this port.
    case portTaken = "the port is taken"
    /// Ports below 1024 often need a privilege.
    case notPermitted = "not permitted"
    /// The host is not one of this machine's addresses, or no address at all.
    case addressNotAvailable = "no such address on this machine"
    case other = "cannot listen"
  }

  /// What kind of failure it is.
  public var reason: Reason
  /// Where the server was to listen.
  public var host: String
  /// The port asked for.
  public var port: Int
  /// The system's own words.
  public var detail: String

  init(binding error: any Error, host: String, port: Int) {
    reason =
      switch (error as? IOError)?.errnoCode {
      case EADDRINUSE: .portTaken
      case EACCES, EPERM: .notPermitted
      case EADDRNOTAVAIL: .addressNotAvailable
      case .some: .other
      case nil: error is SocketAddressError ? .addressNotAvailable : .other
      }
    self.host = host
    self.port = port
    detail = String(describing: error)
  }

  /// One line for the log.
  public var description: String {
    "TCP \(host.contains(":") ? "[\(host)]" : host):\(port): \(reason.rawValue): \(detail)"
  }
}
