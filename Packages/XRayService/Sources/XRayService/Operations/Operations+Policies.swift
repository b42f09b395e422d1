import XRayModel

extension XRayService {
  static let policyOperations = [
    Operation("PutResourcePolicy") { service, input in
      let name = try input.policyName()
      let text = try input.require("PolicyDocument", try input.text("PolicyDocument"))
      let revision = try input.text("PolicyRevisionId")
      let bypass = try input.flag("BypassPolicyLockoutCheck") ?? false
      let document = try PolicyDocument(parsing: text)
      guard bypass || !document.locksOut(service.identity.account) else {
        throw APIError(
          type: "LockoutPreventionException",
          message: "The policy would forbid this account to call PutResourcePolicy; "
            + "set BypassPolicyLockoutCheck to put it nevertheless")
      }
      let now = service.now
      let policy = try service.settings.change { settings in
        try settings.put(name, document: text, expecting: revision, at: now)
      }
      return .member("ResourcePolicy") { policy.write(to: &$0) }
    },
    Operation("ListResourcePolicies") { service, input in
      try input.refusePageToken()
      return .object { $0.list("ResourcePolicies", service.settings.current.policies) { $0.write(to: &$1) } }
    },
    Operation("DeleteResourcePolicy") { service, input in
      let name = try input.policyName()
      let revision = try input.text("PolicyRevisionId")
      try service.settings.change { settings in try settings.removePolicy(name, expecting: revision) }
      return .nothing
    },
  ]

  /// The time as settings keep it, to the microsecond.
  var now: Timestamp { clock.now.rounded(toTicks: 10) }
}

extension Fields {
  fileprivate func policyName() throws(APIError) -> String {
    let name = try require("PolicyName", try text("PolicyName", 1...128))
    guard name.wholeMatch(of: /[A-Za-z0-9_+=,.@\-]+/) != nil else {
      throw violation("PolicyName", "must satisfy regular expression pattern: [\\w+=,.@-]+")
    }
    return name
  }
}

extension ServiceSettings {
  /// Makes the policy, or gives it a new text and the next revision.
  ///
  /// - Parameter revision: The revision that is to be replaced; `0` only ever makes a policy.
  fileprivate mutating func put(
    _ name: String, document: String, expecting revision: String?, at now: Timestamp
  ) throws(APIError) -> ResourcePolicy {
    let index = policies.firstIndex { $0.name == name }
    try Self.check(revision, is: index.map { policies[$0].revision } ?? 0, of: name)
    if let index {
      policies[index].document = document
      policies[index].revision = policies[index].revision.addingSaturating(1)
      policies[index].updatedAt = now
      return policies[index]
    }
    guard policies.count < Self.policyLimit else {
      throw APIError(
        type: "PolicyCountLimitExceededException", message: "There are \(Self.policyLimit) resource policies already")
    }
    let policy = ResourcePolicy(name: name, document: document, revision: 1, updatedAt: now)
    policies.append(policy)
    return policy
  }

  fileprivate mutating func removePolicy(_ name: String, expecting revision: String?) throws(APIError) {
    let index = policies.firstIndex { $0.name == name }
    try Self.check(revision, is: index.map { policies[$0].revision } ?? 0, of: name)
    guard let index else { throw .invalidRequest("There is no resource policy \(name)") }
    policies.remove(at: index)
  }

  /// - Parameter current: 0 where there is no policy.
  private static func check(_ revision: String?, is current: Int, of name: String) throws(APIError) {
    guard let revision, revision != String(current) else { return }
    let found = current == 0 ? "does not exist" : "has the revision \(current)"
    throw APIError(
      type: "InvalidPolicyRevisionIdException",
      message: "The resource policy \(name) \(found), not \(revision.prefix(100))")
  }
}
