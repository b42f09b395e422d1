import LambdaEmitter
import XRayModel

/// A role with all that it may do, for people and as JSON.
struct RoleReport {
  /// What active tracing needs.
  private static let tracing = "xray:PutTraceSegments"

  /// `Arn`, `RoleName` and the other members that IAM answers.
  var role: RoleXML
  var attached: [RoleService.Policy]
  /// Documents of its own, by name.
  var own: [(name: String, document: JSONValue)]
  /// Whether a function of this role can have active tracing.
  var allowsTracing: Bool

  init(of name: String, from service: RoleService) async throws {
    guard let role = try await service.call("GetRole", [("RoleName", name)])["Role"] else {
      throw Failure.failed("the answer has no role")
    }
    self.role = role
    attached = try await service.list("ListAttachedRolePolicies", "AttachedPolicies", [("RoleName", name)]).map {
      RoleService.Policy(name: $0["PolicyName"]?.text ?? "", arn: $0["PolicyArn"]?.text ?? "")
    }
    own = []
    for policy in try await service.list("ListRolePolicies", "PolicyNames", [("RoleName", name)]).map(\.text) {
      let answer = try await service.call("GetRolePolicy", [("RoleName", name), ("PolicyName", policy)])
      own.append((name: policy, document: answer["PolicyDocument"]?.document ?? .null))
    }
    var documents = own.map(\.document)
    for policy in attached { documents.append(try await service.document(of: policy)) }
    let policies = documents.compactMap { try? Policy(name: "", document: $0) }
    allowsTracing = ExecutionRole(arn: role["Arn"]?.text ?? "", policies: policies).allows(Self.tracing)
  }

  var text: String {
    var lines = [role["Arn"]?.text ?? "", "created \(role["CreateDate"]?.text ?? "")"]
    lines.append(
      allowsTracing
        ? "allows \(Self.tracing), which active tracing needs"
        : "does not allow \(Self.tracing), which active tracing needs: attach AWSXRayDaemonWriteAccess")
    if let description = role["Description"]?.text { lines.append(description) }
    lines += ["trust policy", indented(role["AssumeRolePolicyDocument"]?.document ?? .null)]
    lines.append(attached.isEmpty ? "no managed policies" : "managed policies")
    lines += attached.map { "  \($0.arn)" }
    for (name, document) in own { lines += ["own policy \(name)", indented(document)] }
    return lines.joined(separator: "\n")
  }

  private func indented(_ document: JSONValue) -> String {
    document.rendered(pretty: true).split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
  }

  /// `Role`, `AttachedPolicies` and `RolePolicies`, in the forms of IAM's own answers, and `AllowsTracing`.
  var json: JSONValue {
    [
      "Role": Self.json(role),
      "AttachedPolicies": .array(
        attached.map { ["PolicyName": .string($0.name), "PolicyArn": .string($0.arn)] }),
      "RolePolicies": .array(own.map { ["PolicyName": .string($0.name), "PolicyDocument": $0.document] }),
      "AllowsTracing": .bool(allowsTracing),
    ]
  }

  /// The members of a role, the trust policy as the JSON that it is.
  static func json(_ role: RoleXML) -> JSONValue {
    var json = JSONObject()
    for member in role.children {
      switch member.name {
      case "AssumeRolePolicyDocument": json[member.name] = member.document ?? .null
      case "MaxSessionDuration": json[member.name] = Int(member.text).map { .number(JSONNumber($0)) } ?? .null
      case "Tags":
        json[member.name] = .array(
          member.children.map {
            ["Key": .string($0["Key"]?.text ?? ""), "Value": .string($0["Value"]?.text ?? "")]
          })
      default: json[member.name] = .string(member.text)
      }
    }
    return .object(json)
  }
}
