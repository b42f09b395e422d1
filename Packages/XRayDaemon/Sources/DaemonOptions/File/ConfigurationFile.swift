/// A configuration file of version 1 or 2.
struct ConfigurationFile: Equatable {
  var settings = Settings()
  /// What was ignored, as sentences; the first few.
  var warnings: [String] = []

  /// Why the file cannot be used: a sentence that ends with the place.
  struct Failure: Error, Equatable {
    var message: String
  }

  static let maximumWarnings = 10

  /// - Parameters:
  ///   - bytes: The file.
  ///   - path: Its name, for messages.
  ///   - isStrict: Whether unknown keys are an error, as they are in a file named by `--config`; else they are
  ///     ignored with a warning.
  init(_ bytes: [UInt8], path: String, isStrict: Bool) throws(Failure) {
    let root: YAMLNode?
    do throws(YAMLError) {
      root = try YAMLReader.read(bytes)
    } catch {
      throw Self.misused(error.problem, "\(path):\(error.position)")
    }
    guard root == nil || root?.isNull == true || root?.entries != nil else {
      throw Self.misused("the file is no map of keys and values", "\(path):1:1")
    }
    let entries = Self.flatten(root?.entries ?? [])
    try Self.checkVersion(entries, path: path)

    let last = Dictionary(entries.enumerated().map { ($1.key, $0) }) { _, later in later }
    for (index, entry) in entries.enumerated() where entry.key != "Version" {
      let place = "\(path):\(entry.position)"
      if last[entry.key] != index {
        warn("\(entry.key) is set again further down, which counts (\(place))")
      } else if let setting = ConfigurationKey.settings[entry.key] {
        try set(setting, entry, path: path)
      } else if ConfigurationKey.groups.contains(entry.key), !entry.value.isNull {
        // Such as a setting whose colon has no space after it.
        throw Self.misused("\(entry.key) must be a map", "\(path):\(entry.value.position)")
      } else if !ConfigurationKey.ignored.contains(entry.key) {
        let problem = Self.problem(of: entry.key) + " (\(place))"
        if isStrict { throw Failure(message: problem) }
        warn(problem)
      }
    }
  }

  private mutating func warn(_ sentence: String) {
    if warnings.count < Self.maximumWarnings { warnings.append(sentence) }
  }

  /// Keys of maps within the file are written `Map.Key`; what lies deeper is a value.
  private static func flatten(_ entries: [YAMLNode.Entry]) -> [YAMLNode.Entry] {
    entries.flatMap { outer in
      let isValue = ConfigurationKey.settings[outer.key] != nil || outer.key == "Version"
      guard !isValue, let inner = outer.value.entries else { return [outer] }
      return inner.map { entry in
        YAMLNode.Entry(key: "\(outer.key).\(entry.key)", position: entry.position, value: entry.value)
      }
    }
  }

  private static func checkVersion(_ entries: [YAMLNode.Entry], path: String) throws(Failure) {
    guard let entry = entries.last(where: { $0.key == "Version" }), !entry.value.isNull else {
      throw Failure(message: "Config Version is missing: the file needs a line \"Version: 2\" (\(path))")
    }
    guard let version = try? entry.value.number, 1...2 ~= version else {
      throw Failure(
        message: "Config Version Setting is not correct: it must be 1 or 2 (\(path):\(entry.value.position))")
    }
  }

  // The first words of these are what people search for.
  private static func problem(of key: String) -> String {
    if ConfigurationKey.removed.contains(key) { return "\(key) flag is not supported any more; remove it" }
    if let name = ConfigurationKey.renamed[key] {
      return "\(key) flag is not supported. Use \(name) instead; AWS's Config Migration Script rewrites such files"
    }
    return "\(key) flag is invalid; there is no such setting"
  }

  private static func misused(_ problem: String, _ place: String) -> Failure {
    Failure(message: "Error occur when using config flag: \(problem) (\(place))")
  }

  /// What is empty or 0 counts as not said.
  private mutating func set(_ setting: Setting, _ entry: YAMLNode.Entry, path: String) throws(Failure) {
    let node = entry.value
    do throws(YAMLError) {
      switch setting {
      case .text(let path): settings[keyPath: path] = try node.text
      case .number(let path): settings[keyPath: path] = try node.number
      case .decimal(let path): settings[keyPath: path] = try node.decimal
      case .truth(let path): settings[keyPath: path] = try node.truth
      case .list(let path):
        // Endpoint and Fluoro.Endpoints add up.
        if let items = try node.list { settings[keyPath: path] = (settings[keyPath: path] ?? []) + items }
      }
    } catch {
      throw Self.misused("\(entry.key) \(error.problem)", "\(path):\(error.position)")
    }
  }
}

/// Values as the settings need them; `nil` is what stands for nothing: null, an empty text, 0.
extension YAMLNode {
  fileprivate var text: String? {
    get throws(YAMLError) {
      guard case .scalar(let text, _) = value else { throw wrong("must be a text") }
      return isNull || text.isEmpty ? nil : text
    }
  }

  fileprivate var list: [String]? {
    get throws(YAMLError) {
      guard case .list(let nodes) = value else { return try text.map { [$0] } }
      var items: [String] = []
      for node in nodes { if let text = try node.text { items.append(text) } }
      return items
    }
  }

  /// Plain scalars only: a number in quotes is a text. `8.0` is whole, too.
  fileprivate var number: Int? {
    get throws(YAMLError) {
      if isNull { return nil }
      guard case .scalar(let text, isPlain: true) = value else { throw wrong("must be a whole number") }
      guard let number = (try? GoValue.number(text)) ?? Double(text).flatMap(Int.init(exactly:)) else {
        throw wrong("must be a whole number")
      }
      return number == 0 ? nil : number
    }
  }

  fileprivate var decimal: Double? {
    get throws(YAMLError) {
      if isNull { return nil }
      guard case .scalar(let text, isPlain: true) = value, let number = try? GoValue.decimal(text) else {
        throw wrong("must be a number")
      }
      return number
    }
  }

  /// YAML 1.1 has many words for it.
  fileprivate var truth: Bool? {
    get throws(YAMLError) {
      if isNull { return nil }
      guard case .scalar(let text, isPlain: true) = value else { throw wrong("must be true or false") }
      switch text {
      case "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y", "on", "On", "ON": return true
      case "false", "False", "FALSE", "no", "No", "NO", "n", "N", "off", "Off", "OFF": return false
      default: throw wrong("must be true or false")
      }
    }
  }

  private func wrong(_ problem: String) -> YAMLError { YAMLError(problem: problem, position: position) }
}
