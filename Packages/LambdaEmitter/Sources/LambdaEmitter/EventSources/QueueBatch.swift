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

  /// Links to the senders that were traced.
  func links(consumer: FunctionVersion) -> [TraceLink] {
    consumer.links(toSenders: messages.lazy.map(\.traceHeader))
  }

  /// The messages that a function's answer does not report as failed, and that do not follow a failed one of their
  /// group.
  ///
  /// Nothing at all, an empty object and an empty list report no failure; what cannot be understood, or names a message
  /// that is not in the batch, makes all of them fail.
  func processed(accordingTo answer: [UInt8]) -> [QueueMessage] {
    guard let failed = batchItemFailures(in: answer, of: Set(messages.map(\.id))) else { return [] }
    var blocked: Set<String> = []
    return messages.filter { message in
      let isFailed = failed.contains(message.id)
      guard message.sequenceNumber != nil, let group = message.groupID else { return !isFailed }
      if isFailed { blocked.insert(group) }
      return !blocked.contains(group)
    }
  }
}

extension QueueMessage {
  /// Writes the record that a function gets.
  func write(to writer: inout JSONWriter, arn: String, region: String) {
    writer.object { writer in
      writer.member("messageId", id)
      writer.member("receiptHandle", receiptHandle)
      writer.member("body", String(decoding: body, as: UTF8.self))
      writer.texts("attributes", systemAttributes)
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
