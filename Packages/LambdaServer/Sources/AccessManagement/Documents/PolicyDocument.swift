import LambdaEmitter
import QueryProtocol
import XRayModel

/// A document that says what an identity may do, as it was sent and as it was understood.
struct PolicyDocument: Hashable, Sendable {
  let text: String
  /// Its name is empty: the same document may have several.
  let policy: Policy

  /// - Throws: `MalformedPolicyDocument` for what IAM would refuse.
  init(parsing text: String) throws(IAMError) {
    let statements = try DocumentSyntax.statements(
      of: text, members: ["Action", "NotAction", "Resource", "NotResource"])
    do throws(PolicyError) {
      policy = try Policy(name: "", document: ["Statement": .array(statements)])
    } catch {
      throw DocumentSyntax.malformed("Syntax errors in policy: \(error.problem).")
    }
    for statement in policy.statements { try Self.check(statement) }
    self.text = text
  }

  private static func check(_ statement: Policy.Statement) throws(IAMError) {
    let actions = statement.actions.patterns
    guard !actions.isEmpty else { throw DocumentSyntax.malformed("Policy statement must contain actions.") }
    for action in actions where action != "*" {
      let parts = action.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty, !parts[0].isEmpty,
        parts[0].unicodeScalars.allSatisfy({ $0.isASCIIAlphanumeric || $0 == "-" })
      else {
        throw DocumentSyntax.malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
      }
    }
    let resources = statement.resources.patterns
    guard !resources.isEmpty else { throw DocumentSyntax.malformed("Policy statement must contain resources.") }
    for resource in resources where !resource.hasPrefix("arn:") && !resource.hasPrefix("*") {
      throw DocumentSyntax.malformed("Resource \(resource.quoted) must be in ARN format or \"*\".")
    }
  }
}
