import QueryProtocol

/// The parameters that several actions have, with IAM's own bounds.
extension QueryForm {
  /// Letters of names of roles, policies and tags' keys beside letters and digits.
  private static let nameMarks = Set("_+=,.@-".unicodeScalars)

  /// A name of at most `limit` letters, digits and `_+=,.@-`.
  func name(_ key: String, limit: Int = 64) throws(IAMError) -> String {
    let name = try required(key, limit: limit)
    guard name.unicodeScalars.allSatisfy({ $0.isASCIIAlphanumeric || Self.nameMarks.contains($0) }) else {
      throw IAMError(
        .validation,
        "The specified value for \(key) is invalid. It must contain only alphanumeric characters and/or the "
          + "following: +=,.@_-")
    }
    return name
  }

  /// A text that has to be there.
  func required(_ key: String, limit: Int) throws(IAMError) -> String {
    guard let text = try optional(key, limit: limit) else {
      throw IAMError(.validation, "The request must contain the parameter \(key)")
    }
    return text
  }

  /// A text of at most `limit` characters of Latin-1 without controls, which is all that IAM takes.
  func optional(_ key: String, limit: Int) throws(IAMError) -> String? {
    guard let text = self[key] else { return nil }
    guard text.unicodeScalars.count <= limit else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value at '\(key)' failed to satisfy constraint: Member must have length less "
          + "than or equal to \(limit)")
    }
    guard text.unicodeScalars.allSatisfy(\.isLatin) else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value at '\(key)' failed to satisfy constraint: Member must contain only "
          + "characters from U+0020 to U+00FF, tabs and line breaks")
    }
    return text
  }

  /// A path: `/`, or one that begins and ends with `/`. A `prefix` need not end so.
  func path(_ key: String, isPrefix: Bool = false) throws(IAMError) -> String {
    let path = try optional(key, limit: 512) ?? "/"
    let isVisible = path.unicodeScalars.allSatisfy { "!"..."~" ~= $0 }
    guard isVisible, path.hasPrefix("/"), isPrefix || path.hasSuffix("/") else {
      throw IAMError(
        .validation,
        "The specified value for \(key) is invalid. It must begin and end with / and contain only alphanumeric "
          + "characters and/or / characters.")
    }
    return path
  }

  /// The ARN of a policy.
  func policyARN() throws(IAMError) -> String {
    let arn = try required("PolicyArn", limit: 2048)
    guard arn.utf8.count >= 20, arn.hasPrefix("arn:"), arn.contains(":policy/") else {
      throw IAMError(.invalidInput, "ARN \(arn.quoted) is not valid.")
    }
    return arn
  }

  /// A whole number within `range`; `nil` when it is absent.
  func integer(_ key: String, in range: ClosedRange<Int>) throws(IAMError) -> Int? {
    guard let text = self[key] else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value '\(text.quoted)' at '\(key)' failed to satisfy constraint: Member must "
          + "be between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  /// One of a few words; `nil` when it is absent.
  func choice(_ key: String, of words: [String]) throws(IAMError) -> String? {
    guard let word = self[key] else { return nil }
    guard words.contains(word) else {
      throw IAMError(
        .validation,
        "1 validation error detected: Value '\(word.quoted)' at '\(key)' failed to satisfy constraint: Member must "
          + "satisfy enum value set: [\(words.joined(separator: ", "))]")
    }
    return word
  }
}

extension Unicode.Scalar {
  var isASCIIAlphanumeric: Bool {
    switch self {
    case "a"..."z", "A"..."Z", "0"..."9": true
    default: false
    }
  }

  var isLatin: Bool {
    switch self {
    case "\t", "\n", "\r", " "..."~", "\u{A0}"..."\u{FF}": true
    default: false
    }
  }
}
