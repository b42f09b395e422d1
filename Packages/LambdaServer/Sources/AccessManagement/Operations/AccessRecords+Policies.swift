import QueryProtocol

extension AccessRecords {
  /// Managed policies that a customer may have.
  static let policyLimit = 1500
  /// Characters of a managed policy, white space not counted.
  static let managedLimit = 6144

  mutating func createPolicy(_ call: IAMCall, _ xml: inout XMLWriter) throws(IAMError) {
    let form = call.form
    let name = try form.name("PolicyName", limit: 128)
    let path = try form.path("Path")
    let text = try form.required("PolicyDocument", limit: DocumentSyntax.characterLimit)
    guard DocumentSyntax.size(text) <= Self.managedLimit else {
      throw IAMError(.limitExceeded, "Cannot exceed quota for PolicySize: \(Self.managedLimit)")
    }
    var policy = KeptPolicy(
      name: name, path: path, account: account, id: call.random.uniqueID("ANPA"), created: call.now,
      document: try PolicyDocument(parsing: text))
    policy.description = try form.optional("Description", limit: 1000)
    policy.tags = try form.tags()
    guard !policies.values.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
      throw IAMError(
        .entityAlreadyExists, "A policy called \(name) already exists. Duplicate names are not allowed.")
    }
    guard policies.count < Self.policyLimit else {
      throw IAMError(.limitExceeded, "Cannot exceed quota for PoliciesPerAccount: \(Self.policyLimit)")
    }
    policies[policy.arn] = policy
    xml.element("Policy") { policy.write(to: &$0, attachments: 0) }
  }

  func getPolicy(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let policy = try policy(form)
    xml.element("Policy") { policy.write(to: &$0, attachments: attachments[policy.arn] ?? 0) }
  }

  func getPolicyVersion(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let policy = try policy(form)
    let version = try form.required("VersionId", limit: 64)
    guard version == policy.versionID else {
      throw IAMError(.noSuchEntity, "Policy \(policy.arn) version \(version) does not exist or is not attachable.")
    }
    xml.element("PolicyVersion") { policy.writeVersion(to: &$0, withDocument: true) }
  }

  func listPolicyVersions(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let policy = try policy(form)
    try Page(form).write("Versions", of: [policy], by: \.versionID, to: &xml) {
      $1.writeVersion(to: &$0, withDocument: false)
    }
  }

  func listPolicies(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let scope = try form.choice("Scope", of: ["All", "AWS", "Local"]) ?? "All"
    let usage = try form.choice("PolicyUsageFilter", of: ["PermissionsPolicy", "PermissionsBoundary"])
    let onlyAttached = try form.choice("OnlyAttached", of: ["true", "false"]) == "true"
    let prefix = try form.path("PathPrefix", isPrefix: true)
    let attachments = attachments
    var listed: [KeptPolicy] = scope == "AWS" ? [] : Array(policies.values)
    if scope != "Local" { listed += Self.awsPolicies.values }
    listed = listed.filter { policy in
      policy.path.hasPrefix(prefix) && !(onlyAttached && attachments[policy.arn] == nil)
        && usage != "PermissionsBoundary"
    }
    try Page(form).write("Policies", of: listed, by: \.arn, to: &xml) { xml, policy in
      policy.write(to: &xml, attachments: attachments[policy.arn] ?? 0, isWhole: false)
    }
  }

  mutating func deletePolicy(_ form: QueryForm) throws(IAMError) {
    let policy = try policy(form)
    guard policies[policy.arn] != nil else {
      throw IAMError(.accessDenied, "Policy \(policy.arn) is AWS's own and cannot be deleted.")
    }
    guard attachments[policy.arn] == nil else {
      throw IAMError(.deleteConflict, "Cannot delete a policy attached to entities.")
    }
    policies[policy.arn] = nil
  }

  /// The policy that the parameter `PolicyArn` names.
  private func policy(_ form: QueryForm) throws(IAMError) -> KeptPolicy {
    let arn = try form.policyARN()
    guard let policy = policy(arn) else { throw IAMError(.noSuchEntity, "Policy \(arn.quoted) was not found.") }
    return policy
  }
}
