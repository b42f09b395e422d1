import Glibc

/// What all processes of one data folder's functions carry in their environment, so that whoever uses the folder next
/// finds those that its last user has left behind.
///
/// A function's own process ends with the server, however that ends. The processes that it made itself do not: killed
/// with SIGKILL, a server cannot end them any more.
public struct ProcessMark: Hashable, Sendable {
  /// The variable.
  public static let name = "FLUORO_DATA"

  /// Device and inode of the folder.
  public let value: String

  /// The mark of a folder; `nil` when there is none.
  public init?(folder: String) {
    var status = stat()
    guard stat(folder, &status) == 0 else { return nil }
    value = "\(status.st_dev):\(status.st_ino)"
  }

  /// To be added to ``RuntimeProgram/variables``.
  public var variables: [String: String] { [Self.name: value] }

  /// Ends all processes of this user that carry the mark, this one excepted. Only for the one user of the folder,
  /// before it starts functions. Returns how many there were.
  @discardableResult
  public func killProcesses() -> Int { ProcessTable.killProcesses(with: "\(Self.name)=\(value)") }
}
