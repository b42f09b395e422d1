/// The parameters of a call of the query protocol: the fields of an `application/x-www-form-urlencoded` body, or those
/// of one element of a list in it.
///
/// A field's name is a path, `Tags.member.2.Key`. ``elements(of:as:)`` gives each element of a list as a form of its
/// own, in which that field is `Key`.
public struct QueryForm: Hashable, Sendable {
  /// How a list is written, which a service's model tells.
  public enum ListForm: Hashable, Sendable {
    /// `Name.member.1`: the usual form.
    case members
    /// `Name.entry.1`: maps.
    case entries
    /// `Name.1`: lists and maps that the model calls flattened.
    case flattened

    fileprivate func path(of name: String) -> String {
      switch self {
      case .members: name + ".member."
      case .entries: name + ".entry."
      case .flattened: name + "."
      }
    }
  }

  /// Bytes of a body. The largest call of IAM, a policy of 131,072 characters with all of them escaped, needs 393,216.
  public static let byteLimit = 524_288
  /// Fields of a body. The largest call of IAM, a role with 50 tags, needs about 110.
  public static let fieldLimit = 512

  private var fields: [String: String] = [:]
  /// Of the element that this form is; empty for a whole body.
  private var place = ""

  /// Reads a body.
  ///
  /// - Throws: Beyond the limits; for broken escapes, text that is not UTF-8, and a field that is there twice.
  public init(parsing body: [UInt8]) throws(QueryFormError) {
    guard body.count <= Self.byteLimit else { throw .tooManyBytes }
    for field in body.split(separator: UInt8(ascii: "&"), maxSplits: Self.fieldLimit) {
      guard fields.count < Self.fieldLimit else { throw .tooManyFields }
      let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(parts[0]), let value = parts.count == 2 ? Self.decoded(parts[1]) : "" else {
        throw .malformed
      }
      guard fields.updateValue(value, forKey: name) == nil else { throw .repeated(name) }
    }
  }

  /// What is in the field `name`; `nil` when it is absent or empty, as clients write both.
  public subscript(name: String) -> String? { fields[path(to: name)].flatMap { $0.isEmpty ? nil : $0 } }

  /// Whether the field `name` is there, be it empty.
  public func has(_ name: String) -> Bool { fields[path(to: name)] != nil }

  /// The text of an element that is one; `nil` for the form of a whole body, and for an element that has fields.
  public var text: String? { place.isEmpty ? nil : fields[place] }

  /// The elements of the list `name`, from number 1 to the first that is not there. What is behind a gap is left out.
  public func elements(of name: String, as form: ListForm = .members) -> [QueryForm] {
    let start = form.path(of: path(to: name))
    var numbers: Set<Int> = []
    for field in fields.keys where field.utf8.starts(with: start.utf8) {
      let digits = field.utf8.dropFirst(start.utf8.count).prefix { $0 != UInt8(ascii: ".") }
      if digits.first != UInt8(ascii: "0"), let number = Int(Substring(digits)) { numbers.insert(number) }
    }
    var elements: [QueryForm] = []
    while numbers.contains(elements.count + 1) {
      var element = self
      element.place = "\(start)\(elements.count + 1)"
      elements.append(element)
    }
    return elements
  }

  /// The map `name`, whose entries have the fields `key` and `value`. An absent value is an empty text.
  ///
  /// - Throws: For an entry without a key, and for a key that is there twice.
  public func map(
    _ name: String, as form: ListForm = .entries, key: String = "key", value: String = "value"
  ) throws(QueryFormError) -> [String: String] {
    var map: [String: String] = [:]
    for entry in elements(of: name, as: form) {
      guard let entryKey = entry[key] else { throw .malformed }
      guard map.updateValue(entry[value] ?? "", forKey: entryKey) == nil else { throw .repeated(entryKey) }
    }
    return map
  }

  /// The whole name of the field `name`, or of the element itself without one: for messages.
  public func path(to name: String? = nil) -> String {
    guard let name else { return place }
    return place.isEmpty ? name : "\(place).\(name)"
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
