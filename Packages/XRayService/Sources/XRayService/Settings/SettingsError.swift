/// Why a file with settings, or with what the service found out, cannot be used.
public struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// The file is there, but it is not what was written.
    case damaged
    case cannotRead
    case cannotWrite
  }

  public var reason: Reason
  /// The file.
  public var path: String
  /// What was found, or the system's own words.
  public var detail: String

  init(_ reason: Reason, _ path: String, _ detail: String) {
    self.reason = reason
    self.path = path
    self.detail = detail
  }

  public var description: String {
    switch reason {
    case .damaged:
      "\(path) is damaged: \(detail). Restore it from a backup, or move it away to begin without what it holds"
    case .cannotRead: "\(path) cannot be read: \(detail)"
    case .cannotWrite: "\(path) cannot be written: \(detail)"
    }
  }
}
