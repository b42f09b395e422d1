import QueryProtocol

extension AccessRecords {
  /// Characters of all documents of a role's own, white space not counted.
  static let inlineLimit = 10_240
  /// Managed policies of a role.
  static let attachmentLimit = 10

  mutating func putRolePolicy(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    let name = try form.name("PolicyName", limit: 128)
    let text = try form.required("PolicyDocument", limit: DocumentSyntax.characterLimit)
    let others = role.inline.reduce(0) { $0 + ($1.key == name ? 0 : DocumentSyntax.size($1.value.text)) }
    guard others + DocumentSyntax.size(text) <= Self.inlineLimit else {
      throw IAMError(
        .limitExceeded, "Maximum policy size of \(Self.inlineLimit) bytes exceeded for role \(role.name)")
    }
    role.inline[name] = try PolicyDocument(parsing: text)
    roles[role.name] = role
  }

  func getRolePolicy(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let role = try role(form)
    let (name, document) = try inlinePolicy(of: role, form)
    xml.element("RoleName", role.name)
    xml.element("PolicyName", name)
    xml.element("PolicyDocument", document.text.percentEncoded)
  }

  func listRolePolicies(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let role = try role(form)
    let names = Array(role.inline.keys)
    try Page(form).write("PolicyNames", texts: names, to: &xml)
  }

  mutating func deleteRolePolicy(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    role.inline[try inlinePolicy(of: role, form).name] = nil
    roles[role.name] = role
  }

  mutating func attachRolePolicy(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    let arn = try form.policyARN()
    guard policy(arn) != nil else {
      throw IAMError(.noSuchEntity, "Policy \(arn.quoted) does not exist or is not attachable.")
    }
    guard role.attached.insert(arn).inserted else { return }
    guard role.attached.count <= Self.attachmentLimit else {
      throw IAMError(.limitExceeded, "Cannot exceed quota for PoliciesPerRole: \(Self.attachmentLimit)")
    }
    roles[role.name] = role
  }

  mutating func detachRolePolicy(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    let arn = try form.policyARN()
    guard role.attached.remove(arn) != nil else {
      throw IAMError(.noSuchEntity, "Policy \(arn.quoted) was not found.")
    }
    roles[role.name] = role
  }

  func listAttachedRolePolicies(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let prefix = try form.path("PathPrefix", isPrefix: true)
    let attached = try role(form).attached.compactMap { policy($0) }.filter { $0.path.hasPrefix(prefix) }
    try Page(form).write("AttachedPolicies", of: attached, by: \.arn, to: &xml) { xml, policy in
      xml.element("PolicyName", policy.name)
      xml.element("PolicyArn", policy.arn)
    }
  }

  private func inlinePolicy(
    of role: Role, _ form: QueryForm
  ) throws(IAMError) -> (name: String, document: PolicyDocument) {
    let name = try form.name("PolicyName", limit: 128)
    guard let document = role.inline[name] else {
      throw IAMError(.noSuchEntity, "The role policy with name \(name) cannot be found.")
    }
    return (name, document)
  }
}
