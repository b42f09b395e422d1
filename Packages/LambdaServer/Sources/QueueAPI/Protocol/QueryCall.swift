import EventSources
import QueryProtocol
import XRayModel

/// A call of the query protocol, as SDKs before 2023 make it: a form, whose lists and maps have names of their own.
struct QueryCall {
  static let version = "2012-11-05"
  static let namespace = "http://queue.amazonaws.com/doc/\(version)/"

  /// The operation.
  let action: String
  /// What the JSON protocol's call would have.
  let input: JSONObject

  init(_ form: QueryForm) throws(QueueFault) {
    guard let action = form["Action"] else {
      throw QueueFault(.unknownOperation, "The parameter Action names no operation of SQS.")
    }
    self.action = action
    do throws(QueryFormError) {
      var input = try Self.members(of: form)
      let entries = form.elements(of: "\(action)RequestEntry", as: .flattened)
      if !entries.isEmpty {
        var list: [JSONValue] = []
        for entry in entries { list.append(.object(try Self.members(of: entry))) }
        input["Entries"] = .array(list)
      } else if action.hasSuffix("Batch") {
        input["Entries"] = []
      }
      self.input = input
    } catch {
      throw QueueFault(.serialization, "\(error)")
    }
  }

  private static let texts = [
    "QueueName", "QueueUrl", "QueueOwnerAWSAccountId", "QueueNamePrefix", "NextToken", "MessageBody", "MessageGroupId",
    "MessageDeduplicationId", "ReceiptHandle", "Id",
  ]
  private static let numbers = [
    "MaxResults", "DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds",
  ]
  private static let lists = [
    "AttributeName": "AttributeNames", "MessageSystemAttributeName": "MessageSystemAttributeNames",
    "MessageAttributeName": "MessageAttributeNames", "TagKey": "TagKeys",
  ]

  private static func members(of form: QueryForm) throws(QueryFormError) -> JSONObject {
    var input = JSONObject()
    for name in texts { input[name] = form[name].map { .string($0) } }
    for name in numbers {
      // What is no number is refused for its type, as in the JSON protocol.
      input[name] = form[name].map { text in Int(text).map { .number(JSONNumber($0)) } ?? .string(text) }
    }
    for (name, member) in lists {
      let elements = form.elements(of: name, as: .flattened).compactMap(\.text)
      if !elements.isEmpty { input[member] = .array(elements.map { .string($0) }) }
    }
    let attributes = try form.map("Attribute", as: .flattened, key: "Name", value: "Value")
    if !attributes.isEmpty { input["Attributes"] = .map(attributes) }
    let tags = try form.map("Tag", as: .flattened, key: "Key", value: "Value")
    // CreateQueue writes the member otherwise than TagQueue does.
    if !tags.isEmpty { (input["Tags"], input["tags"]) = (.map(tags), .map(tags)) }
    input["MessageAttributes"] = try messageAttributes("MessageAttribute", form)
    input["MessageSystemAttributes"] = try messageAttributes("MessageSystemAttribute", form)
    return input
  }

  private static func messageAttributes(_ name: String, _ form: QueryForm) throws(QueryFormError) -> JSONValue? {
    var attributes = JSONObject()
    for element in form.elements(of: name, as: .flattened) {
      guard let key = element["Name"] else { throw .malformed }
      guard attributes[key] == nil else { throw .repeated(key) }
      var value = JSONObject()
      for part in ["DataType", "StringValue", "BinaryValue"] {
        value[part] = element["Value.\(part)"].map { .string($0) }
      }
      attributes[key] = .object(value)
    }
    return attributes.isEmpty ? nil : .object(attributes)
  }
}

extension XMLWriter {
  /// Writes a result, or an object within it, as the query protocol names its members.
  mutating func members(_ members: [JSONObject.Member], of action: String) {
    for member in members {
      switch (member.key, member.value) {
      case (_, .string(let text)): element(member.key, text)
      case (_, .bool(let flag)): element(member.key, flag)
      case ("Attributes", .object(let map)): pairs("Attribute", ("Name", "Value"), map, of: action)
      case ("MessageAttributes", .object(let map)): pairs("MessageAttribute", ("Name", "Value"), map, of: action)
      case ("Tags", .object(let map)): pairs("Tag", ("Key", "Value"), map, of: action)
      case (let key, .array(let elements)):
        for value in elements { element(Self.name(key, of: action), value, of: action) }
      default: break
      }
    }
  }

  private static func name(_ list: String, of action: String) -> String {
    switch list {
    case "QueueUrls", "queueUrls": "QueueUrl"
    case "Messages": "Message"
    case "Failed": "BatchResultErrorEntry"
    default: "\(action)ResultEntry"
    }
  }

  private mutating func pairs(
    _ name: String, _ names: (key: String, value: String), _ map: JSONObject, of action: String
  ) {
    for member in map.members {
      element(name) { xml in
        xml.element(names.key, member.key)
        xml.element(names.value, member.value, of: action)
      }
    }
  }

  private mutating func element(_ name: String, _ value: JSONValue, of action: String) {
    switch value {
    case .object(let object): element(name) { $0.members(object.members, of: action) }
    case .string(let text): element(name, text)
    default: break
    }
  }
}
