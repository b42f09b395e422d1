public import Traces

/// Names that occur in traces: what an expression about them may ask for.
public struct SeenNames: Hashable, Sendable {
  /// What the values of an annotation are.
  public struct Kinds: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let text = Kinds(rawValue: 1)
    public static let number = Kinds(rawValue: 2)
    public static let flag = Kinds(rawValue: 4)
  }

  public var services: Set<String> = []
  /// By key, with the kinds of the values that it has somewhere.
  public var annotations: [String: Kinds] = [:]

  public init() {}

  public var serviceNames: [String] { services.sorted() }
  public var annotationKeys: [String] { annotations.keys.sorted() }

  /// Adds what a trace has.
  public mutating func add(_ summary: TraceSummary) {
    services.formUnion(summary.services.lazy.filter { $0.type != ServiceID.clientType }.map(\.name))
    for annotation in summary.annotations {
      let kind: Kinds =
        switch annotation.value {
        case .string: .text
        case .number: .number
        case .boolean: .flag
        }
      annotations[annotation.key, default: []].insert(kind)
    }
  }

  public mutating func merge(_ other: SeenNames) {
    services.formUnion(other.services)
    annotations.merge(other.annotations) { $0.union($1) }
  }
}

extension FilterExpression {
  /// What can come next in an expression that is being typed, with the names that were seen; otherwise like
  /// ``completions(in:at:annotationKeys:serviceNames:)``.
  public static func completions(in text: String, at column: Int, names: SeenNames) -> FilterCompletions {
    completions(in: text, at: column, annotationKeys: names.annotationKeys, serviceNames: names.serviceNames)
  }
}
