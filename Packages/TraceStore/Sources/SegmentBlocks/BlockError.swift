/// Why a block could not be written or read, and where.
public struct BlockError: Error, Hashable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case notABlock = "is not a segment block"
    case unknownVersion = "is of a version that this reader does not know"
    case truncated = "ends before its time"
    case checksum = "does not match its checksum"
    case malformed = "does not follow the format"
    case noSuchDocument = "has no document of that number"
    case tooManyDocuments = "would hold more documents than a block may"
    case documentTooLong = "would hold a document that is longer than a block takes"
    case notAPermutation = "was given an order that does not name each document once"
  }
  public var reason: Reason
  /// The byte of the block at which reading failed; for the reasons that concern documents, the document's number.
  public var offset: Int

  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "segment block \(reason.rawValue), at \(offset)" }
}
