import XRayModel

extension SamplingRules {
  /// Longest file that is read, in bytes.
  public static let byteLimit = 262_144
  /// Most rules that a file may hold: each request is compared with one after the other.
  public static let ruleLimit = 1000
  /// Longest host, method or path pattern, in bytes.
  public static let patternByteLimit = 1024

  /// Reads the local rules of X-Ray's SDKs, version 1 or 2, as JSON.
  ///
  /// A UTF-8 byte order mark and `//` comments are allowed; members of other names are ignored.
  public init(parsing bytes: [UInt8]) throws(SamplingRulesError) {
    guard bytes.count <= Self.byteLimit else { throw SamplingRulesError(.tooLong(bytes: bytes.count)) }
    let plain = withoutComments(bytes)
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue(parsing: plain.span)
    } catch {
      throw SamplingRulesError(error, in: bytes)
    }
    guard let object = json.object else { throw SamplingRulesError(.invalid(expected: "a JSON object")) }
    try self.init(json: object)
  }

  /// Reads the local rules of X-Ray's SDKs from text.
  public init(parsing text: String) throws(SamplingRulesError) { try self.init(parsing: Array(text.utf8)) }

  private init(json: JSONObject) throws(SamplingRulesError) {
    let version = RulesVersion(rawValue: try json.integer("version", at: "version"))
    guard let version else { throw SamplingRulesError(.invalid(expected: "1 or 2"), member: "version") }
    fallback = try Self.fallback(json)
    rules = []
    guard let list = json["rules"] else { return }
    guard let elements = list.array else {
      throw SamplingRulesError(.invalid(expected: "an array of rules"), member: "rules")
    }
    guard elements.count <= Self.ruleLimit else {
      throw SamplingRulesError(.tooManyRules(elements.count), member: "rules")
    }
    for (index, element) in elements.enumerated() {
      guard let object = element.object else {
        throw SamplingRulesError(.invalid(expected: "an object"), member: "rules[\(index)]")
      }
      rules.append(try SamplingRule(json: object, version: version, at: "rules[\(index)]."))
    }
  }

  private static func fallback(_ json: JSONObject) throws(SamplingRulesError) -> SamplingTarget {
    guard let value = json["default"] else { throw SamplingRulesError(.missing, member: "default") }
    guard let object = value.object else {
      throw SamplingRulesError(.invalid(expected: "an object"), member: "default")
    }
    for key in ["host", "service_name", "http_method", "url_path"] where object[key] != nil {
      throw SamplingRulesError(
        .notAllowed(advice: "the default is for every request that no rule matches"), member: "default.\(key)")
    }
    return try SamplingTarget(json: object, at: "default.")
  }
}

/// The two forms of the file; they differ in the member that holds the host's pattern.
private enum RulesVersion: Int {
  case one = 1
  case two = 2

  var hostKey: String { self == .one ? "service_name" : "host" }
  var otherHostKey: String { self == .one ? "host" : "service_name" }
}

extension SamplingRule {
  fileprivate init(json: JSONObject, version: RulesVersion, at place: String) throws(SamplingRulesError) {
    guard json[version.otherHostKey] == nil else {
      throw SamplingRulesError(
        .notAllowed(advice: "version \(version.rawValue) has \(version.hostKey) instead"),
        member: place + version.otherHostKey)
    }
    self.init(
      description: json["description"]?.string,
      host: try json.pattern(version.hostKey, at: place + version.hostKey),
      method: try json.pattern("http_method", at: place + "http_method"),
      path: try json.pattern("url_path", at: place + "url_path"),
      target: try SamplingTarget(json: json, at: place))
  }
}

extension SamplingTarget {
  fileprivate init(json: JSONObject, at place: String) throws(SamplingRulesError) {
    let fixedTarget = try json.integer("fixed_target", at: place + "fixed_target")
    guard fixedTarget >= 0 else {
      throw SamplingRulesError(.invalid(expected: "0 or more"), member: place + "fixed_target")
    }
    guard let value = json["rate"] else { throw SamplingRulesError(.missing, member: place + "rate") }
    guard let rate = value.number?.double, (0...1).contains(rate) else {
      throw SamplingRulesError(.invalid(expected: "a number from 0 to 1"), member: place + "rate")
    }
    self.init(fixedTarget: fixedTarget, rate: rate)
  }
}

extension JSONObject {
  fileprivate func integer(_ key: String, at place: String) throws(SamplingRulesError) -> Int {
    guard let value = self[key] else { throw SamplingRulesError(.missing, member: place) }
    guard let integer = value.number?.integer else {
      throw SamplingRulesError(.invalid(expected: "a whole number"), member: place)
    }
    return integer
  }

  fileprivate func pattern(_ key: String, at place: String) throws(SamplingRulesError) -> WildcardPattern {
    guard let value = self[key] else { throw SamplingRulesError(.missing, member: place) }
    guard let text = value.string, text.utf8.count <= SamplingRules.patternByteLimit else {
      throw SamplingRulesError(
        .invalid(expected: "text of at most \(SamplingRules.patternByteLimit) bytes"), member: place)
    }
    return WildcardPattern(text)
  }
}

extension SamplingRulesError {
  /// Turns a byte offset into a line and a column.
  fileprivate init(_ error: JSONError, in bytes: [UInt8]) {
    let before = bytes.prefix(error.offset)
    let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    self.init(
      .notJSON(
        error.reason, line: before.count { $0 == 0x0A } + 1, column: before.count - lineStart + 1))
  }
}

/// The bytes with a byte order mark and `//` comments turned into blanks, so that offsets stay.
private func withoutComments(_ bytes: [UInt8]) -> [UInt8] {
  var plain = bytes
  if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { plain.replaceSubrange(0..<3, with: [0x20, 0x20, 0x20]) }
  var isInString = false
  var index = 0
  while index < plain.count {
    switch plain[index] {
    case UInt8(ascii: "\\") where isInString: index += 1
    case UInt8(ascii: "\""): isInString.toggle()
    case UInt8(ascii: "/") where !isInString && index + 1 < plain.count && plain[index + 1] == UInt8(ascii: "/"):
      while index < plain.count, plain[index] != 0x0A {
        plain[index] = 0x20
        index += 1
      }
    default: break
    }
    index += 1
  }
  return plain
}
