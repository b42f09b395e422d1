import QueryProtocol

extension AccessRecords {
  /// Tags of a role or policy.
  static let tagLimit = 50

  mutating func tagRole(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    role.tags.merge(try form.tags()) { $1 }
    guard role.tags.count <= Self.tagLimit else {
      throw IAMError(.limitExceeded, "The number of tags has reached the maximum limit.")
    }
    roles[role.name] = role
  }

  mutating func untagRole(_ form: QueryForm) throws(IAMError) {
    var role = try role(form)
    for key in form.elements(of: "TagKeys") { role.tags[try key.tagText(limit: 128)] = nil }
    roles[role.name] = role
  }

  func listRoleTags(_ form: QueryForm, _ xml: inout XMLWriter) throws(IAMError) {
    let tags = Array(try role(form).tags)
    try Page(form).write("Tags", of: tags, by: \.key, to: &xml) { xml, tag in
      xml.element("Key", tag.key)
      xml.element("Value", tag.value)
    }
  }
}

extension QueryForm {
  /// The parameter `Tags`.
  func tags() throws(IAMError) -> [String: String] {
    let elements = elements(of: "Tags")
    guard elements.count <= AccessRecords.tagLimit else {
      throw IAMError(.validation, "There are more than \(AccessRecords.tagLimit) tags.")
    }
    var tags: [String: String] = [:]
    var keys: Set<String> = []
    for tag in elements {
      let key = try tag.tagText("Key", limit: 128)
      guard !key.isEmpty, !key.lowercased().hasPrefix("aws:") else {
        throw IAMError(.invalidInput, "A tag's key must be there, and must not begin with aws:")
      }
      guard keys.insert(key.lowercased()).inserted else {
        throw IAMError(.invalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
      }
      tags[key] = try tag.tagText("Value", limit: 256)
    }
    return tags
  }

  /// Letters, digits, white space and `_.:/=+-@`, in a field or as an element's own text; empty when it is absent.
  fileprivate func tagText(_ key: String? = nil, limit: Int) throws(IAMError) -> String {
    let text = if let key { self[key] ?? "" } else { self.text ?? "" }
    guard text.unicodeScalars.count <= limit, text.unicodeScalars.allSatisfy(\.isOfTag) else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value at '\(path(to: key))' failed to satisfy constraint: Member must have at most "
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
