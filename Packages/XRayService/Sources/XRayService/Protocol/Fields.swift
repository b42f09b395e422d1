import XRayModel

/// The members of a request, or of an object within it, read by name, type and bounds. A `null` counts as absent,
/// members that nobody asks for are passed over.
///
/// Bounds are those of X-Ray's service model.
struct Fields {
  private let object: JSONObject
  /// Where the object lies in the request, for messages: `SamplingRule.`; empty at the top.
  private let path: String

  init(_ object: JSONObject, path: String = "") {
    self.object = object
    self.path = path
  }

  /// - Parameter body: A JSON object; nothing at all stands for an empty one.
  init(_ body: [UInt8]) throws(APIError) {
    let value: JSONValue
    do throws(JSONError) {
      value = body.isEmpty ? [:] : try JSONValue(parsing: body.span)
    } catch {
      throw APIError.serialization("The body cannot be read: \(error)")
    }
    guard let object = value.object else { throw APIError.serialization("The body must be a JSON object") }
    self.init(object)
  }

  /// The value as it is; `nil` when it is absent.
  func value(_ name: String) -> JSONValue? {
    switch object[name] {
    case nil, .null: nil
    case let value?: value
    }
  }

  func has(_ name: String) -> Bool { value(name) != nil }

  /// What a count can be.
  static let counts = 0...Int(Int32.max)

  // MARK: Members that may be absent

  /// Text of so many characters.
  func text(_ name: String, _ length: ClosedRange<Int> = 0...Int.max) throws(APIError) -> String? {
    guard let value = value(name) else { return nil }
    return try Self.text(value, length, named: path + name)
  }

  /// A number of X-Ray's type `integer`, which has 32 bits: what is larger, other clients could not read again.
  func integer(
    _ name: String, _ bounds: ClosedRange<Int> = Int(Int32.min)...Int(Int32.max)
  ) throws(APIError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let number = value.number?.integer else { throw wrongType(name, "a whole number") }
    guard bounds.contains(number) else { throw outside(name, "\(number)", bounds.lowerBound, bounds.upperBound) }
    return number
  }

  func number(
    _ name: String, _ bounds: ClosedRange<Double> = -.greatestFiniteMagnitude...(.greatestFiniteMagnitude)
  ) throws(APIError) -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.number?.double, number.isFinite else { throw wrongType(name, "a number") }
    guard bounds.contains(number) else { throw outside(name, "\(number)", bounds.lowerBound, bounds.upperBound) }
    return number
  }

  func flag(_ name: String) throws(APIError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let flag = value.bool else { throw wrongType(name, "true or false") }
    return flag
  }

  /// A moment: seconds since 1970 as a number or its text, ISO 8601, or as HTTP writes dates.
  func moment(_ name: String) throws(APIError) -> Timestamp? {
    guard let value = value(name) else { return nil }
    guard let moment = Timestamp(api: value) else { throw wrongType(name, "a timestamp") }
    return moment
  }

  /// One of a few words.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, of _: Choice.Type = Choice.self
  ) throws(APIError) -> Choice? where Choice.RawValue == String {
    guard let text = try text(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw violation(name, "must be one of [\(choices)]")
    }
    return choice
  }

  func object(_ name: String) throws(APIError) -> Fields? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw wrongType(name, "an object") }
    return Fields(object, path: "\(path)\(name).")
  }

  func texts(
    _ name: String, _ length: ClosedRange<Int> = 0...Int.max, count: ClosedRange<Int> = 0...Int.max
  ) throws(APIError) -> [String]? {
    guard let elements = try elements(name, count) else { return nil }
    var texts: [String] = []
    for (index, element) in elements.enumerated() {
      texts.append(try Self.text(element, length, named: "\(path)\(name).\(index + 1)"))
    }
    return texts
  }

  func objects(_ name: String, count: ClosedRange<Int> = 0...Int.max) throws(APIError) -> [Fields]? {
    guard let elements = try elements(name, count) else { return nil }
    var objects: [Fields] = []
    for (index, element) in elements.enumerated() {
      guard let object = element.object else { throw wrongType(name, "an array of objects") }
      objects.append(Fields(object, path: "\(path)\(name).\(index + 1)."))
    }
    return objects
  }

  private func elements(_ name: String, _ count: ClosedRange<Int>) throws(APIError) -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard let elements = value.array else { throw wrongType(name, "an array") }
    guard count.contains(elements.count) else {
      throw violation(name, "must have \(Self.shown(count.lowerBound, count.upperBound)) elements")
    }
    return elements
  }

  // MARK: Members that must be there

  /// Gives the value, or says that it is needed.
  func require<Value>(_ name: String, _ value: Value?) throws(APIError) -> Value {
    guard let value else {
      throw APIError.invalidRequest("1 validation error detected: Value null at '\(label(name))' must not be null")
    }
    return value
  }

  // MARK: Messages

  private static func text(
    _ value: JSONValue, _ length: ClosedRange<Int>, named name: String
  ) throws(APIError) -> String {
    guard let text = value.string else { throw APIError.serialization("\(name) must be text") }
    // Where bytes tell, characters need not be counted.
    let isShort = text.utf8.count <= length.upperBound && text.utf8.count >= length.lowerBound &* 4
    guard isShort || length.contains(text.unicodeScalars.count) else {
      throw APIError.invalidRequest(
        "1 validation error detected: Value at '\(name)' must have \(shown(length.lowerBound, length.upperBound)) characters"
      )
    }
    return text
  }

  func violation(_ name: String, _ rule: String) -> APIError {
    .invalidRequest("1 validation error detected: Value at '\(label(name))' \(rule)")
  }

  private func wrongType(_ name: String, _ type: String) -> APIError {
    .serialization("\(label(name)) must be \(type)")
  }

  private func outside(_ name: String, _ value: String, _ low: some Any, _ high: some Any) -> APIError {
    violation(name, "is \(value), it must be from \(low) to \(high)")
  }

  private func label(_ name: String) -> String { path + name }

  private static func shown(_ low: Int, _ high: Int) -> String {
    high == .max ? "at least \(low)" : "\(low) to \(high)"
  }
}
