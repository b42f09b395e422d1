import Traces
import XRayModel

/// Evaluates every term of an expression for itself.
struct Explainer {
  let summary: TraceSummary
  let entities: TraceEntities

  func explain(_ root: Node) -> FilterExplanation {
    explain(root) { term in
      switch term {
      case .service(let selector, let conditions): service(term, selector, conditions)
      case .edge(let source, let target, let conditions): edge(term, source, target, conditions)
      case .rootCause(let kind, let element, let conditions): rootCause(term, kind, element, conditions)
      case .rootCauseJSON(_, let isEqual): rootCauseJSON(term, isEqual)
      case .keyword, .annotation, .group: fact(term, of: summary)
      }
    }
  }

  private func explain(_ node: Node, _ leaf: (Term) -> FilterExplanation) -> FilterExplanation {
    switch node {
    case .all(let nodes):
      let parts = nodes.map { explain($0, leaf) }
      return FilterExplanation(term: "all of", holds: parts.allSatisfy(\.holds), parts: parts)
    case .any(let nodes):
      let parts = nodes.map { explain($0, leaf) }
      return FilterExplanation(term: "any of", holds: parts.contains(where: \.holds), parts: parts)
    case .not(let node):
      let part = explain(node, leaf)
      return FilterExplanation(term: "not", holds: !part.holds, parts: [part])
    case .term(let term):
      return leaf(term)
    }
  }

  // MARK: Facts

  private func fact(_ term: Term, of values: some FilterValues) -> FilterExplanation {
    let condition = Condition(term)
    var flag: Bool?
    if case .keyword(let keyword, _) = term, keyword.kind == .flag {
      flag = values.flag(keyword) ?? entities.flag(keyword)
    }
    let holds: Bool
    if case .flag(_, let expected) = condition {
      holds = flag == expected
    } else {
      holds = condition.holds(for: values) ?? false
    }
    let found = flag.map { [String($0)] } ?? list(of: term, in: values)
    return FilterExplanation(term: "\(term)", holds: holds, values: found.isEmpty ? ["not set"] : limited(found))
  }

  /// Every value of what a term asks for, as written in expressions.
  private func list(of term: Term, in values: some FilterValues) -> [String] {
    var found: [String] = []
    switch term {
    case .keyword(let keyword, _):
      if let number = values.number(keyword) { found.append(JSONNumber(number).text) }
      _ = values.hasText(keyword) { text in
        if !found.contains(text.quoted) { found.append(text.quoted) }
        return false
      }
    case .annotation(let key, _):
      _ = values.hasAnnotation(key) { value in
        found.append(value.json.string?.quoted ?? value.json.rendered())
        return false
      }
    default: break
    }
    return found
  }

  private func limited(_ list: [String]) -> [String] {
    let limit = FilterExplanation.listLimit
    return list.count > limit ? list.prefix(limit) + ["and \(list.count - limit) more"] : list
  }

  // MARK: Services, edges, root causes

  private func service(_ term: Term, _ selector: ServiceSelector, _ conditions: Node?) -> FilterExplanation {
    guard let conditions else {
      let found = summary.services.filter(selector.selects)
      let values = (found.isEmpty ? summary.services : found).map(\.text)
      return FilterExplanation(term: "\(term)", holds: !found.isEmpty, values: limited(values))
    }
    let parts = entities.services.filter { selector.selects($0.id) }
      .map { part($0.id.text, conditions, of: $0) }
    return whole(term, parts, otherwise: summary.services.map(\.text))
  }

  private func edge(
    _ term: Term, _ source: ServiceSelector, _ target: ServiceSelector, _ conditions: Node?
  ) -> FilterExplanation {
    let found = entities.edges.filter { source.selects($0.source) && target.selects($0.target) }
    let all = entities.edges.map { "\($0.source.text) → \($0.target.text)" }
    guard let conditions else {
      let values = found.isEmpty ? all : found.map { "\($0.source.text) → \($0.target.text)" }
      return FilterExplanation(term: "\(term)", holds: !found.isEmpty, values: limited(values))
    }
    let parts = found.map { part("\($0.source.text) → \($0.target.text)", conditions, of: $0) }
    return whole(term, parts, otherwise: all)
  }

  private func rootCause(
    _ term: Term, _ kind: RootCauseKind, _ element: RootCauseElement, _ conditions: Node
  ) -> FilterExplanation {
    let parts = causes(kind).flatMap { $0.elements(element) }
      .map { part("\($0.name), \(element.rawValue) \($0.index)", conditions, of: $0) }
    return whole(term, parts, otherwise: ["no such root cause"])
  }

  private func rootCauseJSON(_ term: Term, _ isEqual: Bool) -> FilterExplanation {
    var documents = Documents(trace: nil)
    let holds = Condition(term).holds(for: summary, &documents)
    let paths = RootCauseKind.allCases.flatMap { causes($0) }
      .map { $0.services.map(\.id.name).joined(separator: " → ") }
    return FilterExplanation(
      term: "\(term)", holds: holds == isEqual, values: paths.isEmpty ? ["no root cause"] : limited(paths))
  }

  private func causes(_ kind: RootCauseKind) -> [RootCause] {
    var causes: [RootCause] = []
    _ = summary.hasRootCause(kind) { cause in
      causes.append(cause)
      return false
    }
    return causes
  }

  private func part(_ name: String, _ conditions: Node, of values: some FilterValues) -> FilterExplanation {
    let inner = explain(conditions) { fact($0, of: values) }
    return FilterExplanation(term: name, holds: inner.holds, parts: [inner])
  }

  /// A term with what it was asked of: those that hold come first.
  private func whole(_ term: Term, _ parts: [FilterExplanation], otherwise values: [String]) -> FilterExplanation {
    let ordered = parts.filter(\.holds) + parts.filter { !$0.holds }
    return FilterExplanation(
      term: "\(term)", holds: parts.contains(where: \.holds), values: parts.isEmpty ? limited(values) : [],
      parts: Array(ordered.prefix(FilterExplanation.listLimit)))
  }
}

extension ServiceID {
  fileprivate var text: String { type.map { "\(name) (\($0))" } ?? name }
}
