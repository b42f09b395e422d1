import XRayModel

/// What an object has to have: all members, and of each `$or` one of its alternatives.
struct ObjectPattern: Hashable, Sendable {
  var members: [MemberPattern] = []
  var alternatives: [[ObjectPattern]] = []

  /// - Parameter embedded: The member whose text may hold JSON.
  func matches(_ object: JSONObject, embedded: String?) -> Bool {
    members.allSatisfy { $0.matches(object, isEmbedded: $0.key == embedded) }
      && alternatives.allSatisfy { $0.contains { $0.matches(object, embedded: embedded) } }
  }
}

/// What one member of an object has to be.
struct MemberPattern: Hashable, Sendable {
  enum Content: Hashable, Sendable {
    /// One of these.
    case values([ValuePattern])
    case object(ObjectPattern)
  }

  var key: String
  var content: Content

  func matches(_ object: JSONObject, isEmbedded: Bool) -> Bool {
    let value = object[key]
    switch content {
    case .values(let patterns):
      if isEmbedded, let text = value?.string, Self.holdsJSON(text) { return false }
      let values = value.map(Self.leaves) ?? []
      return patterns.contains { $0.matches(values) }
    case .object(let pattern):
      if isEmbedded {
        guard let text = value?.string, let inner = try? JSONValue(parsing: text).object else { return false }
        return pattern.matches(inner, embedded: nil)
      }
      switch value {
      case .object(let inner)?: return pattern.matches(inner, embedded: nil)
      case .array(let elements)?:
        return elements.contains { $0.object.map { pattern.matches($0, embedded: nil) } ?? false }
      // What is not there has no members, which a pattern may ask for.
      default: return pattern.matches([:], embedded: nil)
      }
    }
  }

  /// Whether text is a JSON object or array, which a plain value never equals.
  private static func holdsJSON(_ text: String) -> Bool {
    guard let first = text.utf8.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    else { return false }
    return (try? JSONValue(parsing: text)) != nil
  }

  /// The values in a value: of an array those of its elements, of an object none.
  private static func leaves(_ value: JSONValue) -> [JSONValue] {
    switch value {
    case .array(let elements): elements.flatMap(leaves)
    case .object: []
    default: [value]
    }
  }
}

/// A value that is welcome, or a test of values.
enum ValuePattern: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case prefix(String, ignoresCase: Bool)
  case suffix(String, ignoresCase: Bool)
  case textIgnoringCase(String)
  case anythingBut([ValuePattern])
  /// All of them.
  case numeric([NumericBound])
  case exists(Bool)

  /// - Parameter values: Of one member; none when it is absent.
  func matches(_ values: [JSONValue]) -> Bool {
    switch self {
    case .exists(let isExpected): values.isEmpty != isExpected
    case .anythingBut(let others): values.contains { value in !others.contains { $0.matches(value) } }
    default: values.contains { matches($0) }
    }
  }

  private func matches(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.null, .null): true
    case (.bool(let expected), .bool(let flag)): flag == expected
    case (.number(let expected), .number(let number)): number.double == expected
    case (.numeric(let bounds), .number(let number)): bounds.allSatisfy { $0.admits(number.double) }
    case (.text(let expected), .string(let text)): text == expected
    case (.textIgnoringCase(let expected), .string(let text)): text.lowercased() == expected.lowercased()
    case (.prefix(let start, let ignoresCase), .string(let text)):
      ignoresCase ? text.lowercased().hasPrefix(start.lowercased()) : text.hasPrefix(start)
    case (.suffix(let end, let ignoresCase), .string(let text)):
      ignoresCase ? text.lowercased().hasSuffix(end.lowercased()) : text.hasSuffix(end)
    default: false
    }
  }
}

/// One side of a range of numbers.
struct NumericBound: Hashable, Sendable {
  enum Comparison: String {
    case less = "<"
    case atMost = "<="
    case equal = "="
    case atLeast = ">="
    case greater = ">"

    var isLower: Bool { self == .atLeast || self == .greater }
  }

  var comparison: Comparison
  var number: Double

  func admits(_ value: Double) -> Bool {
    switch comparison {
    case .less: value < number
    case .atMost: value <= number
    case .equal: value == number
    case .atLeast: value >= number
    case .greater: value > number
    }
  }
}
