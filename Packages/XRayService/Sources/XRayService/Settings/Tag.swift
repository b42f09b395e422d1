import XRayModel

/// A word that users put on a group or a sampling rule.
struct Tag: Hashable, Sendable {
  /// Most tags of one group or rule. X-Ray: 50.
  static let limit = 50

  /// 1 to 128 characters.
  var key: String
  /// 0 to 256 characters.
  var value: String

  /// Writes X-Ray's `Tag`.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("Key", key)
      writer.member("Value", value)
    }
  }
}

extension Tag {
  init?(json: JSONValue) {
    guard let key = json["Key"]?.string, let value = json["Value"]?.string else { return nil }
    self.init(key: key, value: value)
  }

  /// Whether keys and values may have these characters: letters and digits of any script, blanks, `_ . : / = + - @`.
  static func isAllowed(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
        .spacingMark, .decimalNumber, .letterNumber, .otherNumber, .spaceSeparator:
        true
      default: "_.:/=+-@".unicodeScalars.contains(scalar)
      }
    }
  }
}
