/// The target of a request: the parts of its path and the members of its query, decoded.
struct RequestTarget {
  var parts: [String]
  private var query: [(name: String, value: String)]

  /// `nil` when an escape is malformed or does not give UTF-8.
  init?(_ uri: String) {
    let halves = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let parts = Self.parts(of: halves.first ?? "") else { return nil }
    self.parts = parts
    query = []
    guard halves.count == 2 else { return }
    for member in halves[1].split(separator: "&") {
      let sides = member.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decoded(sides[0], isQuery: true),
        let value = Self.decoded(sides.count == 2 ? sides[1] : "", isQuery: true)
      else { return nil }
      query.append((name, value))
    }
  }

  /// The parts of a path, whose last slash says nothing.
  static func parts(of path: some StringProtocol) -> [String]? {
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      guard let decoded = decoded(part, isQuery: false) else { return nil }
      parts.append(decoded)
    }
    if parts.last == "" { parts.removeLast() }
    return parts
  }

  func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
  func values(_ name: String) -> [String] { query.filter { $0.name == name }.map(\.value) }

  private static func decoded(_ text: some StringProtocol, isQuery: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
          return nil
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where isQuery: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }
}
