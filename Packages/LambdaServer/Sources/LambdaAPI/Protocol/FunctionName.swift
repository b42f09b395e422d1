/// A function as callers name it: its name, a partial or a full ARN, with or without a qualifier.
struct FunctionName: Hashable {
  var name: String
  /// `$LATEST`, a version or an alias.
  var qualifier: String?

  /// Lambda: the longest name alone.
  static let nameLimit = 64
  static let latest = "$LATEST"

  /// - Parameters:
  ///   - limit: Characters that the whole may have.
  ///   - other: A qualifier that was given beside the name; it must not contradict.
  init(
    _ text: String, limit: Int, qualifier other: String? = nil, account: AccountPlace
  ) throws(APIError) {
    _ = try Fields.check(text, 1...limit, "functionName")
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if parts.first == "arn" {
      guard parts.count >= 7, parts[1].hasPrefix("aws"), parts[2] == "lambda" else { throw Self.malformed(text) }
      parts.removeFirst(3)
    }
    if let index = parts.firstIndex(of: "function"), index < 3, parts.count > index + 1 {
      let place = parts[..<index]
      guard place.count < 2 || place.first == account.region, place.isEmpty || place.last == account.id else {
        throw APIError(.resourceNotFound, "Function not found: \(text)")
      }
      parts.removeSubrange(...index)
    }
    guard let name = parts.first, parts.count <= 2, Self.isWord(name) else { throw Self.malformed(text) }
    self.name = try Fields.check(name, 1...Self.nameLimit, "functionName")
    qualifier = parts.count == 2 ? try Self.checked(parts[1]) : nil
    if let other {
      let other = try Self.checked(other)
      guard qualifier == nil || qualifier == other else {
        throw .invalid("The derived qualifier from the function name does not match the specified qualifier.")
      }
      qualifier = other
    }
  }

  private static func malformed(_ text: String) -> APIError {
    .violation(
      "functionName", text,
      "Member must satisfy regular expression pattern: "
        + "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?"
        + "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?")
  }

  private static func checked(_ qualifier: String) throws(APIError) -> String {
    let qualifier = try Fields.check(qualifier, 1...128, "qualifier")
    guard qualifier == latest || isWord(qualifier) else {
      throw .violation(
        "qualifier", qualifier, "Member must satisfy regular expression pattern: \\$(LATEST)|[a-zA-Z0-9-_]+")
    }
    return qualifier
  }

  /// Letters, digits, hyphens and underscores, at least one.
  static func isWord(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  /// Digits alone: a version, never an alias.
  static func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}

/// The account and region that all functions are in.
struct AccountPlace: Hashable {
  var id: String
  var region: String

  func arn(_ function: String, _ qualifier: String? = nil) -> String {
    "arn:aws:lambda:\(region):\(id):function:\(function)" + (qualifier.map { ":\($0)" } ?? "")
  }
}
