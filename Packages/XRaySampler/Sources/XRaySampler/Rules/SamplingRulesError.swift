public import XRayModel

/// Why a file of local sampling rules was not accepted.
public struct SamplingRulesError: Error, Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// The file cannot be read; with the system's message.
    case unreadable(String)
    /// More bytes than ``SamplingRules/byteLimit``.
    case tooLong(bytes: Int)
    /// More rules than ``SamplingRules/ruleLimit``.
    case tooManyRules(Int)
    /// Not JSON, at a line and a column, both counted from 1.
    case notJSON(JSONError.Reason, line: Int, column: Int)
    /// A required member is missing.
    case missing
    /// A member has another type or value than it must have; with what it must be.
    case invalid(expected: String)
    /// A member that does not belong there; with what to do.
    case notAllowed(advice: String)
  }

  public var reason: Reason
  /// The member: `rules[2].rate`, rules counted from 0. Empty when it is about the file as a whole.
  public var member: String

  public init(_ reason: Reason, member: String = "") {
    self.reason = reason
    self.member = member
  }
}

extension SamplingRulesError: CustomStringConvertible {
  public var description: String {
    let place = member.isEmpty ? "the file" : member
    return switch reason {
    case .unreadable(let message): "sampling rules: cannot read \(place): \(message)"
    case .tooLong(let bytes):
      "sampling rules: \(place) has \(bytes) bytes, more than \(SamplingRules.byteLimit)"
    case .tooManyRules(let count):
      "sampling rules: \(place) has \(count) rules, more than \(SamplingRules.ruleLimit)"
    case .notJSON(let reason, let line, let column):
      "sampling rules: the JSON \(reason.rawValue) at line \(line), column \(column)"
    case .missing: "sampling rules: \(place) is missing"
    case .invalid(let expected): "sampling rules: \(place) must be \(expected)"
    case .notAllowed(let advice): "sampling rules: \(place) is not allowed there: \(advice)"
    }
  }
}
