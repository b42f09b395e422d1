/// Writes JSON text, minding the commas. Keys and values come in the order of the calls.
public struct JSONWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false
  private var isAfterKey = false
  private var depth = 0
  private let isPretty: Bool

  /// - Parameter pretty: One member or element a line, indented by two blanks; else without any blanks.
  public init(pretty: Bool = false) { isPretty = pretty }

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
    try nested("{", "}", members)
  }

  public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
    try nested("[", "]", elements)
  }

  private mutating func nested(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ content: (inout JSONWriter) throws -> Void
  ) rethrows {
    separate()
    bytes.append(UInt8(ascii: open))
    depth += 1
    needsComma = false
    let start = bytes.count
    try content(&self)
    depth -= 1
    if bytes.count > start { breakLine() }
    bytes.append(UInt8(ascii: close))
    needsComma = true
  }

  /// Begins a member of the object that is being written; its value is the next call.
  public mutating func key(_ key: String) {
    separate()
    quote(key)
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(0x20) }
    // The value that follows stands on the key's line.
    needsComma = false
    isAfterKey = true
  }

  public mutating func string(_ value: String) {
    separate()
    quote(value)
    needsComma = true
  }

  /// A string by its bytes, which have to be UTF-8.
  public mutating func string(utf8 bytes: Span<UInt8>) {
    separate()
    bytes.withUnsafeBufferPointer { quote($0) }
    needsComma = true
  }

  public mutating func number(_ value: some BinaryInteger) { raw(String(value)) }
  /// Writes a number; `null` for what JSON cannot hold.
  public mutating func number(_ value: Double) { value.isFinite ? raw(JSONNumber(value).text) : null() }
  public mutating func number(_ value: Timestamp) {
    separate()
    value.append(to: &bytes)
    needsComma = true
  }
  public mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
  public mutating func null() { raw("null") }

  /// Writes any value; numbers that JSON cannot hold become `null`.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let value): value.isFinite ? raw(value.text) : null()
    case .string(let value): string(value)
    case .array(let elements):
      array { writer in for element in elements { writer.value(element) } }
    case .object(let value):
      object { writer in
        for member in value.members {
          writer.key(member.key)
          writer.value(member.value)
        }
      }
    }
  }

  public mutating func member(_ key: String, _ value: String) {
    self.key(key)
    string(value)
  }
  public mutating func member(_ key: String, _ value: some BinaryInteger) {
    self.key(key)
    number(value)
  }
  public mutating func member(_ key: String, _ value: Double) {
    self.key(key)
    number(value)
  }
  public mutating func member(_ key: String, _ value: Bool) {
    self.key(key)
    bool(value)
  }
  public mutating func member(_ key: String, _ value: Timestamp) {
    self.key(key)
    number(value)
  }
  public mutating func member(_ key: String, _ value: JSONValue) {
    self.key(key)
    self.value(value)
  }
  /// An object of texts, in the order of their names: the same texts give the same bytes.
  public mutating func texts(_ key: String, _ texts: [String: String]) {
    self.key(key)
    object { json in for (name, text) in texts.sorted(by: { $0.key < $1.key }) { json.member(name, text) } }
  }

  private mutating func raw(_ text: String) {
    separate()
    bytes.append(contentsOf: text.utf8)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    if isAfterKey { isAfterKey = false } else if depth > 0 { breakLine() }
  }

  private mutating func breakLine() {
    guard isPretty else { return }
    bytes.append(0x0A)
    bytes.append(contentsOf: repeatElement(0x20, count: depth * 2))
  }

  private mutating func quote(_ text: String) {
    var text = text
    text.withUTF8 { quote($0) }
  }

  private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
    // Counted first, so that the bytes are written without a look at the room there is.
    var length = text.count + 2
    for byte in text { length += byte < 0x20 ? 5 : byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0 }
    bytes.append(addingCapacity: length) { output in
      output.append(UInt8(ascii: "\""))
      for byte in text {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          output.append(UInt8(ascii: "\\"))
          output.append(byte)
        case 0..<0x20: Self.escape(byte, &output)
        default: output.append(byte)
        }
      }
      output.append(UInt8(ascii: "\""))
    }
  }

  /// Writes a control character.
  private static func escape(_ byte: UInt8, _ output: inout OutputSpan<UInt8>) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x0A: output.append(UInt8(ascii: "n"))
    case 0x0D: output.append(UInt8(ascii: "r"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x0C: output.append(UInt8(ascii: "f"))
    default:
      for unit in "u00".utf8 { output.append(unit) }
      output.append(byte >> 4 + UInt8(ascii: "0"))
      output.append("0123456789abcdef".utf8.dropFirst(Int(byte & 15)).first ?? 0)
    }
  }
}

extension JSONValue {
  /// The value as JSON text; numbers that JSON cannot hold become `null`.
  public func rendered(pretty: Bool = false) -> String {
    var writer = JSONWriter(pretty: pretty)
    writer.value(self)
    return writer.text
  }
}
