/// An element of an XML answer: its children, or its text. Attributes are passed over.
struct RoleXML {
  /// What is no XML that IAM would answer with.
  struct Malformed: Error {}

  var name: String
  var children: [RoleXML] = []
  var text = ""

  private static let depthLimit = 32

  /// Reads the one element of a document.
  init(parsing bytes: [UInt8]) throws(Malformed) {
    guard let document = String(validating: bytes, as: UTF8.self) else { throw Malformed() }
    var rest = document.utf8[...]
    try rest.skipToElement()
    self = try RoleXML(&rest, depth: 0)
    rest.skipBlanks()
    guard rest.isEmpty else { throw Malformed() }
  }

  /// The first child of that name.
  subscript(name: String) -> RoleXML? { children.first { $0.name == name } }

  /// What is in the members of the list `name`.
  func list(_ name: String) -> [RoleXML] { self[name]?.children.filter { $0.name == "member" } ?? [] }

  private init(_ rest: inout Substring.UTF8View, depth: Int) throws(Malformed) {
    guard depth < Self.depthLimit else { throw Malformed() }
    let tag = try rest.tag()
    guard tag.first != UInt8(ascii: "/") else { throw Malformed() }
    let name = tag.prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
    guard !name.isEmpty else { throw Malformed() }
    self.name = String(Substring(name))
    if tag.last == UInt8(ascii: "/") { return }
    while true {
      let text = rest.prefix { $0 != UInt8(ascii: "<") }
      rest = rest[text.endIndex...]
      self.text += try Self.unescaped(text)
      if rest.starts(with: "</".utf8) { break }
      children.append(try RoleXML(&rest, depth: depth + 1))
    }
    guard try rest.tag().dropFirst().elementsEqual(name) else { throw Malformed() }
    // Between elements there is only the layout.
    if !children.isEmpty { text = "" }
  }

  private static func unescaped(_ text: Substring.UTF8View) throws(Malformed) -> String {
    var result = ""
    var rest = text
    while let ampersand = rest.firstIndex(of: UInt8(ascii: "&")) {
      result += String(Substring(rest[..<ampersand]))
      rest = rest[rest.index(after: ampersand)...]
      guard let end = rest.prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw Malformed() }
      result.unicodeScalars.append(try scalar(String(Substring(rest[..<end]))))
      rest = rest[rest.index(after: end)...]
    }
    return result + String(Substring(rest))
  }

  private static func scalar(_ entity: String) throws(Malformed) -> Unicode.Scalar {
    switch entity {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let isHexadecimal = entity.hasPrefix("#x")
      let digits = entity.dropFirst(isHexadecimal ? 2 : 1)
      guard entity.hasPrefix("#"), let code = UInt32(digits, radix: isHexadecimal ? 16 : 10),
        let scalar = Unicode.Scalar(code)
      else { throw Malformed() }
      return scalar
    }
  }
}

extension Substring.UTF8View {
  /// What stands between `<` and `>`.
  fileprivate mutating func tag() throws(RoleXML.Malformed) -> Self {
    guard first == UInt8(ascii: "<"), let end = firstIndex(of: UInt8(ascii: ">")) else { throw RoleXML.Malformed() }
    defer { self = self[index(after: end)...] }
    return self[index(after: startIndex)..<end]
  }

  fileprivate mutating func skipBlanks() { self = drop { $0 <= 0x20 } }

  /// Past the declaration, if there is one.
  fileprivate mutating func skipToElement() throws(RoleXML.Malformed) {
    skipBlanks()
    if starts(with: "<?".utf8) {
      _ = try tag()
      skipBlanks()
    }
  }
}
