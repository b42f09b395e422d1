import EventSources
import XRayModel

/// Messages that a function gets together.
struct QueueBatch {
  /// Lambda's limit of a payload, with room for what is around the messages. Ours: escapes are not counted.
  static let bytesLimit = 6 << 20

  let messages: [QueueMessage]

  /// The function's event.
  func event(from arn: String, region: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("Records")
      writer.array { writer in
        for message in messages { message.write(to: &writer, arn: arn, region: region) }
      }
    }
    return writer.bytes
  }

  /// Links to the senders that were traced, each once, at most 40: they share the document's 64 KB with a cause.
  func links(consumer: FunctionVersion) -> [TraceLink] {
    var links: [TraceLink] = []
    for message in messages {
      guard links.count < 40, let text = message.traceHeader, let header = try? TraceHeader(parsing: text),
        header.sampling == .sampled
      else { continue }
      let link = TraceLink(
        traceID: header.root, id: header.parent,
        attributes: [
          "aws.xray.reserved.names": [.string(consumer.configuration.name)],
          "aws.xray.reserved.type": "AWS::Lambda", "aws.xray.reserved.reference_type": "parent",
        ])
      if !links.contains(link) { links.append(link) }
    }
    return links
  }

  /// The messages that a function's answer does not report as failed, and that do not follow a failed one of their
  /// group.
  ///
  /// Nothing at all, an empty object and an empty list report no failure; what cannot be understood, or names a message
  /// that is not in the batch, makes all of them fail.
  func processed(accordingTo answer: [UInt8]) -> [QueueMessage] {
    guard let failed = failures(in: answer) else { return [] }
    var blocked: Set<String> = []
    return messages.filter { message in
      let isFailed = failed.contains(message.id)
      guard message.sequenceNumber != nil, let group = message.groupID else { return !isFailed }
      if isFailed { blocked.insert(group) }
      return !blocked.contains(group)
    }
  }

  private func failures(in answer: [UInt8]) -> Set<String>? {
    if answer.isEmpty { return [] }
    guard let json = try? JSONValue(parsing: answer.span) else { return nil }
    if json == .null { return [] }
    guard let object = json.object else { return nil }
    switch object["batchItemFailures"] {
    case nil, .null: return []
    case .array(let items)?:
      let ids = Set(messages.map(\.id))
      var failed: Set<String> = []
      for item in items {
        guard let id = item["itemIdentifier"]?.string, ids.contains(id) else { return nil }
        failed.insert(id)
      }
      return failed
    default: return nil
    }
  }
}

extension QueueMessage {
  /// Writes the record that a function gets.
  fileprivate func write(to writer: inout JSONWriter, arn: String, region: String) {
    writer.object { writer in
      writer.member("messageId", id)
      writer.member("receiptHandle", receiptHandle)
      writer.member("body", String(decoding: body, as: UTF8.self))
      writer.key("attributes")
      writer.object { writer in
        for (name, text) in systemAttributes.sorted(by: { $0.key < $1.key }) { writer.member(name, text) }
      }
      writer.key("messageAttributes")
      writer.object { writer in
        for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
          writer.key(name)
          writer.object { writer in
            if let text = attribute.text { writer.member("stringValue", text) }
            if let base64 = attribute.base64 { writer.member("binaryValue", base64) }
            writer.member("stringListValues", [])
            writer.member("binaryListValues", [])
            writer.member("dataType", attribute.type)
          }
        }
      }
      writer.member("md5OfBody", bodyMD5)
      if !attributes.isEmpty { writer.member("md5OfMessageAttributes", attributes.md5) }
      writer.member("eventSource", "aws:sqs")
      writer.member("eventSourceARN", arn)
      writer.member("awsRegion", region)
    }
  }
}
