/// Why a request as a whole could not be read. Spans that are wrong on their own are counted instead.
public struct IntakeError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// More bytes or spans than the limits allow: HTTP 413.
    case tooLarge
    /// Nested deeper than the limits allow: HTTP 400.
    case tooDeep
    /// Not the format that it claims to be: HTTP 400.
    case malformed
  }
  public var reason: Reason
  /// What was found, for people.
  public var detail: String
  /// The part of the request, such as `resourceSpans[0].scopeSpans[2]` or `byte 117`.
  public var place: String

  public init(_ reason: Reason, _ detail: String, at place: String) {
    self.reason = reason
    self.detail = detail
    self.place = place
  }
}

extension IntakeError: CustomStringConvertible {
  public var description: String { "\(place): \(detail)" }
}
