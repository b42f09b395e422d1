/// Why bytes are not JSON that we read.
public struct JSONError: Error, Hashable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    case unexpectedEnd = "ends too early"
    case unexpectedByte = "has an unexpected byte"
    case badString = "has a malformed string"
    case badNumber = "has a malformed number"
    case nonFiniteNumber = "has a number that is not finite"
    case tooDeep = "is nested deeper than 128 levels"
    case trailingBytes = "goes on after its end"
    case notUTF8 = "is not UTF-8"
  }
  public var reason: Reason
  /// Where, in bytes from the start.
  public var offset: Int

  public var description: String { "JSON \(reason.rawValue) at byte \(offset)" }
}
