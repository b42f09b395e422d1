public import XRayModel

/// A pattern that events match or not, in the language of EventBridge: filters of event source mappings and of
/// subscriptions are such patterns.
///
/// A pattern is a JSON object of the event's form. Each of its members has to be in the event, and there each array
/// is the list of values that are welcome: strings, numbers, `true`, `false`, `null`, and tests:
/// `{"prefix": "a"}`, `{"suffix": "z"}` and `{"equals-ignore-case": "x"}`, of which the first two also take
/// `{"equals-ignore-case": …}`; `{"anything-but": …}` of a value, a list of values, or one of the tests before;
/// `{"numeric": [">", 0, "<=", 5]}`; `{"exists": true}`. A member `$or` holds a list of at least two objects of which
/// one has to match.
///
/// An array in the event matches when one of its elements does. A test `exists` asks for values, not for objects.
public struct EventPattern: Hashable, Sendable {
  let root: ObjectPattern

  /// Bytes of a pattern's text.
  public static let bytesLimit = 256 * 1024
  /// Objects within objects.
  public static let depthLimit = 16
  /// Values and tests in a pattern.
  public static let valuesLimit = 1000

  /// - Throws: When the text is no JSON object, breaks a rule of the language or a limit.
  public init(parsing text: String) throws(EventPatternError) {
    guard text.utf8.count <= Self.bytesLimit else {
      throw EventPatternError("has more than \(Self.bytesLimit) bytes")
    }
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: text) } catch { throw EventPatternError("\(error)") }
    try self.init(value)
  }

  /// - Throws: When the value is no object, breaks a rule of the language or a limit.
  public init(_ value: JSONValue) throws(EventPatternError) {
    guard let object = value.object else { throw EventPatternError("is not an object") }
    var reader = PatternReader()
    root = try reader.object(object, path: "", depth: 1)
  }

  /// Whether the event matches. Only an object can, except for patterns that ask for nothing.
  public func matches(_ event: JSONValue) -> Bool { root.matches(event.object ?? [:], embedded: nil) }

  /// Whether a record matches whose member `embedded` is text that may hold JSON, as a message's body does.
  ///
  /// Where the pattern asks for members of it, the text has to be a JSON object; where it asks for values, the text
  /// itself is the value, and must not be a JSON object or array.
  public func matches(_ record: JSONObject, embedded: String) -> Bool { root.matches(record, embedded: embedded) }
}

/// Why something is no pattern.
public struct EventPatternError: Error, Hashable, CustomStringConvertible {
  /// What is wrong and where, such as `has no values at "data.city"`.
  public var detail: String
  public var description: String { "the pattern \(detail)" }

  init(_ detail: String, at path: String = "") {
    self.detail = path.isEmpty ? detail : "\(detail) at \"\(path.prefix(200))\""
  }
}
