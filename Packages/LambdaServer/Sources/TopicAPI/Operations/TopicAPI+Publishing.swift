import Crypto
import EventSources
import QueryProtocol
import XRayModel

extension TopicAPI {
  /// SNS: messages of a batch.
  static let batchLimit = 10

  func publish(_ form: QueryForm, _ traceHeader: String?, _ xml: inout XMLWriter) throws(TopicError) {
    guard !form.has("PhoneNumber") else { throw .invalid("PhoneNumber", "Nobody can be sent a text from here") }
    let arn = try form.topicARN(form.has("TopicArn") ? "TopicArn" : "TargetArn")
    let topic = try registry.current.existingTopic(arn)
    let published = try publish(try form.message(to: topic, traceHeader), to: arn)
    xml.element("MessageId", published.id)
    if let number = published.sequenceNumber { xml.element("SequenceNumber", number) }
  }

  func publishBatch(_ form: QueryForm, _ traceHeader: String?, _ xml: inout XMLWriter) throws(TopicError) {
    let arn = try form.topicARN()
    let topic = try registry.current.existingTopic(arn)
    let entries = form.elements(of: "PublishBatchRequestEntries")
    try check(entries)
    var failures: [(id: String, error: TopicError)] = []
    var successes: [(id: String, message: PublishedMessage)] = []
    var messages: [(id: String, message: TopicMessage)] = []
    for entry in entries {
      let id = entry["Id"] ?? ""
      do throws(TopicError) { messages.append((id, try entry.message(to: topic, traceHeader))) } catch {
        failures.append((id, error))
      }
    }
    guard messages.reduce(0, { $0 + $1.message.bytes }) <= TopicMessage.bytesLimit else {
      throw TopicError(.batchRequestTooLong, "The length of all the messages put together is more than the limit.")
    }
    for (id, message) in messages {
      do throws(TopicError) { successes.append((id, try publish(message, to: arn))) } catch {
        failures.append((id, error))
      }
    }
    xml.list("Successful", successes) { xml, success in
      xml.element("Id", success.id)
      xml.element("MessageId", success.message.id)
      if let number = success.message.sequenceNumber { xml.element("SequenceNumber", number) }
    }
    xml.list("Failed", failures) { xml, failure in
      xml.element("Id", failure.id)
      xml.element("Code", failure.error.code.rawValue)
      xml.element("Message", failure.error.message)
      xml.element("SenderFault", failure.error.refusal.isSendersFault)
    }
  }

  private func check(_ entries: [QueryForm]) throws(TopicError) {
    guard !entries.isEmpty else {
      throw TopicError(.emptyBatchRequest, "The batch request doesn't contain any entries.")
    }
    guard entries.count <= Self.batchLimit else {
      throw TopicError(.tooManyEntries, "The batch request contains more than \(Self.batchLimit) entries.")
    }
    var ids: Set<String> = []
    for entry in entries {
      guard let id = entry["Id"], id.isTopicName, id.utf8.count <= 80 else {
        throw TopicError(
          .invalidBatchEntryID, "The Id of a batch entry has 1 to 80 letters, digits, hyphens and underscores.")
      }
      guard ids.insert(id).inserted else {
        throw TopicError(.batchEntryIDsNotDistinct, "Two or more batch entries have the same Id.")
      }
    }
  }

  private func publish(_ message: TopicMessage, to arn: String) throws(TopicError) -> PublishedMessage {
    // Between the two the topic may have been deleted.
    guard let published = service.publish(message, to: arn) else { throw .noTopic }
    return published
  }
}

