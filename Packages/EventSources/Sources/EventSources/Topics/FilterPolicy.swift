public import XRayModel

/// Which messages a subscription gets: SNS's filter policy, an ``EventPattern`` of the attributes or of the body.
public struct FilterPolicy: Hashable, Sendable {
  /// What the policy looks at: `FilterPolicyScope`.
  public enum Scope: String, Hashable, Sendable {
    case attributes = "MessageAttributes"
    case body = "MessageBody"
  }

  /// Ours: bytes of a policy, which is kept as it came.
  public static let bytesLimit = 16_384
  /// SNS: names in a policy.
  public static let nameLimit = 5
  /// SNS: combinations of what is asked of the names.
  public static let combinationLimit = 150

  /// The policy as it came.
  public let text: String
  /// What it looks at.
  public let scope: Scope
  private let pattern: EventPattern

  /// Reads a policy.
  ///
  /// - Throws: For what is no pattern, exceeds the limits, or nests what looks at attributes, which have no members.
  public init(parsing text: String, scope: Scope = .attributes) throws(EventPatternError) {
    guard text.utf8.count <= Self.bytesLimit else {
      throw EventPatternError("has more than \(Self.bytesLimit) bytes")
    }
    let json: JSONValue
    do throws(JSONError) { json = try JSONValue(parsing: text) } catch { throw EventPatternError("\(error)") }
    self.text = text
    self.scope = scope
    pattern = try EventPattern(json)
    if scope == .attributes, let nested = json.object?.members.first(where: { $0.value.object != nil }) {
      throw EventPatternError("has an object where only a list can be", at: nested.key)
    }
    var size = PolicySize()
    size.add(json)
    guard size.names <= Self.nameLimit else { throw EventPatternError("has more than \(Self.nameLimit) names") }
    guard size.combinations <= Self.combinationLimit else {
      throw EventPatternError("has more than \(Self.combinationLimit) combinations")
    }
  }

  /// Whether a subscriber with this policy gets `message`. A body that is no JSON object is never admitted.
  public func admits(_ message: TopicMessage) -> Bool {
    switch scope {
    case .attributes: return pattern.matches(message.attributesAsJSON)
    case .body:
      guard let json = try? JSONValue(parsing: message.body), json.object != nil else { return false }
      return pattern.matches(json)
    }
  }
}

/// What the limits of a policy are about.
private struct PolicySize {
  var names = 0
  /// Never more than the limit and one, so that it cannot overflow.
  var combinations = 1

  mutating func add(_ json: JSONValue) {
    switch json {
    case .object(let object): for member in object.members { add(member) }
    default: break
    }
  }

  private mutating func add(_ member: JSONObject.Member) {
    guard let elements = member.value.array else { return add(member.value) }
    if member.key == "$or" {
      for element in elements { add(element) }
    } else {
      names += 1
      combinations = min(FilterPolicy.combinationLimit + 1, combinations * min(elements.count, 1000))
    }
  }
}

extension TopicMessage {
  /// The attributes that filters see, which are all but binary ones. A list that is no JSON is not seen.
  fileprivate var attributesAsJSON: JSONValue {
    var json = JSONObject()
    for (name, attribute) in attributes {
      guard let text = attribute.text else { continue }
      switch attribute.type.split(separator: ".", maxSplits: 1).first {
      case "String" where attribute.type == "String.Array":
        if let list = try? JSONValue(parsing: text), list.array != nil { json[name] = list }
      case "String": json[name] = .string(text)
      case "Number": if let number = Double(text) { json[name] = .number(JSONNumber(number)) }
      default: break
      }
    }
    return .object(json)
  }
}
