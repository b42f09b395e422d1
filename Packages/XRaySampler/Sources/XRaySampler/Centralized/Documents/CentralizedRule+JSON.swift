public import XRayModel

extension CentralizedRule {
  /// Reads X-Ray's `SamplingRule`. Absent patterns match all. `nil` without a name, when a number is missing or
  /// outside its range, or when a pattern is not text or longer than ``SamplingRules/patternByteLimit``.
  public init?(json: JSONValue) {
    guard let object = json.object, let name = object["RuleName"]?.string, !name.isEmpty,
      let fixedRate = object["FixedRate"]?.number?.double, (0...1).contains(fixedRate),
      let reservoirSize = object["ReservoirSize"]?.number?.integer, reservoirSize >= 0,
      let priority = object["Priority"]?.number?.integer
    else { return nil }
    var patterns: [String: WildcardPattern] = [:]
    for key in ["ResourceARN", "ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath"] {
      guard let value = object[key], value != .null else { continue }
      guard let text = value.string, text.utf8.count <= SamplingRules.patternByteLimit else { return nil }
      patterns[key] = WildcardPattern(text)
    }
    func pattern(_ key: String) -> WildcardPattern { patterns[key] ?? .any }
    var attributes: [String: String] = [:]
    for member in object["Attributes"]?.object?.members ?? [] { attributes[member.key] = member.value.string }
    self.init(
      name: name, arn: object["RuleARN"]?.string, resourceARN: pattern("ResourceARN"), priority: priority,
      fixedRate: fixedRate, reservoirSize: reservoirSize, serviceName: pattern("ServiceName"),
      serviceType: pattern("ServiceType"), host: pattern("Host"), httpMethod: pattern("HTTPMethod"),
      urlPath: pattern("URLPath"), version: object["Version"]?.number?.integer ?? 1, attributes: attributes,
      boost: object["SamplingRateBoost"].flatMap(SamplingRateBoost.init(json:)))
  }

  /// Writes X-Ray's `SamplingRule`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("RuleName", name)
      if let arn { writer.member("RuleARN", arn) }
      writer.member("ResourceARN", resourceARN.text)
      writer.member("Priority", priority)
      writer.member("FixedRate", fixedRate)
      writer.member("ReservoirSize", reservoirSize)
      writer.member("ServiceName", serviceName.text)
      writer.member("ServiceType", serviceType.text)
      writer.member("Host", host.text)
      writer.member("HTTPMethod", httpMethod.text)
      writer.member("URLPath", urlPath.text)
      writer.member("Version", version)
      writer.texts("Attributes", attributes)
      guard let boost else { return }
      writer.key("SamplingRateBoost")
      boost.write(to: &writer)
    }
  }
}

extension SamplingRateBoost {
  /// Reads X-Ray's `SamplingRateBoost`. `nil` when a member is missing or outside its range.
  public init?(json: JSONValue) {
    guard let maxRate = json["MaxRate"]?.number?.double, (0...1).contains(maxRate),
      let cooldown = json["CooldownWindowMinutes"]?.number?.integer, cooldown >= 0
    else { return nil }
    self.init(maxRate: maxRate, cooldownMinutes: cooldown)
  }

  /// Writes X-Ray's `SamplingRateBoost`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("MaxRate", maxRate)
      writer.member("CooldownWindowMinutes", cooldownMinutes)
    }
  }
}

extension SamplingRuleRecord {
  /// Reads X-Ray's `SamplingRuleRecord`; absent times are 1970. `nil` without a rule that can be read.
  public init?(json: JSONValue) {
    guard let rule = json["SamplingRule"].flatMap(CentralizedRule.init(json:)) else { return nil }
    let created = json["CreatedAt"].flatMap { Timestamp(samplingTime: $0) } ?? Timestamp(ticks: 0)
    self.init(
      rule: rule, createdAt: created,
      modifiedAt: json["ModifiedAt"].flatMap { Timestamp(samplingTime: $0) } ?? created)
  }

  /// Writes X-Ray's `SamplingRuleRecord`.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.key("SamplingRule")
      rule.write(to: &writer)
      writer.member("CreatedAt", createdAt)
      writer.member("ModifiedAt", modifiedAt)
    }
  }
}
