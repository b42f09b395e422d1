import XRayModel
import XRaySampler

/// The text of a resource policy, as far as it is understood here: enough to tell a policy from other JSON and to
/// notice one that nobody could ever change again.
struct PolicyDocument {
  /// Most bytes of a policy's text. X-Ray: 5 KB.
  static let sizeLimit = 5 * 1024
  private static let versions = ["2012-10-17", "2008-10-17"]

  private var statements: [JSONObject]

  init(parsing text: String) throws(APIError) {
    guard text.utf8.count <= Self.sizeLimit else {
      throw APIError(
        type: "PolicySizeLimitExceededException",
        message: "The policy has \(text.utf8.count) bytes, more than \(Self.sizeLimit)")
    }
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: text)
    } catch {
      throw Self.malformed("\(error)")
    }
    guard let policy = json.object else { throw Self.malformed("a policy is a JSON object") }
    guard let version = policy["Version"]?.string, Self.versions.contains(version) else {
      throw Self.malformed("Version must be one of [\(Self.versions.joined(separator: ", "))]")
    }
    let elements = policy["Statement"].map { $0.array ?? [$0] } ?? []
    statements = elements.compactMap(\.object)
    guard !elements.isEmpty, statements.count == elements.count else {
      throw Self.malformed("Statement must be an object or an array of objects")
    }
    for statement in statements { try Self.check(statement) }
  }

  private static func check(_ statement: JSONObject) throws(APIError) {
    guard let effect = statement["Effect"]?.string, ["Allow", "Deny"].contains(effect) else {
      throw malformed("the Effect of a statement must be Allow or Deny")
    }
    guard (statement["Principal"] != nil) != (statement["NotPrincipal"] != nil) else {
      throw malformed("a statement must have either a Principal or a NotPrincipal")
    }
    guard (statement["Action"] != nil) != (statement["NotAction"] != nil) else {
      throw malformed("a statement must have either an Action or a NotAction")
    }
    let actions = texts(statement["Action"] ?? statement["NotAction"])
    guard let actions, !actions.isEmpty else { throw malformed("actions must be text or an array of text") }
  }

  private static func malformed(_ message: String) -> APIError {
    APIError(type: "MalformedPolicyDocumentException", message: "Invalid policy document: \(message)")
  }

  /// Whether it forbids the account itself to put policies, without a condition.
  ///
  /// - Parameter account: 12 digits.
  func locksOut(_ account: String) -> Bool {
    statements.contains { statement in
      statement["Effect"]?.string == "Deny" && statement["Condition"] == nil
        && Self.names(account, in: statement) && Self.coversPolicies(statement)
    }
  }

  private static func names(_ account: String, in statement: JSONObject) -> Bool {
    let everyone: Set = ["*", account, "arn:aws:iam::\(account):root"]
    guard let principal = statement["Principal"] else { return false }
    let names = texts(principal) ?? texts(principal["AWS"]) ?? []
    return names.contains(where: everyone.contains)
  }

  private static func coversPolicies(_ statement: JSONObject) -> Bool {
    func covers(_ key: String) -> Bool? {
      texts(statement[key])?.contains { WildcardPattern($0).matches("xray:PutResourcePolicy") }
    }
    return covers("Action") ?? !(covers("NotAction") ?? true)
  }

  /// A text, or several; `nil` for anything else.
  private static func texts(_ json: JSONValue?) -> [String]? {
    if let text = json?.string { return [text] }
    guard let array = json?.array else { return nil }
    let texts = array.compactMap(\.string)
    return texts.count == array.count ? texts : nil
  }
}
