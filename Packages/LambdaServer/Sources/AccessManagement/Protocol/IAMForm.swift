/// The parameters of a call: the fields of an `application/x-www-form-urlencoded` body.
struct IAMForm: Sendable {
  /// Bytes of a body. The largest call, a policy of 131,072 characters with all of them escaped, needs 393,216.
  static let byteLimit = 524_288
  /// Fields of a body. The largest call, a role with 50 tags, needs about 110.
  static let fieldLimit = 512

  private var fields: [String: String] = [:]

  /// - Throws: `RequestEntityTooLarge` beyond the limits; `MalformedQueryString` for broken escapes, text that is not
  ///   UTF-8, and a field that is there twice.
  init(parsing body: [UInt8]) throws(IAMError) {
    guard body.count <= Self.byteLimit else {
      throw IAMError(.requestTooLarge, "The request has more than \(Self.byteLimit) bytes.")
    }
    for field in body.split(separator: UInt8(ascii: "&"), maxSplits: Self.fieldLimit) {
      guard fields.count < Self.fieldLimit else {
        throw IAMError(.requestTooLarge, "The request has more than \(Self.fieldLimit) parameters.")
      }
      let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]), let value = parts.count == 2 ? Self.decoded(parts[1]) : "" else {
        throw IAMError(.malformedQueryString, "The request is not form-encoded UTF-8.")
      }
      guard fields.updateValue(value, forKey: name) == nil else {
        throw IAMError(.malformedQueryString, "The parameter \(name.quoted) is there more than once.")
      }
    }
  }

  /// What is in the field `name`; `nil` when it is absent or empty, as clients write both.
  subscript(name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether the field `name` is there, be it empty.
  func has(_ name: String) -> Bool { fields[name] != nil }

  /// How many elements the list `name` has: `name.member.1` and so on, or `name.member.1.Key` with a `key`.
  func count(of name: String, key: String? = nil) -> Int {
    let suffix = key.map { ".\($0)" } ?? ""
    var count = 0
    while has("\(name).member.\(count + 1)\(suffix)") { count += 1 }
    return count
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = bytes.startIndex
    while index < bytes.endIndex {
      switch bytes[index] {
      case UInt8(ascii: "+"): result.append(0x20)
      case UInt8(ascii: "%"):
        guard index + 2 < bytes.endIndex, let high = hexDigit(bytes[index + 1]), let low = hexDigit(bytes[index + 2])
        else { return nil }
        result.append(high << 4 | low)
        index += 2
      case let byte: result.append(byte)
      }
      index += 1
    }
    return String(validating: result, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
