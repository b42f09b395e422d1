/// The role that a function runs as.
public struct ExecutionRole: Hashable, Sendable {
  /// Such as `arn:aws:iam::123456789012:role/orders`.
  public var arn: String
  public var policies: [Policy]
  /// The services that may assume the role.
  public var trustedServices: Set<String> = ["lambda.amazonaws.com"]

  public init(arn: String, policies: [Policy] = []) {
    self.arn = arn
    self.policies = policies
  }

  /// Attaches managed policies by their names; ``Policy/managed(_:)`` says which are known.
  public init(arn: String, managedPolicies: [String]) throws(LambdaError) {
    self.init(arn: arn)
    for name in managedPolicies { try attach(managedPolicy: name) }
  }

  /// Attaches a managed policy, once.
  public mutating func attach(managedPolicy name: String) throws(LambdaError) {
    guard let policy = Policy.managed(name) else {
      throw LambdaError(.resourceNotFound, "there is no managed policy \"\(name)\"; attach it as a document")
    }
    if !policies.contains(policy) { policies.append(policy) }
  }

  /// Whether the role may call `action`, such as `xray:PutTraceSegments`.
  public func allows(_ action: String) -> Bool { Policy.allow(action, by: policies) }

  static let putTraceSegments = "xray:PutTraceSegments"

  /// What Lambda checks when a function is created or changed.
  func validate(for mode: TracingMode) throws(LambdaError) {
    guard trustedServices.contains("lambda.amazonaws.com") else { throw Self.cannotBeAssumed }
    guard mode == .passThrough || allows(Self.putTraceSegments) else {
      throw LambdaError(
        .invalidParameterValue,
        "The provided execution role does not have permissions to call PutTraceSegments on XRAY")
    }
  }

  static let cannotBeAssumed = LambdaError(
    .invalidParameterValue, "The role defined for the function cannot be assumed by Lambda.")
}
