import Traces
import XRayModel

/// An expression as a tree. Lists of `all` and `any` hold two elements or more, none of its own kind: how terms were
/// grouped without a difference is not kept.
indirect enum Node: Hashable, Sendable {
  case all([Node])
  case any([Node])
  case not(Node)
  case term(Term)

  static func all(of nodes: [Node]) -> Node {
    let flat = nodes.flatMap { if case .all(let inner) = $0 { inner } else { [$0] } }
    return flat.count == 1 ? flat[0] : .all(flat)
  }

  static func any(of nodes: [Node]) -> Node {
    let flat = nodes.flatMap { if case .any(let inner) = $0 { inner } else { [$0] } }
    return flat.count == 1 ? flat[0] : .any(flat)
  }

  /// Calls `visit` for each term that is not inside braces.
  func forEachTerm(_ visit: (Term) -> Void) {
    switch self {
    case .all(let nodes), .any(let nodes): for node in nodes { node.forEachTerm(visit) }
    case .not(let node): node.forEachTerm(visit)
    case .term(let term): visit(term)
    }
  }
}

/// The smallest part of an expression that is true or false.
enum Term: Hashable, Sendable {
  /// A fact; alone it is true when it holds or, for numbers and texts, when it is known.
  case keyword(Keyword, Comparison?)
  case annotation(AnnotationKey, Comparison?)
  case service(ServiceSelector, Node?)
  case edge(ServiceSelector, ServiceSelector, Node?)
  case rootCause(RootCauseKind, RootCauseElement, Node)
  case rootCauseJSON(JSONValue, isEqual: Bool)
  case group(GroupReference, isEqual: Bool)
}

package struct Comparison: Hashable, Sendable {
  package enum Operator: String, Hashable, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case contains = "CONTAINS"
    case beginsWith = "BEGINSWITH"
    case endsWith = "ENDSWITH"

    /// The kinds of values it can be followed by.
    var kinds: [Keyword.Kind] {
      switch self {
      case .equal, .notEqual: [.flag, .number, .text]
      case .less, .lessOrEqual, .greater, .greaterOrEqual: [.number]
      case .contains, .beginsWith, .endsWith: [.text]
      }
    }
  }

  enum Value: Hashable, Sendable {
    case text(String)
    case number(Double)
    case flag(Bool)
  }

  var comparator: Operator
  var value: Value
}

/// Which services a term means: those that agree in everything given.
struct ServiceSelector: Hashable, Sendable {
  var name: String?
  var type: String?
  var accountID: String?

  func selects(_ service: ServiceID) -> Bool {
    (name == nil || name == service.name) && (type == nil || type == service.type)
      && (accountID == nil || accountID == service.accountID)
  }

  var isAny: Bool { self == ServiceSelector() }
}
