import XRayModel

/// Reads the members of one object of a profile, and names the one that is wrong.
struct ProfileReader {
  private let object: JSONObject
  private let path: String

  init(_ value: JSONValue, at path: String, knows keys: Set<String>) throws(TrafficProfileError) {
    guard let object = value.object else { throw TrafficProfileError(member: path, problem: "must be an object") }
    self.object = object
    self.path = path
    for key in object.keys where !keys.contains(key) {
      throw error(String(key.prefix(80)), "is not known; known are \(keys.sorted().joined(separator: ", "))")
    }
  }

  func error(_ key: String, _ problem: String) -> TrafficProfileError {
    TrafficProfileError(member: place(key), problem: problem)
  }

  private func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  func number(_ key: String, _ range: ClosedRange<Double>) throws(TrafficProfileError) -> Double? {
    guard let value = object[key] else { return nil }
    guard let number = value.number?.double, range.contains(number) else {
      let (least, most) = (JSONNumber(range.lowerBound).text, JSONNumber(range.upperBound).text)
      throw error(key, "must be a number from \(least) to \(most)")
    }
    return number
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws(TrafficProfileError) -> Int? {
    guard let value = object[key] else { return nil }
    guard let number = value.number?.integer, range.contains(number) else {
      throw error(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func string(_ key: String) throws(TrafficProfileError) -> String? {
    guard let value = object[key] else { return nil }
    guard let text = value.string, (1...256).contains(text.utf8.count) else {
      throw error(key, "must be a text of 1 to 256 bytes")
    }
    return text
  }

  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _: Choice.Type
  ) throws(TrafficProfileError) -> Choice? {
    guard let value = object[key] else { return nil }
    guard let choice = value.string.flatMap(Choice.init) else {
      throw error(key, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  @discardableResult
  func object<Value>(
    _ key: String, _ read: (JSONValue, String) throws(TrafficProfileError) -> Value
  ) throws(TrafficProfileError) -> Value? {
    guard let value = object[key] else { return nil }
    return try read(value, place(key))
  }

  /// The elements of an array that must have some.
  func elements<Value>(
    _ key: String, _ read: (JSONValue, String) throws(TrafficProfileError) -> Value
  ) throws(TrafficProfileError) -> [Value] {
    guard let array = object[key]?.array, !array.isEmpty else { throw error(key, "must be an array with elements") }
    var values: [Value] = []
    for (index, element) in array.enumerated() { values.append(try read(element, "\(place(key))[\(index)]")) }
    return values
  }
}
