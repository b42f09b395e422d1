import LambdaEmitter
import QueryProtocol
import XRayModel

/// A document that says who may assume a role, as it was sent and as it was understood.
struct TrustPolicy: Hashable, Sendable {
  let text: String
  /// The services that may. An explicit deny wins; conditions count as fulfilled.
  let trustedServices: Set<String>

  /// - Throws: `MalformedPolicyDocument` for what IAM would refuse.
  init(parsing text: String) throws(IAMError) {
    let statements = try DocumentSyntax.statements(of: text, members: ["Action", "NotAction", "Principal"])
    var allowed: Set<String> = []
    var denied: Set<String> = []
    for statement in statements {
      let services = try Self.services(of: statement)
      guard try Self.isAboutAssuming(statement) else { continue }
      if statement["Effect"] == "Allow" { allowed.formUnion(services) } else { denied.formUnion(services) }
    }
    trustedServices = allowed.subtracting(denied)
    self.text = text
  }

  private static func isAboutAssuming(_ statement: JSONValue) throws(IAMError) -> Bool {
    guard let actions = Policy.Selection(statement, "Action"), !actions.patterns.isEmpty else {
      throw DocumentSyntax.malformed("Missing required field Action")
    }
    for action in actions.patterns {
      guard action == "*" || action.lowercased().hasPrefix("sts:") else {
        throw DocumentSyntax.malformed("AssumeRole policy may only specify STS AssumeRole actions.")
      }
    }
    return actions.includes("sts:AssumeRole")
  }

  /// The services among a statement's principals. Everybody, `*`, is Lambda too.
  private static func services(of statement: JSONValue) throws(IAMError) -> [String] {
    guard let principal = statement["Principal"] else {
      throw DocumentSyntax.malformed("Missing required field Principal")
    }
    if principal == "*" { return [lambda] }
    guard let members = principal.object?.members, !members.isEmpty else {
      throw DocumentSyntax.malformed("Invalid principal in policy")
    }
    var services: [String] = []
    for member in members {
      guard ["AWS", "Service", "Federated", "CanonicalUser"].contains(member.key),
        let names = Policy.Selection(principal, member.key)?.patterns, !names.isEmpty
      else { throw DocumentSyntax.malformed("Invalid principal in policy") }
      if member.key == "AWS", names.contains("*") { services.append(lambda) }
      guard member.key == "Service" else { continue }
      for name in names where !isService(name) {
        throw DocumentSyntax.malformed("Invalid principal in policy: \"SERVICE\":\"\(name.quoted)\"")
      }
      services += names
    }
    return services
  }

  private static let lambda = "lambda.amazonaws.com"

  private static func isService(_ name: String) -> Bool {
    (name.hasSuffix(".amazonaws.com") || name.hasSuffix(".amazonaws.com.cn") || name.hasSuffix(".aws.internal"))
      && name.unicodeScalars.allSatisfy { $0.isASCIIAlphanumeric || $0 == "." || $0 == "-" }
  }
}
