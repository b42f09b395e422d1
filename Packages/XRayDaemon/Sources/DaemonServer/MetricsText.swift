/// Metrics in Prometheus' text format, a family after the other.
public struct MetricsText: Sendable {
  /// What was added so far.
  public private(set) var text = ""

  /// Nothing yet.
  public init() {}

  /// What a family of samples counts.
  public enum Kind: String, Sendable {
    /// Only grows, from the start of the process.
    case counter
    /// Goes up and down.
    case gauge
  }

  /// The samples of one family.
  public struct Family {
    fileprivate let name: String
    fileprivate var samples = ""

    /// Adds the only sample of a family without labels.
    public mutating func sample(_ value: Int) { sample([:], value) }

    /// Adds a sample. Values of labels may be any text.
    public mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: Int) {
      let labels = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
      samples += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    private static func escaped(_ text: String) -> String {
      text.reduce(into: "") { text, character in
        switch character {
        case "\\": text += "\\\\"
        case "\"": text += "\\\""
        case "\n": text += "\\n"
        default: text.append(character)
        }
      }
    }
  }

  /// Adds a family.
  ///
  /// - Parameters:
  ///   - name: Small letters and `_`.
  ///   - help: One line for people.
  ///   - body: Adds the samples.
  public mutating func family(_ name: String, _ kind: Kind, _ help: String, _ body: (inout Family) -> Void) {
    var family = Family(name: name)
    body(&family)
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n\(family.samples)"
  }
}
