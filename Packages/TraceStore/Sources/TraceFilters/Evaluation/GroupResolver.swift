/// Why the groups of an expression cannot be used.
public enum GroupError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknown(GroupReference)
  /// A group refers to itself, possibly through others.
  case circular(GroupReference)
  /// With all groups written out, the expression has more than ``termLimit`` terms or ``depthLimit`` levels.
  case tooLarge

  /// Most terms of an expression and its groups.
  public static let termLimit = 100_000
  /// Most levels of negation, `AND`, `OR` and groups inside one another: a bound on the stack.
  public static let depthLimit = 256

  public var description: String {
    switch self {
    case .unknown(let group): "there is no group \(group.text)"
    case .circular(let group): "the group \(group.text) refers to itself, possibly through others"
    case .tooLarge:
      "the expression and its groups have more than \(Self.termLimit) terms or \(Self.depthLimit) levels of nesting"
    }
  }
}

extension GroupReference {
  fileprivate var text: String {
    switch self {
    case .name(let name): name.quoted
    case .arn(let arn): arn
    }
  }
}

/// Replaces groups by their expressions.
struct GroupResolver {
  /// The groups around the part that is being resolved.
  private var around: [GroupReference] = []
  private var termCount = 0
  private var depth = 0

  /// `nil` for the expression that every trace matches.
  static func resolve(
    _ expression: FilterExpression, _ groups: (GroupReference) -> FilterExpression?
  ) throws(GroupError) -> Node? {
    var resolver = GroupResolver()
    guard let root = expression.root else { return nil }
    return try resolver.resolve(root, groups)
  }

  private mutating func resolve(
    _ node: Node, _ groups: (GroupReference) -> FilterExpression?
  ) throws(GroupError) -> Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= GroupError.depthLimit else { throw .tooLarge }
    switch node {
    case .all(let nodes): return .all(of: try resolve(nodes, groups))
    case .any(let nodes): return .any(of: try resolve(nodes, groups))
    case .not(let node): return .not(try resolve(node, groups))
    case .term(.group(let group, let isEqual)):
      guard !around.contains(group) else { throw .circular(group) }
      guard let expression = groups(group) else { throw .unknown(group) }
      around.append(group)
      // No terms at all: always true.
      var meaning = Node.all([])
      if let root = expression.root { meaning = try resolve(root, groups) }
      around.removeLast()
      return isEqual ? meaning : .not(meaning)
    case .term:
      termCount += 1
      guard termCount <= GroupError.termLimit else { throw .tooLarge }
      return node
    }
  }

  private mutating func resolve(
    _ nodes: [Node], _ groups: (GroupReference) -> FilterExpression?
  ) throws(GroupError) -> [Node] {
    var resolved: [Node] = []
    for node in nodes { resolved.append(try resolve(node, groups)) }
    return resolved
  }
}
