extension AccessRecords {
  /// Tags of a role or policy.
  static let tagLimit = 50

  mutating func tagRole(_ form: IAMForm) throws(IAMError) {
    var role = try role(form)
    role.tags.merge(try form.tags()) { $1 }
    guard role.tags.count <= Self.tagLimit else {
      throw IAMError(.limitExceeded, "The number of tags has reached the maximum limit.")
    }
    roles[role.name] = role
  }

  mutating func untagRole(_ form: IAMForm) throws(IAMError) {
    var role = try role(form)
    for index in 1..<(form.count(of: "TagKeys") + 1) {
      role.tags[try form.tagText("TagKeys.member.\(index)", limit: 128)] = nil
    }
    roles[role.name] = role
  }

  func listRoleTags(_ form: IAMForm, _ xml: inout XMLWriter) throws(IAMError) {
    let tags = Array(try role(form).tags)
    try Page(form).write("Tags", of: tags, by: \.key, to: &xml) { xml, tag in
      xml.element("Key", tag.key)
      xml.element("Value", tag.value)
    }
  }
}

extension IAMForm {
  /// The parameter `Tags`.
  func tags() throws(IAMError) -> [String: String] {
    let count = count(of: "Tags", key: "Key")
    guard count <= AccessRecords.tagLimit else {
      throw IAMError(.validation, "There are more than \(AccessRecords.tagLimit) tags.")
    }
    var tags: [String: String] = [:]
    var keys: Set<String> = []
    for index in 1..<(count + 1) {
      let key = try tagText("Tags.member.\(index).Key", limit: 128)
      guard !key.isEmpty, !key.lowercased().hasPrefix("aws:") else {
        throw IAMError(.invalidInput, "A tag's key must be there, and must not begin with aws:")
      }
      guard keys.insert(key.lowercased()).inserted else {
        throw IAMError(.invalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
      }
      tags[key] = try tagText("Tags.member.\(index).Value", limit: 256)
    }
    return tags
  }

  /// Letters, digits, white space and `_.:/=+-@`; empty when it is absent.
  fileprivate func tagText(_ key: String, limit: Int) throws(IAMError) -> String {
    let text = self[key] ?? ""
    guard text.unicodeScalars.count <= limit, text.unicodeScalars.allSatisfy(\.isOfTag) else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value at '\(key)' failed to satisfy constraint: Member must have at most "
          + "\(limit) letters, digits, blanks and _.:/=+-@")
    }
    return text
  }
}

extension Unicode.Scalar {
  fileprivate var isOfTag: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber, .spaceSeparator:
      true
    default:
      switch self {
      case "_", ".", ":", "/", "=", "+", "-", "@": true
      default: false
      }
    }
  }
}
