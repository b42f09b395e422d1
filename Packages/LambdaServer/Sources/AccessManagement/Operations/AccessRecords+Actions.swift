import QueryProtocol

extension AccessRecords {
  /// Does what a call asks for, and gives the content of its result; `nil` for an action without one.
  ///
  /// When it throws, the records may have changed in part: the caller keeps its own.
  mutating func perform(_ action: IAMAction, _ call: IAMCall) throws(IAMError) -> XMLWriter? {
    var xml = XMLWriter()
    switch action {
    case .createRole: try createRole(call, &xml)
    case .getRole: try getRole(call.form, &xml)
    case .listRoles: try listRoles(call.form, &xml)
    case .updateRole: try updateRole(call.form)
    case .createPolicy: try createPolicy(call, &xml)
    case .getPolicy: try getPolicy(call.form, &xml)
    case .getPolicyVersion: try getPolicyVersion(call.form, &xml)
    case .listPolicyVersions: try listPolicyVersions(call.form, &xml)
    case .listPolicies: try listPolicies(call.form, &xml)
    case .getRolePolicy: try getRolePolicy(call.form, &xml)
    case .listRolePolicies: try listRolePolicies(call.form, &xml)
    case .listAttachedRolePolicies: try listAttachedRolePolicies(call.form, &xml)
    case .listRoleTags: try listRoleTags(call.form, &xml)
    case .getCallerIdentity: getCallerIdentity(&xml)
    case .updateAssumeRolePolicy, .deleteRole, .deletePolicy, .putRolePolicy, .deleteRolePolicy, .attachRolePolicy,
      .detachRolePolicy, .tagRole, .untagRole:
      try change(action, call.form)
      return nil
    }
    return xml
  }

  /// The actions that have nothing to tell.
  private mutating func change(_ action: IAMAction, _ form: QueryForm) throws(IAMError) {
    switch action {
    case .updateAssumeRolePolicy: try updateAssumeRolePolicy(form)
    case .deleteRole: try deleteRole(form)
    case .deletePolicy: try deletePolicy(form)
    case .putRolePolicy: try putRolePolicy(form)
    case .deleteRolePolicy: try deleteRolePolicy(form)
    case .attachRolePolicy: try attachRolePolicy(form)
    case .detachRolePolicy: try detachRolePolicy(form)
    case .tagRole: try tagRole(form)
    case .untagRole: try untagRole(form)
    default: break
    }
  }

  /// Whoever asks is the account itself: there are no users here.
  private func getCallerIdentity(_ xml: inout XMLWriter) {
    xml.element("Arn", "arn:aws:iam::\(account):root")
    xml.element("UserId", account)
    xml.element("Account", account)
  }

  /// The role that the parameter `RoleName` names.
  func role(_ form: QueryForm) throws(IAMError) -> Role {
    let name = try form.name("RoleName")
    guard let role = roles[name] else {
      throw IAMError(.noSuchEntity, "The role with name \(name) cannot be found.")
    }
    return role
  }
}
