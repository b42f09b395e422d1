/// An expression in a flat form: conditions in a row, each of which names the one that follows when it holds and
/// the one that follows when it does not. `AND`, `OR` and `!` are nothing but the order.
struct Program: Sendable {
  private struct Step: Sendable {
    var condition: Condition
    var onTrue: Int
    var onFalse: Int
  }

  private var steps: [Step] = []
  private var entry = Self.accepted

  private static let accepted = -1
  private static let rejected = -2

  /// - Parameter node: `nil` accepts everything.
  init(_ node: Node?) {
    if let node { entry = append(node, onTrue: Self.accepted, onFalse: Self.rejected) }
  }

  /// Appends the steps of a part, the last ones first, and returns where to begin.
  private mutating func append(_ node: Node, onTrue: Int, onFalse: Int) -> Int {
    switch node {
    case .all(let nodes):
      return nodes.cheapestFirst.reversed().reduce(onTrue) { append($1, onTrue: $0, onFalse: onFalse) }
    case .any(let nodes):
      return nodes.cheapestFirst.reversed().reduce(onFalse) { append($1, onTrue: onTrue, onFalse: $0) }
    case .not(let node):
      return append(node, onTrue: onFalse, onFalse: onTrue)
    case .term(let term):
      let step = Step(
        condition: Condition(term), onTrue: term.isNegated ? onFalse : onTrue,
        onFalse: term.isNegated ? onTrue : onFalse)
      steps.append(step)
      return steps.count - 1
    }
  }

  /// Whether the expression holds; `nil` as soon as `test` cannot tell.
  @inline(__always)
  func run(_ test: (Condition) -> Bool?) -> Bool? {
    var place = entry
    while place >= 0 {
      guard let holds = test(steps[place].condition) else { return nil }
      place = holds ? steps[place].onTrue : steps[place].onFalse
    }
    return place == Self.accepted
  }
}

extension [Node] {
  /// The order does not change what is true, only what it costs: documents are asked last.
  fileprivate var cheapestFirst: [Node] {
    enumerated().sorted { ($0.element.needs.rawValue, $0.offset) < ($1.element.needs.rawValue, $1.offset) }
      .map(\.element)
  }
}

extension Term {
  /// Whether it holds where its condition does not.
  fileprivate var isNegated: Bool {
    switch self {
    case .rootCauseJSON(_, let isEqual), .group(_, let isEqual): !isEqual
    default: false
    }
  }
}
