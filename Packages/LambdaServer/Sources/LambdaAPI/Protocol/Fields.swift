import XRayModel

/// The members of a request, or of an object within it, read by name, type and bounds. A `null` counts as absent,
/// members that nobody asks for are passed over.
struct Fields {
  private let object: JSONObject
  /// Where the object lies in the request, for messages: `environment.`; empty at the top.
  private let path: String

  private init(_ object: JSONObject, path: String) {
    self.object = object
    self.path = path
  }

  /// - Parameter body: A JSON object; nothing at all stands for an empty one.
  init(_ body: [UInt8]) throws(APIError) {
    let value: JSONValue
    do throws(JSONError) {
      value = body.isEmpty ? [:] : try JSONValue(parsing: body.span)
    } catch {
      throw APIError(.invalidRequestContent, "Could not parse request body into json: \(error)")
    }
    guard let object = value.object else {
      throw APIError(.invalidRequestContent, "Could not parse request body into json: it is no object")
    }
    self.init(object, path: "")
  }

  private func value(_ name: String) -> JSONValue? {
    switch object[name] {
    case nil, .null: nil
    case let value?: value
    }
  }

  /// The same members but some.
  func without(_ names: [String]) -> Fields {
    Fields(JSONObject(object.members.filter { !names.contains($0.key) }), path: path)
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  /// The member's name as Lambda's messages write it.
  func label(_ name: String) -> String { path + name.prefix(1).lowercased() + name.dropFirst() }

  func text(_ name: String, _ length: ClosedRange<Int> = 0...Int.max) throws(APIError) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrongType(name, "a string") }
    return try Self.check(text, length, label(name))
  }

  func integer(_ name: String, _ bounds: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.number?.integer else { throw wrongType(name, "a whole number") }
    return try Self.check(number, bounds, label(name))
  }

  func flag(_ name: String) throws(APIError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrongType(name, "true or false") }
    return flag
  }

  /// One of a few words.
  func choice(_ name: String, of words: [String]) throws(APIError) -> String? {
    guard let text = try text(name) else { return nil }
    guard words.contains(text) else {
      throw .violation(label(name), text, "Member must satisfy enum value set: [\(words.joined(separator: ", "))]")
    }
    return text
  }

  func object(_ name: String) throws(APIError) -> Fields? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw wrongType(name, "an object") }
    return Fields(object, path: label(name) + ".")
  }

  func texts(_ name: String, count: ClosedRange<Int>) throws(APIError) -> [String]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array else { throw wrongType(name, "a list") }
    guard count.contains(elements.count) else {
      throw .violation(
        label(name), "[\(elements.count) elements]", "Member must have \(count.lowerBound) to \(count.upperBound)")
    }
    var texts: [String] = []
    for element in elements {
      guard let text = element.string else { throw wrongType(name, "a list of strings") }
      texts.append(text)
    }
    return texts
  }

  /// A list of objects.
  func objects(_ name: String) throws(APIError) -> [Fields]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array else { throw wrongType(name, "a list") }
    var objects: [Fields] = []
    for element in elements {
      guard let object = element.object else { throw wrongType(name, "a list of objects") }
      objects.append(Fields(object, path: label(name) + "."))
    }
    return objects
  }

  /// Seconds since 1970.
  func time(_ name: String) throws(APIError) -> Timestamp? {
    guard let value = value(name) else { return nil }
    guard let seconds = value.number?.double, seconds.isFinite else { throw wrongType(name, "a time") }
    return Timestamp(seconds: seconds)
  }

  /// A map of texts.
  func map(_ name: String) throws(APIError) -> [String: String]? {
    guard let members = try members(name) else { return nil }
    var map: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw wrongType(name, "a map of strings") }
      map[member.key] = text
    }
    return map
  }

  /// A map of finite numbers.
  func numbers(_ name: String) throws(APIError) -> [String: Double]? {
    guard let members = try members(name) else { return nil }
    var map: [String: Double] = [:]
    for member in members {
      guard let number = member.value.number?.double, number.isFinite else { throw wrongType(name, "a map of numbers") }
      map[member.key] = number
    }
    return map
  }

  private func members(_ name: String) throws(APIError) -> [JSONObject.Member]? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw wrongType(name, "a map") }
    return object.members
  }

  /// Whether the member is there and says anything: not an empty object or list.
  func says(_ name: String) -> Bool {
    switch value(name) {
    case nil: false
    case .object(let object)?:
      object.members.contains { member in
        switch member.value {
        case .null: false
        case .array(let elements): !elements.isEmpty
        case .string(let text): !text.isEmpty
        case .bool(let flag): flag
        default: true
        }
      }
    case .array(let elements)?: !elements.isEmpty
    case .string(let text)?: !text.isEmpty
    default: true
    }
  }

  /// Gives the value, or says that it is needed.
  func require<Value>(_ name: String, _ value: Value?) throws(APIError) -> Value {
    guard let value else { throw .violation(label(name), nil, "Member must not be null") }
    return value
  }

  static func check(_ text: String, _ length: ClosedRange<Int>, _ label: String) throws(APIError) -> String {
    let count = text.unicodeScalars.count
    if count > length.upperBound {
      throw .violation(label, text, "Member must have length less than or equal to \(length.upperBound)")
    }
    if count < length.lowerBound {
      throw .violation(label, text, "Member must have length greater than or equal to \(length.lowerBound)")
    }
    return text
  }

  static func check(_ number: Int, _ bounds: ClosedRange<Int>, _ label: String) throws(APIError) -> Int {
    if number > bounds.upperBound {
      throw .violation(label, "\(number)", "Member must have value less than or equal to \(bounds.upperBound)")
    }
    if number < bounds.lowerBound {
      throw .violation(label, "\(number)", "Member must have value greater than or equal to \(bounds.lowerBound)")
    }
    return number
  }

  private func wrongType(_ name: String, _ type: String) -> APIError {
    APIError(.invalidRequestContent, "Could not parse request body into json: \(label(name)) must be \(type)")
  }
}
