import EventSources
import XRayModel

extension NewMessage {
  /// Reads a message that is sent to a queue with `settings`.
  ///
  /// - Parameter traceHeader: Of the request; counts when the message has none of its own.
  init(_ input: QueueInput, settings: QueueSettings, traceHeader: String?) throws(QueueFault) {
    let body = try input.required("MessageBody")
    guard body.unicodeScalars.allSatisfy(Self.isAllowed) else {
      throw QueueFault(
        .invalidMessageContents,
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
      )
    }
    self.init(Array(body.utf8))
    attributes = try Self.attributes(input.objects("MessageAttributes"))
    // A header that cannot be read would tell a receiver nothing.
    self.traceHeader =
      try Self.traceHeader(input.objects("MessageSystemAttributes"))
      ?? traceHeader.flatMap { (try? TraceHeader(parsing: $0)) == nil ? nil : $0 }
    delaySeconds = try input.integer("DelaySeconds", 0...900)
    groupID = try Self.id("MessageGroupId", input)
    deduplicationID = try Self.id("MessageDeduplicationId", input)
    if settings.isOrdered {
      guard groupID != nil else { throw .missing("MessageGroupId") }
      guard deduplicationID != nil || settings.deduplicatesByContent else {
        throw .invalid(
          "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            + "explicitly")
      }
      if delaySeconds != nil, delaySeconds != 0 { throw Self.notOfThisQueue("DelaySeconds") }
      delaySeconds = nil
    } else if deduplicationID != nil {
      throw Self.notOfThisQueue("MessageDeduplicationId")
    }
  }

  private static func notOfThisQueue(_ name: String) -> QueueFault {
    .invalid("The request includes the parameter \(name), which is not valid for this queue type.")
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x9, 0xA, 0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }

  /// 1 to 128 printable characters of ASCII.
  private static func id(_ name: String, _ input: QueueInput) throws(QueueFault) -> String? {
    guard let text = try input.text(name) else { return nil }
    guard (1...128).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .invalid(
        "Value \(text.prefix(128)) for parameter \(name) is invalid. Reason: \(name) can only include alphanumeric and "
          + "punctuation characters. 1 to 128 in length.")
    }
    return text
  }

  private static func traceHeader(_ attributes: [String: QueueInput]) throws(QueueFault) -> String? {
    for name in attributes.keys where name != "AWSTraceHeader" {
      throw .invalid("Message system attribute name '\(name.prefix(100))' is invalid.")
    }
    guard let input = attributes["AWSTraceHeader"] else { return nil }
    guard let text = try attribute("AWSTraceHeader", input).text, (try? TraceHeader(parsing: text)) != nil else {
      throw .invalid("Value for system attribute AWSTraceHeader is no tracing header.")
    }
    return text
  }

  private static func attributes(_ inputs: [String: QueueInput]) throws(QueueFault) -> [String: MessageAttribute] {
    guard inputs.count <= 10 else {
      throw .invalid("Number of message attributes [\(inputs.count)] exceeds the allowed maximum [10].")
    }
    var attributes: [String: MessageAttribute] = [:]
    for (name, input) in inputs {
      guard isName(name) else {
        throw .invalid(
          "The message attribute name '\(name.prefix(256))' is invalid. Attribute name can contain A-Z, a-z, 0-9, "
            + "underscore (_), hyphen (-), and period (.) characters.")
      }
      attributes[name] = try attribute(name, input)
    }
    return attributes
  }

  private static func isName(_ name: String) -> Bool {
    let lowered = name.lowercased()
    return (1...256).contains(name.utf8.count) && !lowered.hasPrefix("aws.") && !lowered.hasPrefix("amazon.")
      && !name.hasPrefix(".") && !name.hasSuffix(".") && !name.contains("..")
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }

  private static func attribute(_ name: String, _ input: QueueInput) throws(QueueFault) -> MessageAttribute {
    guard let type = try input.text("DataType"), !type.isEmpty else {
      throw .invalid("The message attribute '\(name)' must contain a non-empty message attribute type.")
    }
    let base = type.split(separator: ".", omittingEmptySubsequences: false)[0]
    guard type.utf8.count <= 256, ["String", "Number", "Binary"].contains(base) else {
      throw .invalid(
        "The message attribute '\(name)' has an invalid message attribute type, the set of supported type prefixes is "
          + "Binary, Number, and String.")
    }
    let empty = QueueFault.invalid(
      "The message attribute '\(name)' must contain a non-empty message attribute value for message attribute type "
        + "'\(base)'.")
    if base == "Binary" {
      guard let base64 = try input.text("BinaryValue"), !base64.isEmpty else { throw empty }
      guard let attribute = MessageAttribute(type: type, base64: base64) else {
        throw QueueFault(.serialization, "BinaryValue must be base64.")
      }
      return attribute
    }
    guard let text = try input.text("StringValue"), !text.isEmpty else { throw empty }
    guard text.unicodeScalars.allSatisfy(isAllowed) else {
      throw QueueFault(.invalidMessageContents, "Invalid characters found in the message attribute '\(name)'.")
    }
    guard base == "String" || Double(text)?.isFinite == true else {
      throw .invalid("Can't cast the value of message (user) attribute '\(name)' to a number.")
    }
    return MessageAttribute(type: type, value: .text(text))
  }
}
