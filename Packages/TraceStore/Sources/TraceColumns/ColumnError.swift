/// Why a blob of columns could not be written or read, and where.
public struct ColumnError: Error, Hashable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case notColumns = "is not a blob of this kind"
    case unknownVersion = "is of a version that this reader does not know"
    case truncated = "ends before its time"
    case checksum = "does not match its checksum"
    case malformed = "does not follow the format"
    case unsorted = "has rows out of the order of their ids"
    case tooManyRows = "would hold more traces than a segment may"
  }
  public var reason: Reason
  /// The byte at which reading failed; of rows, the row.
  public var offset: Int

  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "columns: the blob \(reason.rawValue), at \(offset)" }
}
