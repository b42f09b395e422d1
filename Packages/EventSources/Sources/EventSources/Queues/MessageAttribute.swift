/// A typed attribute of a message.
public struct MessageAttribute: Hashable, Sendable {
  public enum Value: Hashable, Sendable {
    case text(String)
    case bytes([UInt8])
  }

  /// `String`, `Number` or `Binary`, or one of them with a label: `Number.price`.
  public var type: String
  public var value: Value

  public init(type: String, value: Value) {
    self.type = type
    self.value = value
  }

  /// An attribute of the type `String`.
  public init(_ text: String) { self.init(type: "String", value: .text(text)) }

  /// Bytes from their base64 form; `nil` when `base64` is none.
  public init?(type: String, base64: String) {
    guard let bytes = Base64Form.bytes(base64) else { return nil }
    self.init(type: type, value: .bytes(bytes))
  }

  /// The text; `nil` for bytes.
  public var text: String? { if case .text(let text) = value { text } else { nil } }
  /// The bytes in base64; `nil` for text.
  public var base64: String? { if case .bytes(let bytes) = value { Base64Form.text(bytes) } else { nil } }

  var valueBytes: [UInt8] {
    switch value {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }
}

extension MessageAttribute: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value) }
}

extension [String: MessageAttribute] {
  /// Bytes of names, types and values.
  var bytes: Int {
    reduce(0) { sum, entry in
      let value =
        switch entry.value.value {
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
      return sum + entry.key.utf8.count + entry.value.type.utf8.count + value
    }
  }

  /// The MD5 digest that senders and receivers compare, in hexadecimal digits: over length and bytes of each name,
  /// type and value, by name.
  public var md5: String {
    var bytes: [UInt8] = []
    func append(_ part: [UInt8]) {
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: part.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes += part
    }
    for (name, attribute) in sorted(by: { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }) {
      append(Array(name.utf8))
      append(Array(attribute.type.utf8))
      bytes.append(attribute.text == nil ? 2 : 1)
      append(attribute.valueBytes)
    }
    return MD5.digest(bytes)
  }
}

/// RFC 4648, with padding.
private enum Base64Form {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let count = Swift.min(3, bytes.count - start)
      let word = (0..<3).reduce(0) { $0 << 8 | ($1 < count ? Int(bytes[start + $1]) : 0) }
      for index in 0..<4 { text.append(index <= count ? digits[word >> (18 - 6 * index) & 63] : UInt8(ascii: "=")) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func bytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    let text = Array(text.utf8)
    guard text.count.isMultiple(of: 4) else { return nil }
    let padding = text.suffix(2).filter { $0 == UInt8(ascii: "=") }.count
    var word = 0
    var count = 0
    for digit in text.dropLast(padding) {
      guard let value = value(digit) else { return nil }
      word = word << 6 | value
      count += 1
      if count == 4 {
        bytes += [UInt8(word >> 16), UInt8(word >> 8 & 255), UInt8(word & 255)]
        (word, count) = (0, 0)
      }
    }
    switch count {
    case 0: return bytes
    case 2: return bytes + [UInt8(word >> 4)]
    case 3: return bytes + [UInt8(word >> 10), UInt8(word >> 2 & 255)]
    default: return nil
    }
  }

  private static func value(_ digit: UInt8) -> Int? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
