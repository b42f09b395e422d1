/// The command line by the rules of Go's `flag` package: one dash or two, `-x v` or `-x=v`, switches without a value
/// or with `=false`, `--` ends, the last of several wins.
struct ParsedArguments: Equatable {
  var settings = Settings()
  var configPath = ""
  var asksForVersion = false
  /// What follows the first argument that is not a flag; ignored.
  var rest: [String] = []

  enum Failure: Error, Equatable {
    case help
    case malformed(String)
  }

  /// `arguments` without the program's name.
  init(_ arguments: [String]) throws(Failure) {
    var remaining = arguments[...]
    while let argument = remaining.first, argument.hasPrefix("-"), argument != "-" {
      remaining = remaining.dropFirst()
      if argument == "--" { break }
      let text = argument.dropFirst(argument.hasPrefix("--") ? 2 : 1)
      if text.hasPrefix("-") || text.hasPrefix("=") { throw .malformed("bad flag syntax: \(argument)") }
      let equals = text.firstIndex(of: "=")
      let name = text[..<(equals ?? text.endIndex)]
      let value = equals.map { String(text[text.index(after: $0)...]) }
      guard let flag = Flag.named(name) else {
        throw name == "h" || name == "help" ? .help : .malformed("flag provided but not defined: -\(name)")
      }
      if let value = value ?? (flag.value == nil ? "true" : remaining.popFirst()) {
        try apply(flag, value, name: name)
      } else {
        throw .malformed("flag needs an argument: -\(name)")
      }
    }
    rest = Array(remaining)
  }

  private mutating func apply(_ flag: Flag, _ value: String, name: Substring) throws(Failure) {
    do throws(GoValue.Failure) {
      switch flag.effect {
      case .config: configPath = value
      case .version: asksForVersion = try GoValue.truth(value)
      case .set(.text(let path)): settings[keyPath: path] = value
      case .set(.number(let path)): settings[keyPath: path] = try GoValue.number(value)
      case .set(.decimal(let path)): settings[keyPath: path] = try GoValue.decimal(value)
      case .set(.truth(let path)): settings[keyPath: path] = try GoValue.truth(value)
      case .set(.list(let path)): settings[keyPath: path] = (settings[keyPath: path] ?? []) + [value]
      }
    } catch {
      let kind = flag.value == nil ? "boolean value \"\(value)\" for" : "value \"\(value)\" for flag"
      throw .malformed("invalid \(kind) -\(name): \(error.rawValue)")
    }
  }
}
