/// A JSON value that keeps what a trace must not lose: the order of members and the text of numbers.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The member `key` of an object; `nil` for other values and absent members.
  public subscript(key: String) -> JSONValue? { object?[key] }

  /// The element `index` of an array; `nil` for other values and beyond the end.
  public subscript(index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}

/// A number by its text, so that 1.499473411677E9 and 9007199254740993 come back as they were sent.
public struct JSONNumber: Hashable, Sendable {
  /// As written in JSON, or `NaN`, `Infinity` or `-Infinity`, which some SDKs send in metadata.
  public let text: String

  init(text: String) { self.text = text }
  public init(_ value: some BinaryInteger) { text = String(value) }
  public init(_ value: Double) {
    if value.isNaN {
      text = "NaN"
    } else if value.isInfinite {
      text = value < 0 ? "-Infinity" : "Infinity"
    } else {
      text = value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
    }
  }
  public init(_ value: Timestamp) { text = value.description }

  public var double: Double {
    Double(text) ?? (text == "-Infinity" ? -.infinity : text == "Infinity" ? .infinity : .nan)
  }
  /// The value when it is a whole number that fits.
  public var integer: Int? { Int(text) ?? Int(exactly: double) }
  /// Whether every JSON reader can hold it: `NaN`, `Infinity` and numbers like 1e999 are not finite.
  public var isFinite: Bool {
    // Without an exponent it takes more than 300 digits to leave a double's range.
    let isPlain = text.utf8.count <= 300 && text.utf8.allSatisfy { $0 < UInt8(ascii: ":") }
    return isPlain || double.isFinite
  }
}

/// The members of a JSON object in their order. Of repeated keys the last one counts.
public struct JSONObject: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public var key: String
    public var value: JSONValue
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  public private(set) var members: [Member]

  public init(_ members: [Member] = []) { self.members = members }

  public var isEmpty: Bool { members.isEmpty }
  public var keys: some Sequence<String> { members.lazy.map(\.key) }

  public subscript(key: String) -> JSONValue? {
    get { members.last { $0.key == key }?.value }
    set {
      let index = members.lastIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (_?, nil): members.removeAll { $0.key == key }
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Takes a member out: `nil`, and the object as it was, when the member is absent or `read` finds it odd.
  /// A null counts as absent and is gone.
  mutating func take<Value>(_ key: String, _ read: (JSONValue) -> Value?) -> Value? {
    guard let index = members.lastIndex(where: { $0.key == key }) else { return nil }
    let value = read(members[index].value)
    if value != nil || members[index].value == .null { members.remove(at: index) }
    return value
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    members = elements.map { Member(key: $0.0, value: $0.1) }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
  public init(floatLiteral value: Double) { self = .number(JSONNumber(value)) }
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
  }
  public init(nilLiteral: ()) { self = .null }
}
