import XRayModel

extension QueueSettings {
  /// The settings as SQS's attributes: `["VisibilityTimeout": "30", …]`.
  public var attributes: [String: String] {
    var attributes = others
    for number in Self.numbers { attributes[number.name] = String(self[keyPath: number.path]) }
    if let redrive {
      attributes["RedrivePolicy"] =
        JSONValue.object([
          "deadLetterTargetArn": .string(redrive.target),
          "maxReceiveCount": .number(JSONNumber(redrive.maximumReceiveCount)),
        ]).rendered()
    }
    guard isOrdered else { return attributes }
    attributes["FifoQueue"] = "true"
    attributes["ContentBasedDeduplication"] = String(deduplicatesByContent)
    attributes["DeduplicationScope"] = deduplicatesByGroup ? "messageGroup" : "queue"
    if attributes["FifoThroughputLimit"] == nil { attributes["FifoThroughputLimit"] = "perQueue" }
    return attributes
  }

  /// Takes over what `attributes` say; what they do not say stays.
  ///
  /// - Throws: ``QueueError/Code/invalidAttributeName`` for what is no attribute or cannot be set, and
  ///   ``QueueError/Code/invalidAttributeValue`` for values out of their ranges.
  public mutating func apply(_ attributes: [String: String]) throws(QueueError) {
    for (name, text) in attributes.sorted(by: { $0.key < $1.key }) { try apply(name, text) }
    guard others["FifoThroughputLimit"] != "perMessageGroupId" || deduplicatesByGroup else {
      throw Self.invalid("FifoThroughputLimit", "Deduplication scope must be messageGroup.")
    }
  }

  private struct Number {
    var name: String
    var path: any WritableKeyPath<QueueSettings, Int> & Sendable
    var range: ClosedRange<Int>
  }

  private static let numbers = [
    Number(name: "DelaySeconds", path: \.delaySeconds, range: 0...900),
    Number(name: "VisibilityTimeout", path: \.visibilityTimeoutSeconds, range: 0...43_200),
    Number(name: "MessageRetentionPeriod", path: \.retentionSeconds, range: 60...1_209_600),
    Number(name: "MaximumMessageSize", path: \.maximumMessageBytes, range: 1024...1_048_576),
    Number(name: "ReceiveMessageWaitTimeSeconds", path: \.receiveWaitSeconds, range: 0...20),
  ]

  private mutating func apply(_ name: String, _ text: String) throws(QueueError) {
    if let number = Self.numbers.first(where: { $0.name == name }) {
      guard let value = Int(text), number.range.contains(value) else { throw Self.invalid(name) }
      self[keyPath: number.path] = value
      return
    }
    switch name {
    case "RedrivePolicy": redrive = try Self.redrivePolicy(text, isOrdered: isOrdered)
    case "FifoQueue":
      // Only said, never changed.
      guard try Self.flag(name, text) == isOrdered else { throw Self.invalid(name) }
    case "ContentBasedDeduplication": deduplicatesByContent = try ordered(name, Self.flag(name, text))
    case "DeduplicationScope":
      guard ["messageGroup", "queue"].contains(text) else { throw Self.invalid(name) }
      deduplicatesByGroup = try ordered(name, text == "messageGroup")
    case "FifoThroughputLimit":
      guard ["perMessageGroupId", "perQueue"].contains(text) else { throw Self.invalid(name) }
      others[name] = try ordered(name, text == "perQueue" ? nil : text)
    case "Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "RedriveAllowPolicy", "SqsManagedSseEnabled":
      guard text.utf8.count <= 65_536 else { throw Self.invalid(name) }
      others[name] = text.isEmpty ? nil : text
    default: throw QueueError(.invalidAttributeName, "Unknown Attribute \(name.prefix(100)).")
    }
  }

  private func ordered<Value>(_ name: String, _ value: Value) throws(QueueError) -> Value {
    guard isOrdered else { throw QueueError(.invalidAttributeName, "Unknown Attribute \(name).") }
    return value
  }

  private static func flag(_ name: String, _ text: String) throws(QueueError) -> Bool {
    switch text.lowercased() {
    case "true": return true
    case "false": return false
    default: throw invalid(name)
    }
  }

  /// Empty text, or no object's members, end a policy.
  private static func redrivePolicy(_ text: String, isOrdered: Bool) throws(QueueError) -> RedrivePolicy? {
    if text.isEmpty || text == "{}" { return nil }
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue(parsing: Array(text.utf8).span) } catch {
      throw invalid("RedrivePolicy", "Redrive policy is not a valid JSON map.")
    }
    guard let target = json["deadLetterTargetArn"]?.string, let limit = json["maxReceiveCount"] else {
      throw invalid("RedrivePolicy", "Redrive policy must have deadLetterTargetArn and maxReceiveCount.")
    }
    // Clients write the number as a number or as a string.
    guard let count = limit.number?.integer ?? limit.string.flatMap({ Int($0) }), (1...1000).contains(count) else {
      throw invalid("RedrivePolicy", "Invalid value for maxReceiveCount. Must be from 1 to 1000.")
    }
    guard target.hasPrefix("arn:"), target.utf8.count <= 256 else {
      throw invalid("RedrivePolicy", "Invalid value for deadLetterTargetArn.")
    }
    guard target.hasSuffix(".fifo") == isOrdered else {
      throw invalid("RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")
    }
    return RedrivePolicy(target: target, maximumReceiveCount: count)
  }

  private static func invalid(_ name: String, _ reason: String = "") -> QueueError {
    QueueError(
      .invalidAttributeValue, "Invalid value for the parameter \(name)." + (reason.isEmpty ? "" : " Reason: \(reason)"))
  }
}