extension QueryForm {
  /// What is to be published: the parameters of `Publish`, or those of an entry of a batch.
  fileprivate func message(to topic: Topic, _ traceHeader: String?) throws(TopicError) -> TopicMessage {
    guard let text = self["Message"] else { throw .invalid("Empty message") }
    var message = TopicMessage(body: text)
    if let structure = self["MessageStructure"] {
      guard structure == "json" else { throw .invalid("MessageStructure") }
      (message.body, message.bodies) = try Self.bodies(text)
    }
    message.subject = try subject()
    message.attributes = try messageAttributes()
    message.traceHeader = traceHeader
    guard max(message.bytes, text.utf8.count) <= TopicMessage.bytesLimit else { throw .invalid("Message too long") }
    message.groupID = try fifoText("MessageGroupId")
    message.deduplicationID = try fifoText("MessageDeduplicationId")
    guard topic.isFIFO else {
      guard message.deduplicationID == nil else {
        throw .invalid(
          "MessageDeduplicationId", "The request includes a parameter that is not valid for this topic type")
      }
      return message
    }
    guard message.groupID != nil else {
      throw .invalid("The MessageGroupId parameter is required for FIFO topics")
    }
    if message.deduplicationID == nil {
      guard topic.attributes["ContentBasedDeduplication"]?.flag == true else {
        throw .invalid(
          "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )
      }
      message.deduplicationID = SHA256.hash(data: Array(text.utf8)).map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
    }
    return message
  }

  /// The bodies of a message with `MessageStructure=json`: `default`, and others by protocol.
  private static func bodies(
    _ text: String
  ) throws(TopicError) -> (String, [TopicSubscription.Target: String]) {
    guard let json = try? JSONValue(parsing: text), json.object != nil else {
      throw .invalid("Message Structure - JSON message body failed to parse")
    }
    guard let body = json["default"]?.string else {
      throw .invalid("Message Structure - No default entry in JSON message body")
    }
    var bodies: [TopicSubscription.Target: String] = [:]
    for target in TopicSubscription.Target.allCases { bodies[target] = json[target.rawValue]?.string }
    return (body, bodies)
  }

  private func subject() throws(TopicError) -> String? {
    guard let subject = self["Subject"] else { return nil }
    guard subject.unicodeScalars.count <= 100, subject.unicodeScalars.allSatisfy({ " "..."~" ~= $0 }),
      !subject.hasPrefix(" ")
    else { throw .invalid("Subject") }
    return subject
  }

  /// 1 to 128 letters, digits and punctuation.
  private func fifoText(_ key: String) throws(TopicError) -> String? {
    guard let text = self[key] else { return nil }
    guard text.utf8.count <= 128, text.unicodeScalars.allSatisfy({ "!"..."~" ~= $0 }) else {
      throw .invalid(key, "It has 1 to 128 letters, digits and punctuation")
    }
    return text
  }

  private func messageAttributes() throws(TopicError) -> [String: MessageAttribute] {
    var attributes: [String: MessageAttribute] = [:]
    for entry in elements(of: "MessageAttributes", as: .entries) {
      guard let name = entry["Name"], name.isAttributeName else {
        throw TopicError(
          .parameterValueInvalid, "A message attribute's name has 1 to 256 letters, digits, and _ - . inside")
      }
      guard attributes.updateValue(try entry.messageAttribute(name), forKey: name) == nil else {
        throw TopicError(.parameterValueInvalid, "The message attribute '\(name)' is there more than once.")
      }
    }
    return attributes
  }

  private func messageAttribute(_ name: String) throws(TopicError) -> MessageAttribute {
    func refusal(_ reason: String) -> TopicError {
      TopicError(.parameterValueInvalid, "The message attribute '\(name)' \(reason)")
    }
    guard let type = self["Value.DataType"], type.utf8.count <= 256 else { throw refusal("must contain a type.") }
    let text = self["Value.StringValue"]
    switch type.split(separator: ".", maxSplits: 1).first {
    case "Binary":
      guard let binary = self["Value.BinaryValue"], let value = MessageAttribute(type: type, base64: binary) else {
        throw refusal("must contain non-empty binary value for message attribute type '\(type)'.")
      }
      return value
    case "String", "Number":
      guard let text else { throw refusal("must contain non-empty message attribute value for type '\(type)'.") }
      guard !type.hasPrefix("Number") || Double(text)?.isFinite == true else {
        throw refusal("must contain a number, not '\(text.quoted)'.")
      }
      return MessageAttribute(type: type, value: .text(text))
    default:
      throw refusal(
        "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.")
    }
  }
}

extension String {
  fileprivate var isAttributeName: Bool {
    utf8.count <= 256 && !hasPrefix("AWS.") && !hasPrefix("Amazon.")
      && split(separator: ".", omittingEmptySubsequences: false).allSatisfy { String($0).isTopicName }
  }
}
