import XRayModel
import XRaySampler

/// What is wrong with settings that cannot be read.
struct SettingsDamage: Error, Hashable {
  var detail: String

  init(_ detail: String) { self.detail = detail }
}

extension ServiceSettings {
  /// The version of the form below. It rises when an older reader would lose something.
  static let format = 1

  /// Reads what ``write(to:)`` wrote. Nothing is passed over: a part that cannot be read fails the whole.
  init(json: JSONValue) throws(SettingsDamage) {
    guard let format = json["Format"]?.number?.integer else { throw SettingsDamage("they name no format") }
    guard format == Self.format else {
      throw SettingsDamage("they have format \(format), this version reads \(Self.format)")
    }
    groups = try Self.list(json, "Groups", TraceGroup.init(json:))
    rules = try Self.list(json, "SamplingRules", SamplingRuleRecord.init(json:))
    policies = try Self.list(json, "Policies", ResourcePolicy.init(json:))
    for entry in try Self.list(json, "Tags", TagList.init(json:)) { tags[entry.arn] = entry.tags }
    lastRuleModification = try Self.part(json, "LastRuleModification") { Timestamp(setting: $0) }
    encryption = try Self.part(json, "Encryption", EncryptionSetting.init(json:))
    indexing = try Self.part(json, "IndexingRule", IndexingRule.init(json:))
    destination = try Self.part(json, "Destination") { $0.string.flatMap(TraceSegmentDestination.init) }
    guard groups.first?.isDefault == true else { throw SettingsDamage("the Default group is missing") }
    guard rules.last?.rule.isDefault == true else { throw SettingsDamage("the Default sampling rule is missing") }
    guard Set(groups.map(\.name)).count == groups.count, Set(rules.map(\.rule.name)).count == rules.count,
      Set(policies.map(\.name)).count == policies.count
    else { throw SettingsDamage("two groups, rules or policies have the same name") }
  }

  /// Writes everything, as a JSON object.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Format", Self.format)
      writer.member("LastRuleModification", lastRuleModification)
      writer.list("Groups", groups) { $0.write(to: &$1) }
      writer.list("SamplingRules", rules) { $0.write(to: &$1) }
      writer.list("Policies", policies) { $0.write(to: &$1) }
      let lists = tags.sorted { $0.key < $1.key }.map { TagList(arn: $0.key, tags: $0.value) }
      writer.list("Tags", lists) { $0.write(to: &$1) }
      writer.key("Encryption")
      encryption.write(to: &writer, status: "ACTIVE")
      writer.key("IndexingRule")
      indexing.write(to: &writer)
      writer.member("Destination", destination.rawValue)
    }
  }

  private static func list<Element>(
    _ json: JSONValue, _ key: String, _ read: (JSONValue) -> Element?
  ) throws(SettingsDamage) -> [Element] {
    guard let array = json[key]?.array else { throw SettingsDamage("\"\(key)\" is missing") }
    let elements = array.compactMap(read)
    guard elements.count == array.count else { throw SettingsDamage("an element of \"\(key)\" cannot be read") }
    return elements
  }

  private static func part<Value>(
    _ json: JSONValue, _ key: String, _ read: (JSONValue) -> Value?
  ) throws(SettingsDamage) -> Value {
    guard let value = json[key].flatMap(read) else { throw SettingsDamage("\"\(key)\" is missing or cannot be read") }
    return value
  }
}

/// The tags of one group or rule, as the file has them.
private struct TagList {
  var arn: String
  var tags: [Tag]

  init(arn: String, tags: [Tag]) {
    self.arn = arn
    self.tags = tags
  }

  init?(json: JSONValue) {
    guard let arn = json["ResourceARN"]?.string, let array = json["Tags"]?.array else { return nil }
    self.init(arn: arn, tags: array.compactMap(Tag.init(json:)))
    guard tags.count == array.count else { return nil }
  }

  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("ResourceARN", arn)
      writer.list("Tags", tags) { $0.write(to: &$1) }
    }
  }
}

extension JSONWriter {
  /// Writes a member that is an array, of as many elements as there are.
  mutating func list<Elements: Sequence>(
    _ key: String, _ elements: Elements, _ write: (Elements.Element, inout JSONWriter) -> Void
  ) {
    self.key(key)
    array { writer in for element in elements { write(element, &writer) } }
  }
}
