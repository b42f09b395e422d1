#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why the daemon cannot start or go on.
public struct DaemonError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case cannotBind = "cannot receive datagrams at"
    case cannotReceive = "reception failed at"
    /// A daemon runs once; make another one.
    case alreadyRan = "ran before, at"
  }

  public var reason: Reason
  public var address: DatagramAddress
  /// The system's own words.
  public var detail: String?

  init(_ reason: Reason, address: DatagramAddress, detail: String? = nil) {
    self.reason = reason
    self.address = address
    self.detail = detail
  }

  init(_ reason: Reason, address: DatagramAddress, errno code: Int32) {
    self.init(reason, address: address, detail: String(cString: strerror(code)))
  }

  public var description: String { "X-Ray daemon \(reason.rawValue) \(address)" + (detail.map { ": \($0)" } ?? "") }
}
