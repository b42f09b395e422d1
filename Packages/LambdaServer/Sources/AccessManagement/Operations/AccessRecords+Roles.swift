import QueryProtocol

extension AccessRecords {
  /// Roles of an account.
  static let roleLimit = 1000
  /// Characters of a trust policy, white space not counted.
  static let trustPolicyLimit = 2048

  mutating func createRole(_ call: IAMCall, _ xml: inout XMLWriter) throws(IAMError) {
    let form = call.form
    let name = try form.name("RoleName")
    guard !form.has("PermissionsBoundary") else {
      throw IAMError(.invalidInput, "Permissions boundaries are not emulated.")
    }
    var role = Role(
      name: name, path: try form.path("Path"), id: call.random.uniqueID("AROA"), created: call.now,
      trust: try trustPolicy(form, "AssumeRolePolicyDocument"))
    role.description = try form.optional("Description", limit: 1000)
    role.maximumSession = try form.integer("MaxSessionDuration", in: Self.sessionRange) ?? 3600
    role.tags = try form.tags()
    guard !roles.keys.contains(where: { $0.lowercased() == name.lowercased() }) else {
      throw IAMError(.entityAlreadyExists, "Role with name \(name) already exists.")
    }
    guard roles.count < Self.roleLimit else {
      throw IAMError(.limitExceeded, "Cannot exceed quota for RolesPerAccount: \(Self.roleLimit)")
    }
    roles[name] = role
    xml.element("Role") { role.write(to: &$0, account: account) }
  }

  func getRole(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let role = try role(form)
    xml.element("Role") { role.write(to: &$0, account: account) }
  }

  func listRoles(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let prefix = try form.path("PathPrefix", isPrefix: true)
    try Page(form).write("Roles", of: roles.values.filter { $0.path.hasPrefix(prefix) }, by: \.name, to: &xml) {
      $1.write(to: &$0, account: account, isWhole: false)
    }
  }

  mutating func updateRole(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    // An empty description takes the old one away, none leaves it.
    if form.has("Description") { role.description = try form.optional("Description", limit: 1000) }
    if let seconds = try form.integer("MaxSessionDuration", in: Self.sessionRange) { role.maximumSession = seconds }
    roles[role.name] = role
  }

  mutating func updateAssumeRolePolicy(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    role.trust = try trustPolicy(form, "PolicyDocument")
    roles[role.name] = role
  }

  mutating func deleteRole(_ form: QueryForm) throws(IAMError) {
    let role = try role(form)
    guard role.attached.isEmpty else {
      throw IAMError(.deleteConflict, "Cannot delete entity, must detach all policies first.")
    }
    guard role.inline.isEmpty else {
      throw IAMError(.deleteConflict, "Cannot delete entity, must delete policies first.")
    }
    roles[role.name] = nil
  }

  private static let sessionRange = 3600...43_200

  private func trustPolicy(_ form: QueryForm, _ key: String) throws(IAMError) -> TrustPolicy {
    let text = try form.required(key, limit: DocumentSyntax.characterLimit)
    guard DocumentSyntax.size(text) <= Self.trustPolicyLimit else {
      throw IAMError(.limitExceeded, "Cannot exceed quota for ACLSizePerRole: \(Self.trustPolicyLimit)")
    }
    return try TrustPolicy(parsing: text)
  }
}
