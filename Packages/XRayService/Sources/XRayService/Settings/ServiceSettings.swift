import XRayModel
import XRaySampler

/// Everything that users set: groups, sampling rules, policies, tags and switches.
struct ServiceSettings: Hashable, Sendable {
  /// Most groups, the Default group included. X-Ray: 25 per region.
  static let groupLimit = 25
  /// Most sampling rules beside the Default rule. X-Ray: 25 per region.
  static let ruleLimit = 25
  /// Most resource policies. X-Ray: 5 per account.
  static let policyLimit = 5

  /// The Default group first, the others in order of creation.
  var groups: [TraceGroup]
  /// In the order in which they are tried, the Default rule last.
  var rules: [SamplingRuleRecord]
  /// When a sampling rule was last made, changed or deleted.
  var lastRuleModification = Timestamp(ticks: 0)
  /// In order of creation.
  var policies: [ResourcePolicy] = []
  /// By the ARN of the group or rule that has them, in the order in which they were given.
  var tags: [String: [Tag]] = [:]
  var encryption = EncryptionSetting.none
  var indexing = IndexingRule()
  var destination = TraceSegmentDestination.xray

  /// What is set before anybody sets anything: the Default group and the Default rule.
  init(identity: ServiceIdentity = ServiceIdentity()) {
    groups = [TraceGroup(name: TraceGroup.defaultName, arn: identity.arn("group/\(TraceGroup.defaultName)"))]
    var rule = CentralizedRule.defaultRule
    rule.arn = identity.arn("sampling-rule/\(rule.name)")
    rules = [SamplingRuleRecord(rule: rule, createdAt: Timestamp(ticks: 0), modifiedAt: Timestamp(ticks: 0))]
  }

  /// The group that a request names; `nil` when it names none.
  func group(in fields: Fields) throws(APIError) -> TraceGroup? {
    let name = try fields.text("GroupName", 1...32)
    let arn = try fields.text("GroupARN", 1...400)
    guard name != nil || arn != nil else { return nil }
    guard let group = groups.first(where: { $0.name == name ?? $0.name && $0.arn == arn ?? $0.arn }) else {
      throw APIError.invalidRequest("Group not found.")
    }
    return group
  }

  /// Whether something here has this ARN and can have tags.
  func isTaggable(_ arn: String) -> Bool {
    groups.contains { $0.arn == arn } || rules.contains { $0.rule.arn == arn }
  }
}
