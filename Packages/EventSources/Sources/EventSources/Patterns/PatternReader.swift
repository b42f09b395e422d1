import XRayModel

/// Reads patterns, counting their values.
struct PatternReader {
  private var values = 0

  mutating func object(_ object: JSONObject, path: String, depth: Int) throws(EventPatternError) -> ObjectPattern {
    guard depth <= EventPattern.depthLimit else {
      throw EventPatternError("is nested deeper than \(EventPattern.depthLimit) levels", at: path)
    }
    guard !object.isEmpty else { throw EventPatternError("has an empty object", at: path) }
    var pattern = ObjectPattern()
    for member in object.members {
      let place = path.isEmpty ? member.key : "\(path).\(member.key)"
      if member.key == "$or" {
        pattern.alternatives.append(try alternatives(member.value, path: place, within: path, depth: depth))
        continue
      }
      switch member.value {
      case .object(let inner):
        let content = try self.object(inner, path: place, depth: depth + 1)
        pattern.members.append(MemberPattern(key: member.key, content: .object(content)))
      case .array(let elements):
        guard !elements.isEmpty else { throw EventPatternError("has no values", at: place) }
        var welcome: [ValuePattern] = []
        for element in elements { welcome.append(try value(element, path: place)) }
        pattern.members.append(MemberPattern(key: member.key, content: .values(welcome)))
      default: throw EventPatternError("has a value that is neither an object nor an array", at: place)
      }
    }
    return pattern
  }

  private mutating func alternatives(
    _ value: JSONValue, path: String, within: String, depth: Int
  ) throws(EventPatternError) -> [ObjectPattern] {
    guard let elements = value.array, elements.count >= 2 else {
      throw EventPatternError("has an $or that is no list of two objects or more", at: path)
    }
    var patterns: [ObjectPattern] = []
    for element in elements {
      guard let object = element.object else {
        throw EventPatternError("has an $or with something else than objects", at: path)
      }
      patterns.append(try self.object(object, path: within, depth: depth + 1))
    }
    return patterns
  }

  private mutating func count(_ path: String) throws(EventPatternError) {
    values += 1
    guard values <= EventPattern.valuesLimit else {
      throw EventPatternError("has more than \(EventPattern.valuesLimit) values", at: path)
    }
  }

  private mutating func value(_ value: JSONValue, path: String) throws(EventPatternError) -> ValuePattern {
    if case .object(let test) = value { return try self.test(test, path: path) }
    return try plain(value, path: path)
  }

  private mutating func plain(_ value: JSONValue, path: String) throws(EventPatternError) -> ValuePattern {
    try count(path)
    switch value {
    case .null: return .null
    case .bool(let flag): return .bool(flag)
    case .string(let text): return .text(text)
    case .number(let number): return .number(try finite(number, path: path))
    case .array: throw EventPatternError("has an array in an array", at: path)
    case .object: throw EventPatternError("has an object where a value has to be", at: path)
    }
  }

  private func finite(_ number: JSONNumber, path: String) throws(EventPatternError) -> Double {
    guard number.double.isFinite else { throw EventPatternError("has a number that is not finite", at: path) }
    return number.double
  }

  private mutating func test(_ test: JSONObject, path: String) throws(EventPatternError) -> ValuePattern {
    guard test.members.count == 1, let (name, value) = test.members.first.map({ ($0.key, $0.value) }) else {
      throw EventPatternError("has a test that is not one name and its value", at: path)
    }
    switch name {
    case "exists":
      try count(path)
      guard let flag = value.bool else { throw EventPatternError("has an exists that is not true or false", at: path) }
      return .exists(flag)
    case "numeric": return .numeric(try bounds(value, path: path))
    case "anything-but": return .anythingBut(try exclusions(value, path: path))
    default: return try textTest(name, value, path: path)
    }
  }

  private mutating func textTest(
    _ name: String, _ value: JSONValue, path: String
  ) throws(EventPatternError) -> ValuePattern {
    try count(path)
    let caseless = value["equals-ignore-case"]?.string
    guard ["prefix", "suffix", "equals-ignore-case"].contains(name) else {
      throw EventPatternError("has an unknown test \"\(name.prefix(100))\"", at: path)
    }
    guard let text = value.string ?? (name == "equals-ignore-case" ? nil : caseless) else {
      throw EventPatternError("has a \(name) that is not a string", at: path)
    }
    switch name {
    case "prefix": return .prefix(text, ignoresCase: caseless != nil)
    case "suffix": return .suffix(text, ignoresCase: caseless != nil)
    default: return .textIgnoringCase(text)
    }
  }

  private mutating func exclusions(_ value: JSONValue, path: String) throws(EventPatternError) -> [ValuePattern] {
    if case .object(let test) = value {
      guard test.members.count == 1, let (name, value) = test.members.first.map({ ($0.key, $0.value) }) else {
        throw EventPatternError("has an anything-but that is not one test", at: path)
      }
      var patterns: [ValuePattern] = []
      for element in try elements(of: value, path: path) {
        patterns.append(try textTest(name, element, path: path))
      }
      return patterns
    }
    var patterns: [ValuePattern] = []
    for element in try elements(of: value, path: path) { patterns.append(try plain(element, path: path)) }
    return patterns
  }

  private func elements(of value: JSONValue, path: String) throws(EventPatternError) -> [JSONValue] {
    guard let elements = value.array else { return [value] }
    guard !elements.isEmpty else { throw EventPatternError("has an anything-but of nothing", at: path) }
    return elements
  }

  /// `[">", 0]`, `["=", 5]` or `[">", 0, "<=", 5]`.
  private mutating func bounds(_ value: JSONValue, path: String) throws(EventPatternError) -> [NumericBound] {
    try count(path)
    let elements = value.array ?? []
    guard elements.count == 2 || elements.count == 4 else {
      throw EventPatternError("has a numeric that is no list of one or two comparisons", at: path)
    }
    var bounds: [NumericBound] = []
    for index in stride(from: 0, to: elements.count, by: 2) {
      guard let word = elements[index].string, let comparison = NumericBound.Comparison(rawValue: word) else {
        throw EventPatternError("has a numeric whose comparison is none of <, <=, =, >=, >", at: path)
      }
      guard let number = elements[index + 1].number else {
        throw EventPatternError("has a numeric that compares with no number", at: path)
      }
      bounds.append(NumericBound(comparison: comparison, number: try finite(number, path: path)))
    }
    if let upper = bounds.dropFirst().first, let lower = bounds.first {
      let isRange =
        lower.comparison.isLower && !upper.comparison.isLower && upper.comparison != .equal
        && lower.number < upper.number
      guard isRange else { throw EventPatternError("has a numeric that is no range from below to above", at: path) }
    }
    return bounds
  }
}
