import XRayModel

/// A call of an operation: the members of its body, read by name, type and bounds. A `null` counts as absent, members
/// that nobody asks for are passed over.
struct StreamCall {
  private let object: JSONObject
  /// The caller's `X-Amzn-Trace-Id`, when it is one.
  let traceHeader: String?

  init(_ body: [UInt8], traceHeader: String?) throws(StreamRefusal) {
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: body.span) } catch {
      throw StreamRefusal(.serialization, "\(error)")
    }
    guard let object = value.object else { throw StreamRefusal(.serialization, "The request is no JSON object.") }
    self.object = object
    self.traceHeader = traceHeader.flatMap { (try? TraceHeader(parsing: $0)) != nil ? $0 : nil }
  }

  private init(_ object: JSONObject) {
    self.object = object
    traceHeader = nil
  }

  private func value(_ name: String) -> JSONValue? {
    switch object[name] {
    case nil, .null: nil
    case let value?: value
    }
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  func text(_ name: String, _ length: ClosedRange<Int> = 0...Int.max) throws(StreamRefusal) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrongType(name, "a string") }
    guard length.contains(text.unicodeScalars.count) else {
      throw .violation(name, text, "Member must have length from \(length.lowerBound) to \(length.upperBound)")
    }
    return text
  }

  func integer(_ name: String, _ bounds: ClosedRange<Int>) throws(StreamRefusal) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.number?.integer else { throw wrongType(name, "a whole number") }
    guard bounds.contains(number) else {
      let rule =
        number < bounds.lowerBound
        ? "greater than or equal to \(bounds.lowerBound)" : "less than or equal to \(bounds.upperBound)"
      throw .violation(name, "\(number)", "Member must have value \(rule)")
    }
    return number
  }

  func flag(_ name: String) throws(StreamRefusal) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrongType(name, "true or false") }
    return flag
  }

  /// Seconds since 1970.
  func time(_ name: String) throws(StreamRefusal) -> Timestamp? {
    guard let value = value(name) else { return nil }
    guard let seconds = value.number?.double, seconds.isFinite else { throw wrongType(name, "a time") }
    return Timestamp(seconds: seconds)
  }

  /// One of a few words.
  func choice(_ name: String, of words: [String]) throws(StreamRefusal) -> String? {
    guard let text = try text(name) else { return nil }
    guard words.contains(text) else {
      throw .violation(name, text, "Member must satisfy enum value set: [\(words.joined(separator: ", "))]")
    }
    return text
  }

  func object(_ name: String) throws(StreamRefusal) -> StreamCall? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw wrongType(name, "an object") }
    return StreamCall(object)
  }

  func objects(_ name: String, count: ClosedRange<Int>) throws(StreamRefusal) -> [StreamCall]? {
    var objects: [StreamCall] = []
    guard let elements = try elements(name, count: count) else { return nil }
    for element in elements {
      guard let object = element.object else { throw wrongType(name, "a list of objects") }
      objects.append(StreamCall(object))
    }
    return objects
  }

  func texts(_ name: String, count: ClosedRange<Int>) throws(StreamRefusal) -> [String]? {
    var texts: [String] = []
    guard let elements = try elements(name, count: count) else { return nil }
    for element in elements {
      guard let text = element.string else { throw wrongType(name, "a list of strings") }
      texts.append(text)
    }
    return texts
  }

  private func elements(_ name: String, count: ClosedRange<Int>) throws(StreamRefusal) -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array else { throw wrongType(name, "a list") }
    guard count.contains(elements.count) else {
      throw .violation(
        name, "[\(elements.count) elements]",
        "Member must have length from \(count.lowerBound) to \(count.upperBound)")
    }
    return elements
  }

  /// A map of texts.
  func map(_ name: String) throws(StreamRefusal) -> [String: String]? {
    guard let value = value(name) else { return nil }
    guard let members = value.object?.members else { throw wrongType(name, "a map") }
    var map: [String: String] = [:]
    for member in members {
      guard let text = member.value.string else { throw wrongType(name, "a map of strings") }
      map[member.key] = text
    }
    return map
  }

  /// Gives the value, or says that it is needed.
  func require<Value>(_ name: String, _ value: Value?) throws(StreamRefusal) -> Value {
    guard let value else { throw .violation(name, nil, "Member must not be null") }
    return value
  }

  private func wrongType(_ name: String, _ type: String) -> StreamRefusal {
    StreamRefusal(.serialization, "\(name) must be \(type).")
  }
}
