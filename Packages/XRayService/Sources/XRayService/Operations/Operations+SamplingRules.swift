import XRayModel
import XRaySampler

extension XRayService {
  static let samplingRuleOperations = [
    Operation("CreateSamplingRule") { service, input in
      var rule = try input.require("SamplingRule", try input.object("SamplingRule")).newRule()
      rule.arn = service.identity.arn("sampling-rule/\(rule.name)")
      let tags = try input.tagsOfNew()
      let now = service.now
      let new = SamplingRuleRecord(rule: rule, createdAt: now, modifiedAt: now)
      return try service.settings.change { settings in try settings.add(new, tags: tags) }.answer
    },
    Operation("UpdateSamplingRule") { service, input in
      let update = try input.require("SamplingRuleUpdate", try input.object("SamplingRuleUpdate"))
      let now = service.now
      return try service.settings.change { settings in try settings.updateRule(by: update, at: now) }.answer
    },
    Operation("DeleteSamplingRule") { service, input in
      let now = service.now
      return try service.settings.change { settings in try settings.removeRule(in: input, at: now) }.answer
    },
    // A token changes nothing, as in X-Ray: all rules are on the first page.
    Operation("GetSamplingRules") { service, input in
      _ = try input.text("NextToken")
      return .object { $0.list("SamplingRuleRecords", service.settings.current.rules) { $0.write(to: &$1) } }
    },
  ]
}

extension SamplingRuleRecord {
  fileprivate var answer: JSONWriter { .member("SamplingRuleRecord") { write(to: &$0) } }
}

extension Fields {
  /// A rule that is to be made.
  fileprivate func newRule() throws(APIError) -> CentralizedRule {
    guard !has("RuleARN") else { throw .invalidRequest("RuleARN cannot be chosen; specify a RuleName only") }
    var rule = CentralizedRule(
      name: try require("RuleName", try text("RuleName", 1...32)),
      priority: try require("Priority", try integer("Priority", Self.priorities)),
      fixedRate: try require("FixedRate", try number("FixedRate", 0...1)),
      reservoirSize: try require("ReservoirSize", try integer("ReservoirSize", Fields.counts)),
      version: try require("Version", try integer("Version")))
    guard rule.version == 1 else { throw violation("Version", "must be 1") }
    for name in Self.patterns { _ = try require(name, value(name)) }
    try change(&rule)
    return rule
  }

  /// Gives a rule the members that are there. Without a boost it has none any more, as in X-Ray.
  fileprivate func change(_ rule: inout CentralizedRule) throws(APIError) {
    rule.priority = try integer("Priority", Self.priorities) ?? rule.priority
    rule.fixedRate = try number("FixedRate", 0...1) ?? rule.fixedRate
    rule.reservoirSize = try integer("ReservoirSize", Fields.counts) ?? rule.reservoirSize
    rule.resourceARN = try pattern("ResourceARN", 500) ?? rule.resourceARN
    rule.serviceName = try pattern("ServiceName", 64) ?? rule.serviceName
    rule.serviceType = try pattern("ServiceType", 64) ?? rule.serviceType
    rule.host = try pattern("Host", 64) ?? rule.host
    rule.httpMethod = try pattern("HTTPMethod", 10) ?? rule.httpMethod
    rule.urlPath = try pattern("URLPath", 128) ?? rule.urlPath
    rule.attributes = try attributes() ?? rule.attributes
    rule.boost = try boost()
  }

  /// Gives the Default rule what may be changed of it.
  fileprivate func changeDefault(_ rule: inout CentralizedRule) throws(APIError) {
    for name in Self.patterns + ["Priority", "Attributes", "SamplingRateBoost"] where has(name) {
      throw .invalidRequest("Only FixedRate and ReservoirSize of the Default rule can be changed, not \(name)")
    }
    try change(&rule)
  }

  private static let priorities = 1...9999
  private static let patterns = ["ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"]

  private func pattern(_ name: String, _ limit: Int) throws(APIError) -> WildcardPattern? {
    try text(name, 0...limit).map { WildcardPattern($0) }
  }

  private func attributes() throws(APIError) -> [String: String]? {
    guard let fields = try object("Attributes"), let members = value("Attributes")?.object?.members else { return nil }
    guard members.count <= 5 else { throw violation("Attributes", "must have 0 to 5 elements") }
    var attributes: [String: String] = [:]
    for member in members {
      guard (1...32).contains(member.key.unicodeScalars.count) else {
        throw violation("Attributes", "must have keys of 1 to 32 characters")
      }
      attributes[member.key] = try fields.require(member.key, try fields.text(member.key, 1...32))
    }
    return attributes
  }

  private func boost() throws(APIError) -> SamplingRateBoost? {
    guard let boost = try object("SamplingRateBoost") else { return nil }
    return SamplingRateBoost(
      maxRate: try boost.require("MaxRate", try boost.number("MaxRate", 0...1)),
      cooldownMinutes: try boost.require(
        "CooldownWindowMinutes", try boost.integer("CooldownWindowMinutes", Fields.counts)))
  }
}

extension ServiceSettings {
  /// The place of the rule that a request names, by its name or its ARN.
  private func ruleIndex(in fields: Fields) throws(APIError) -> Int {
    let name = try fields.text("RuleName")
    let arn = try fields.text("RuleARN")
    guard (name == nil) != (arn == nil) else {
      throw .invalidRequest("Specify a rule by either RuleName or RuleARN, but not both")
    }
    let index = rules.firstIndex { name == nil ? $0.rule.arn == arn : $0.rule.name == name }
    guard let index else { throw .invalidRequest("There is no sampling rule \((name ?? arn ?? "").prefix(100))") }
    return index
  }

  fileprivate mutating func add(_ record: SamplingRuleRecord, tags: [Tag]) throws(APIError) -> SamplingRuleRecord {
    guard !rules.contains(where: { $0.rule.name == record.rule.name }) else {
      throw .invalidRequest("A sampling rule with the name \(record.rule.name) already exists")
    }
    guard rules.count <= Self.ruleLimit else {
      throw APIError(
        type: "RuleLimitExceededException",
        message: "There are \(Self.ruleLimit) sampling rules already beside the Default rule")
    }
    rules.append(record)
    if let arn = record.rule.arn, !tags.isEmpty { self.tags[arn] = tags }
    rulesChanged(at: record.createdAt)
    return record
  }

  fileprivate mutating func updateRule(by update: Fields, at now: Timestamp) throws(APIError) -> SamplingRuleRecord {
    let index = try ruleIndex(in: update)
    var record = rules[index]
    if record.rule.isDefault { try update.changeDefault(&record.rule) } else { try update.change(&record.rule) }
    record.modifiedAt = now
    rules[index] = record
    rulesChanged(at: now)
    return record
  }

  fileprivate mutating func removeRule(in fields: Fields, at now: Timestamp) throws(APIError) -> SamplingRuleRecord {
    let index = try ruleIndex(in: fields)
    guard !rules[index].rule.isDefault else { throw .invalidRequest("The Default rule cannot be deleted") }
    let record = rules.remove(at: index)
    if let arn = record.rule.arn { tags[arn] = nil }
    rulesChanged(at: now)
    return record
  }

  private mutating func rulesChanged(at now: Timestamp) {
    rules.sort { CentralizedRule.isOrdered($0.rule, before: $1.rule) }
    lastRuleModification = max(lastRuleModification, now)
  }
}
