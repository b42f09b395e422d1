/// Why one segment document was not accepted, in X-Ray's own terms.
public struct SegmentRejection: Error, Hashable, Sendable {
  /// X-Ray's error codes for single documents (`UnprocessedTraceSegments`).
  public enum Code: String, Hashable, Sendable, CaseIterable {
    case parseError = "ParseError"
    case missingId = "MissingId"
    case invalidId = "InvalidId"
    case missingName = "MissingName"
    case invalidName = "InvalidName"
    case missingTraceId = "MissingTraceId"
    case invalidTraceId = "InvalidTraceId"
    case missingStartTime = "MissingStartTime"
    case missingEndTime = "MissingEndTime"
    case inProgressSegmentHasEndTime = "InProgressSegmentHasEndTime"
    case inProgressSubsegmentHasEndTime = "InProgressSubsegmentHasEndTime"
    case missingParentId = "MissingParentId"
    case invalidParentId = "InvalidParentId"
    case unknownType = "UnknownType"
    /// A limit of the document is exceeded, or a member has a type or value that its schema forbids.
    case invalidSegment = "InvalidSegment"
  }

  public var code: Code
  /// The document's `id` as far as it could be read.
  public var id: String?
  public var isSubsegment: Bool
  /// What exactly was wrong, for people.
  public var detail: String?

  public init(_ code: Code, id: String? = nil, isSubsegment: Bool = false, detail: String? = nil) {
    self.code = code
    self.id = id
    self.isSubsegment = isSubsegment
    self.detail = detail
  }

  /// The service's wording, as clients log it.
  public var message: String {
    let noun = code == .unknownType ? "entity" : isSubsegment ? "subsegment" : "segment"
    return "Invalid \(noun). ErrorCode: \(code.rawValue)" + (detail.map { ", Cause: \($0)" } ?? "")
  }
}

extension SegmentRejection: CustomStringConvertible {
  public var description: String { "\(id ?? "-"): \(message)" }
}
