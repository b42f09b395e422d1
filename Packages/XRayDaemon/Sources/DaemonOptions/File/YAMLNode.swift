/// A place in a file, counted from 1.
struct YAMLPosition: Hashable, Comparable, CustomStringConvertible {
  var line: Int
  var column: Int

  var description: String { "\(line):\(column)" }

  static func < (a: YAMLPosition, b: YAMLPosition) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// Why a file is not YAML that the daemon takes.
struct YAMLError: Error, Hashable {
  var problem: String
  var position: YAMLPosition
}

/// A value of a YAML file with the place where it begins.
struct YAMLNode: Equatable {
  enum Value: Equatable {
    case scalar(String, isPlain: Bool)
    case list([YAMLNode])
    case map([Entry])
  }

  struct Entry: Equatable {
    var key: String
    var position: YAMLPosition
    var value: YAMLNode
  }

  var value: Value
  var position: YAMLPosition

  /// The entries of a map; `nil` for scalars and lists.
  var entries: [Entry]? {
    if case .map(let entries) = value { entries } else { nil }
  }

  /// Whether this is how YAML writes "nothing".
  var isNull: Bool {
    if case .scalar(let text, isPlain: true) = value {
      ["", "~", "null", "Null", "NULL"].contains(text)
    } else {
      false
    }
  }
}
