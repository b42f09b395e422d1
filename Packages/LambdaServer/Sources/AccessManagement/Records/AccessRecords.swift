public import LambdaEmitter

/// The roles and the policies of one account: a value, which the owner keeps where it likes.
public struct AccessRecords: Hashable, Sendable {
  /// The twelve digits of the account that the ARNs name.
  public let account: String
  /// By name.
  var roles: [String: Role] = [:]
  /// The customer's managed policies, by ARN.
  var policies: [String: KeptPolicy] = [:]

  /// An account without roles.
  public init(account: String = "123456789012") { self.account = account }

  /// Policies of AWS, by ARN.
  static let awsPolicies = Dictionary(uniqueKeysWithValues: ManagedPolicy.all.map { ($0.arn, KeptPolicy($0)) })

  /// A managed policy, the customer's or AWS's.
  func policy(_ arn: String) -> KeptPolicy? { policies[arn] ?? Self.awsPolicies[arn] }

  /// How many roles have each managed policy.
  var attachments: [String: Int] {
    roles.values.reduce(into: [:]) { counts, role in for arn in role.attached { counts[arn, default: 0] += 1 } }
  }

  /// What the Lambda service has to know of a role: who may assume it, and all its policies.
  func executionRole(_ role: Role) -> ExecutionRole {
    let inline = role.inline.sorted { $0.key < $1.key }
      .map { Policy(name: $0.key, statements: $0.value.policy.statements) }
    let managed = role.attached.sorted().compactMap { policy($0)?.policy }
    var result = ExecutionRole(arn: role.arn(in: account), policies: inline + managed)
    result.trustedServices = role.trust.trustedServices
    return result
  }

  /// All roles as the Lambda service knows them, by ARN.
  public var executionRoles: [ExecutionRole] { roles.values.map(executionRole).sorted { $0.arn < $1.arn } }
}
