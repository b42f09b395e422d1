import EventSources
import XRayModel

/// Which attributes a receiver wants to see.
struct AttributeSelection {
  private let system: Set<String>
  private let own: [String]

  /// - Throws: For a name that is no system attribute's.
  init(system: [String], own: [String]) throws(QueueFault) {
    for name in system where !Self.systemNames.contains(name) {
      throw QueueFault(.invalidAttributeName, "Unknown Attribute \(name.prefix(100)).")
    }
    self.system = Set(system)
    self.own = own
  }

  private static let systemNames: Set<String> = [
    "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
    "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
  ]

  /// `All`, a name, or the beginning of names: `order.*`.
  private func wants(_ name: String) -> Bool {
    own.contains { $0 == "All" || $0 == name || ($0.hasSuffix(".*") && name.hasPrefix($0.dropLast(2))) }
  }

  func json(_ message: QueueMessage) -> JSONValue {
    var members: [JSONObject.Member] = [
      .init("MessageId", message.id), .init("ReceiptHandle", message.receiptHandle),
      .init("MD5OfBody", message.bodyMD5), .init("Body", String(decoding: message.body, as: UTF8.self)),
    ]
    let seen = message.systemAttributes.filter { system.contains("All") || system.contains($0.key) }
    if !seen.isEmpty { members.append(.init("Attributes", .map(seen))) }
    let attributes = message.attributes.filter { wants($0.key) }
    if !attributes.isEmpty {
      members.append(.init("MD5OfMessageAttributes", attributes.md5))
      let values = attributes.sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, $0.value.json) }
      members.append(.init("MessageAttributes", .object(JSONObject(values))))
    }
    return .object(JSONObject(members))
  }
}

extension MessageAttribute {
  fileprivate var json: JSONValue {
    var object: JSONObject = ["DataType": .string(type)]
    if let text { object["StringValue"] = .string(text) }
    if let base64 { object["BinaryValue"] = .string(base64) }
    return .object(object)
  }
}
