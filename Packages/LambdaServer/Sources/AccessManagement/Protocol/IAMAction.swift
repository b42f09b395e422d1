import QueryProtocol
import XRayModel

/// What a call asks for: the parameter `Action`.
enum IAMAction: String, CaseIterable, Sendable {
  case attachRolePolicy = "AttachRolePolicy"
  case createPolicy = "CreatePolicy"
  case createRole = "CreateRole"
  case deletePolicy = "DeletePolicy"
  case deleteRole = "DeleteRole"
  case deleteRolePolicy = "DeleteRolePolicy"
  case detachRolePolicy = "DetachRolePolicy"
  case getCallerIdentity = "GetCallerIdentity"
  case getPolicy = "GetPolicy"
  case getPolicyVersion = "GetPolicyVersion"
  case getRole = "GetRole"
  case getRolePolicy = "GetRolePolicy"
  case listAttachedRolePolicies = "ListAttachedRolePolicies"
  case listPolicies = "ListPolicies"
  case listPolicyVersions = "ListPolicyVersions"
  case listRolePolicies = "ListRolePolicies"
  case listRoles = "ListRoles"
  case listRoleTags = "ListRoleTags"
  case putRolePolicy = "PutRolePolicy"
  case tagRole = "TagRole"
  case untagRole = "UntagRole"
  case updateAssumeRolePolicy = "UpdateAssumeRolePolicy"
  case updateRole = "UpdateRole"

  /// Reads the parameters `Action` and `Version`.
  ///
  /// - Throws: `MissingAction`; `InvalidAction` for an action, or a version of it, that is not here.
  init(_ form: QueryForm) throws(IAMError) {
    guard let name = form["Action"] else {
      throw IAMError(.missingAction, "The request must contain the parameter Action")
    }
    guard let action = IAMAction(rawValue: name), form["Version"] == action.version else {
      let version = form["Version"].map(\.quoted) ?? "NO_VERSION_SPECIFIED"
      throw IAMError(.invalidAction, "Could not find operation \(name.quoted) for version \(version)")
    }
    self = action
  }

  /// Whether it changes nothing.
  var isReading: Bool { rawValue.hasPrefix("Get") || rawValue.hasPrefix("List") }

  /// The version of the API that has it.
  private var version: String { self == .getCallerIdentity ? "2011-06-15" : "2010-05-08" }

  /// The XML namespace of its answers.
  var namespace: String {
    self == .getCallerIdentity ? "https://sts.amazonaws.com/doc/2011-06-15/" : Self.namespace
  }

  /// The XML namespace of answers to what is no action.
  static let namespace = "https://iam.amazonaws.com/doc/2010-05-08/"
}

/// A call: its parameters, and what a new record takes from outside.
struct IAMCall: Sendable {
  let form: QueryForm
  /// A whole second.
  let now: Timestamp
  let random: RandomSource

  init(_ form: QueryForm, at now: Timestamp, random: RandomSource) {
    self.form = form
    self.now = now.rounded(toTicks: Timestamp.ticksPerSecond)
    self.random = random
  }
}
