/// The files that AWS's tools share, `~/.aws/credentials` and `~/.aws/config`, as far as they concern one machine.
struct SharedConfig {
  /// Which profile counts: `AWS_PROFILE`, else `default`.
  let profile: String
  /// Whether somebody named the profile, so that it must be there.
  let isProfileNamed: Bool
  private var profiles: [String: [String: String]] = [:]

  init(_ surroundings: AWSSurroundings) {
    profile = surroundings["AWS_PROFILE"] ?? surroundings["AWS_DEFAULT_PROFILE"] ?? "default"
    isProfileNamed = profile != "default"
    let folder = surroundings["HOME"].map { "\($0)/.aws/" }
    if let path = surroundings["AWS_CONFIG_FILE"] ?? folder.map({ $0 + "config" }) {
      read(surroundings.text(of: path) ?? "") { section in
        section == "default" ? section : section.hasPrefix("profile ") ? section.dropFirst(8).trimmed : nil
      }
    }
    // Second, since its keys count where both files have them.
    if let path = surroundings["AWS_SHARED_CREDENTIALS_FILE"] ?? folder.map({ $0 + "credentials" }) {
      read(surroundings.text(of: path) ?? "") { $0 }
    }
  }

  /// A profile's settings, their names in lower case; `nil` when neither file has it.
  subscript(profile: String) -> [String: String]? { profiles[profile] }

  /// - Parameter name: The profile that a section's title means, if any.
  private mutating func read(_ text: String, _ name: (String) -> String?) {
    for (title, settings) in Self.sections(of: text) {
      if let profile = name(title) { profiles[profile, default: [:]].merge(settings) { $1 } }
    }
  }

  /// The sections of a file with their settings, whose names are in lower case. What stands before the first section
  /// belongs to none.
  static func sections(of text: String) -> [(title: String, settings: [String: String])] {
    var sections: [(title: String, settings: [String: String])] = []
    for line in text.split(whereSeparator: \.isNewline) {
      // Indented lines are settings of single services.
      guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
      if first == "[" {
        sections.append((line.dropFirst().prefix { $0 != "]" }.trimmed, [:]))
      } else if !sections.isEmpty, let mark = line.firstIndex(of: "=") {
        let value = withoutComment(line[line.index(after: mark)...])
        if !value.isEmpty { sections[sections.count - 1].settings[line[..<mark].trimmed.lowercased()] = value }
      }
    }
    return sections
  }

  /// A comment within a line begins with a blank and `#` or `;`.
  private static func withoutComment(_ value: Substring) -> String {
    let value = value.trimmed
    let mark = [" #", " ;", "\t#", "\t;"].compactMap { value.firstRange(of: $0)?.lowerBound }.min()
    return mark.map { value[..<$0].trimmed } ?? value
  }
}
