extension JSONValue {
  /// Reads one JSON value and nothing after it.
  ///
  /// - Parameter allowsNonFinite: Whether bare NaN, Infinity and -Infinity are numbers, as some SDKs send them.
  public init(parsing bytes: Span<UInt8>, allowsNonFinite: Bool = false) throws(JSONError) {
    let result = bytes.withUnsafeBytes { buffer -> Result<JSONValue, JSONError> in
      var cursor = JSONCursor(buffer)
      cursor.allowsNonFinite = allowsNonFinite
      do throws(JSONError) {
        let value = try cursor.value(depth: 0)
        try cursor.finish()
        return .success(value)
      } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  /// Reads one JSON value from text.
  public init(parsing text: String, allowsNonFinite: Bool = false) throws(JSONError) {
    let bytes = Array(text.utf8)
    try self.init(parsing: bytes.span, allowsNonFinite: allowsNonFinite)
  }
}

extension JSONCursor {
  /// Reads one value of any kind. `depth` counts the arrays and objects around it.
  mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    switch try peek() {
    case UInt8(ascii: "\""): return .string(text(try string()))
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["):
      try open(UInt8(ascii: "["), depth: depth)
      var elements: [JSONValue] = []
      if try isEmpty(until: UInt8(ascii: "]")) { return .array(elements) }
      repeat { elements.append(try value(depth: depth + 1)) } while try continues(until: UInt8(ascii: "]"))
      return .array(elements)
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"), UInt8(ascii: "I"):
      return .number(try numberValue())
    default: throw fail(.unexpectedByte)
    }
  }

  /// Reads an object; of repeated members the last one.
  mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    try open(UInt8(ascii: "{"), depth: depth)
    if try isEmpty(until: UInt8(ascii: "}")) { return [:] }
    var members: [JSONObject.Member] = []
    repeat {
      let key = text(try key())
      members.append(JSONObject.Member(key: key, value: try value(depth: depth + 1)))
    } while try continues(until: UInt8(ascii: "}"))
    return JSONObject(members.lastOfEachKey)
  }

  /// Reads a number by its text.
  mutating func numberValue() throws(JSONError) -> JSONNumber {
    let range = try number()
    let raw = UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
    return JSONNumber(text: String(decoding: raw, as: UTF8.self))
  }
}

extension [JSONObject.Member] {
  /// Without those that a later member of the same key replaces.
  var lastOfEachKey: Self {
    // Comparing each with each is fastest for what documents hold, and must not be tried on thousands.
    if count <= 16 {
      let isUnique = !indices.contains { index in self[..<index].contains { $0.key == self[index].key } }
      if isUnique { return self }
    }
    var seen: Set<String> = []
    return Array(reversed().filter { seen.insert($0.key).inserted }.reversed())
  }
}
