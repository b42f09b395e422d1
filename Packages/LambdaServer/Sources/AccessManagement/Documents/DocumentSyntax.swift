import LambdaEmitter
import QueryProtocol
import XRayModel

/// What both kinds of policy documents have in common.
enum DocumentSyntax {
  /// Characters of a document in a call, whatever is in it.
  static let characterLimit = 131_072

  /// Reads the statements of a document whose members are all known.
  ///
  /// - Parameter members: The members that a statement may have beside `Sid`, `Effect` and `Condition`.
  /// - Throws: `MalformedPolicyDocument`.
  static func statements(of text: String, members: Set<String>) throws(IAMError) -> [JSONValue] {
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: text)
    } catch {
      throw malformed("This policy contains invalid Json")
    }
    guard let document = json.object, document.keys.allSatisfy({ ["Version", "Id", "Statement"].contains($0) }) else {
      throw malformed("Syntax errors in policy.")
    }
    if let version = document["Version"] {
      guard version == "2012-10-17" || version == "2008-10-17" else {
        throw malformed("The policy must contain a valid version string")
      }
    }
    guard let statement = document["Statement"] else { throw malformed("Missing required field Statement") }
    let statements = statement.array ?? [statement]
    guard !statements.isEmpty else { throw malformed("Missing required field Statement cannot be empty!") }
    try check(statements, members: members.union(["Sid", "Effect", "Condition"]))
    return statements
  }

  private static func check(_ statements: [JSONValue], members: Set<String>) throws(IAMError) {
    var ids: Set<String> = []
    for statement in statements {
      guard let object = statement.object else { throw malformed("Syntax errors in policy.") }
      for key in object.keys where !members.contains(key) {
        throw malformed(
          key == "Principal" || key == "NotPrincipal"
            ? "Policy document should not specify a principal." : "Has prohibited field \(key.quoted)")
      }
      guard let effect = object["Effect"] else { throw malformed("Missing required field Effect") }
      guard effect == "Allow" || effect == "Deny" else { throw malformed("Invalid effect in policy") }
      for key in ["Action", "Resource", "Principal"] where object[key] != nil && object["Not\(key)"] != nil {
        throw malformed("Statement has both \(key) and Not\(key)")
      }
      if let condition = object["Condition"], condition.object == nil { throw malformed("Syntax errors in policy.") }
      if let id = object["Sid"] {
        guard let id = id.string, id.unicodeScalars.allSatisfy(\.isASCIIAlphanumeric) else {
          throw malformed("Statement IDs (SID) must be alpha-numeric.")
        }
        guard id.isEmpty || ids.insert(id).inserted else {
          throw malformed("Statement IDs (SID) in a single policy must be unique.")
        }
      }
    }
  }

  static func malformed(_ message: String) -> IAMError { IAMError(.malformedPolicyDocument, message) }

  /// The characters that count towards IAM's limits: all but white space.
  static func size(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.properties.isWhitespace ? 0 : 1) }
  }
}

extension Policy.Selection {
  /// The patterns, matching or not.
  var patterns: [String] {
    switch self {
    case .matching(let patterns), .notMatching(let patterns): patterns
    }
  }
}
