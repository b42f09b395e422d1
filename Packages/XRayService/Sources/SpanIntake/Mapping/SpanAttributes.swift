import XRayModel

/// The attributes of one span or resource while they find their places: what is taken is marked with where it went,
/// what nobody took is left for annotations and metadata.
struct SpanAttributes {
  struct Entry {
    let key: String
    let value: JSONValue
    /// The member of the document that it became.
    var target: String?
  }

  private(set) var entries: [Entry] = []
  private var places: [String: Int] = [:]
  /// Attributes that a later one with the same key replaced, or that have no key.
  private(set) var replaced: [String] = []

  init(_ attributes: [SpanAttribute]) {
    entries.reserveCapacity(attributes.count)
    places.reserveCapacity(attributes.count)
    for attribute in attributes {
      let entry = Entry(key: attribute.key, value: attribute.value)
      if attribute.key.isEmpty {
        replaced.append("")
      } else if let place = places[attribute.key] {
        replaced.append(attribute.key)
        entries[place] = entry
      } else {
        places[attribute.key] = entries.count
        entries.append(entry)
      }
    }
  }

  /// The value of an attribute, taken or not.
  subscript(key: String) -> JSONValue? { places[key].map { entries[$0].value } }

  func contains(_ keys: String...) -> Bool { keys.contains { places[$0] != nil } }

  /// The first of `keys` whose value `read` understands. It is marked as taken, and so are those of the others that
  /// say the same: instrumentations in transition send the old and the new name.
  mutating func take<Value>(_ keys: [String], as target: String, _ read: (JSONValue) -> Value?) -> Value? {
    var taken: (value: Value, json: JSONValue)?
    for key in keys {
      guard let place = places[key] else { continue }
      let json = entries[place].value
      if let taken {
        if taken.json == json { entries[place].target = target }
      } else if let value = read(json) {
        taken = (value, json)
        entries[place].target = target
      }
    }
    return taken?.value
  }

  /// Text that is not empty.
  mutating func text(_ keys: String..., as target: String) -> String? {
    take(keys, as: target) { $0.string.flatMap { $0.isEmpty ? nil : $0 } }
  }

  /// A whole number, also where it is sent as text.
  mutating func integer(_ keys: String..., as target: String) -> Int? {
    take(keys, as: target) { $0.number?.integer ?? $0.string.flatMap { Int($0) } }
  }

  mutating func flag(_ key: String, as target: String) -> Bool { take([key], as: target, \.bool) ?? false }

  /// Texts: an array of them, or one text with `&` between them as it comes from an environment variable.
  mutating func texts(_ key: String, as target: String) -> [String]? {
    take([key], as: target) { json in
      if let text = json.string { return text.split(separator: "&").map(String.init) }
      guard let array = json.array else { return nil }
      let texts = array.compactMap(\.string)
      return texts.count == array.count ? texts : nil
    }
  }
}

extension JSONValue {
  /// Whether arrays and objects lie in each other on more levels than `limit`.
  func isNested(deeperThan limit: Int) -> Bool {
    switch self {
    case .array(let elements): limit == 0 || elements.contains { $0.isNested(deeperThan: limit - 1) }
    case .object(let object): limit == 0 || object.members.contains { $0.value.isNested(deeperThan: limit - 1) }
    default: false
    }
  }

  /// As it can stand in a document: numbers that JSON cannot hold become text.
  var storable: JSONValue {
    switch self {
    case .number(let number) where !number.isFinite: .string(number.text)
    case .array(let elements): .array(elements.map(\.storable))
    case .object(let object):
      .object(JSONObject(object.members.map { JSONObject.Member(key: $0.key, value: $0.value.storable) }))
    default: self
    }
  }
}

extension JSONObject {
  /// Sets members that have a value.
  mutating func set(_ key: String, _ value: String?) { if let value { self[key] = .string(value) } }

  /// Sets a member unless it would be empty.
  mutating func set(_ key: String, _ object: JSONObject) { if !object.isEmpty { self[key] = .object(object) } }
}
