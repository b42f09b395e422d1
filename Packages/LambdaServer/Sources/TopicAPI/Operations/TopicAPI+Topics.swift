import EventSources
import QueryProtocol

extension TopicAPI {
  /// Ours: topics of an account.
  static let topicLimit = 1000

  /// Attributes that are kept and told. Only those of FIFO topics change what is done.
  private static let topicAttributes: Set<String> = [
    "ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "FifoThroughputScope", "FifoTopic", "KmsMasterKeyId",
    "Policy", "SignatureVersion", "TracingConfig",
  ]

  func createTopic(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let name = try form.required("Name")
    var topic = Topic(name: name)
    for (key, value) in try form.attributes() { try set(&topic, key, value) }
    let isFIFO = topic.attributes.removeValue(forKey: "FifoTopic")?.flag ?? false
    let stem = topic.isFIFO ? String(name.dropLast(5)) : name
    guard isFIFO == topic.isFIFO, (1...256).contains(name.utf8.count), stem.isTopicName else {
      throw .invalid("Topic Name")
    }
    topic.tags = try form.tags()
    let arn = try change { records throws(TopicError) in
      let arn = records.arn(ofTopic: name)
      if let present = records.topics[name] {
        try Self.compare(topic, with: present)
        return arn
      }
      guard records.topics.count < Self.topicLimit else {
        throw TopicError(.topicLimitExceeded, "There are \(Self.topicLimit) topics.")
      }
      records.put(topic)
      return arn
    }
    xml.element("TopicArn", arn)
  }

  /// A topic may be made again as long as it does not become another.
  private static func compare(_ topic: Topic, with present: Topic) throws(TopicError) {
    guard topic.attributes.allSatisfy({ present.attributes[$0.key] == $0.value }) else {
      throw .invalid("Attributes", "Topic already exists with different attributes")
    }
    guard topic.tags == present.tags else { throw .invalid("Tags", "Topic already exists with different tags") }
  }

  private func set(_ topic: inout Topic, _ key: String, _ value: String) throws(TopicError) {
    guard Self.topicAttributes.contains(key) else { throw .invalid("AttributeName", "\(key.quoted) is not emulated") }
    // SNS: a policy has 30 KB; the other bounds are ours.
    let limit = key == "Policy" ? 30_720 : key == "DeliveryPolicy" ? 4096 : 256
    guard value.utf8.count <= limit else { throw .invalid("AttributeValue", "\(key) has at most \(limit) bytes") }
    switch key {
    case "ContentBasedDeduplication", "FifoTopic":
      guard value.flag != nil else { throw .invalid("Attributes", "\(key) must be true or false") }
      guard key == "FifoTopic" || topic.isFIFO else {
        throw .invalid("Attributes", "\(key) is for FIFO topics only")
      }
    case "TracingConfig":
      guard ["Active", "PassThrough"].contains(value) else {
        throw .invalid("Attributes", "TracingConfig must be Active or PassThrough")
      }
    case "DisplayName":
      guard value.unicodeScalars.count <= 100 else { throw .invalid("Attributes", "DisplayName is too long") }
    default: break
    }
    topic.attributes[key] = value
  }

  func deleteTopic(_ form: QueryForm) throws(TopicError) {
    let arn = try form.topicARN()
    // A topic that is gone may be deleted again.
    try change { records throws(TopicError) in
      if let topic = records.topic(arn) { records.removeTopic(topic.name) }
    }
  }

  func listTopics(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let records = registry.current
    try TopicPage(form).write("Topics", of: Array(records.topics.values), by: \.name, to: &xml) { xml, topic in
      xml.element("TopicArn", records.arn(ofTopic: topic.name))
    }
  }

  func getTopicAttributes(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    let records = registry.current
    let topic = try records.existingTopic(try form.topicARN())
    var attributes = topic.attributes
    attributes["TopicArn"] = records.arn(ofTopic: topic.name)
    attributes["Owner"] = records.account
    attributes["DisplayName"] = topic.attributes["DisplayName"] ?? ""
    attributes["SubscriptionsConfirmed"] = String(records.subscriptions(ofTopic: topic.name).count)
    attributes["SubscriptionsPending"] = "0"
    attributes["SubscriptionsDeleted"] = "0"
    if topic.isFIFO {
      attributes["FifoTopic"] = "true"
      attributes["ContentBasedDeduplication"] = topic.attributes["ContentBasedDeduplication"] ?? "false"
    }
    xml.map("Attributes", attributes)
  }

  func setTopicAttributes(_ form: QueryForm) throws(TopicError) {
    let arn = try form.topicARN()
    let name = try form.required("AttributeName")
    try change { records throws(TopicError) in
      var topic = try records.existingTopic(arn)
      guard name != "FifoTopic" else { throw .invalid("AttributeName") }
      try self.set(&topic, name, form["AttributeValue"] ?? "")
      records.put(topic)
    }
  }

  // MARK: Tags

  func tagResource(_ form: QueryForm) throws(TopicError) {
    let tags = try form.tags()
    try changeTags(form) { $0.merge(tags) { $1 } }
  }

  func untagResource(_ form: QueryForm) throws(TopicError) {
    let keys = form.elements(of: "TagKeys").compactMap(\.text)
    try changeTags(form) { tags in for key in keys { tags[key] = nil } }
  }

  func listTagsForResource(_ form: QueryForm, _ xml: inout XMLWriter) throws(TopicError) {
    guard let topic = registry.current.topic(try form.topicARN("ResourceArn")) else { throw .noResource }
    xml.list("Tags", topic.tags.sorted { $0.key < $1.key }) { xml, tag in
      xml.element("Key", tag.key)
      xml.element("Value", tag.value)
    }
  }

  private func changeTags(_ form: QueryForm, _ body: (inout [String: String]) -> Void) throws(TopicError) {
    let arn = try form.topicARN("ResourceArn")
    try change { records throws(TopicError) in
      guard var topic = records.topic(arn) else { throw .noResource }
      body(&topic.tags)
      guard topic.tags.count <= QueryForm.tagLimit else {
        throw TopicError(.tagLimitExceeded, "Could not complete request: tag quota of per resource exceeded")
      }
      records.put(topic)
    }
  }
}

extension TopicError {
  fileprivate static let noResource = TopicError(.resourceNotFound, "Resource does not exist")
}

extension TopicRecords {
  /// - Throws: `NotFound`.
  func existingTopic(_ arn: String) throws(TopicError) -> Topic {
    guard let topic = topic(arn) else { throw .noTopic }
    return topic
  }
}

extension String {
  /// Letters, digits, `-` and `_`, at least one.
  var isTopicName: Bool {
    !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
