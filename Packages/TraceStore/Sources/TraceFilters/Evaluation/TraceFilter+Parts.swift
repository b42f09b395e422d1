/// An expression taken apart, with groups replaced by what they stand for: for engines that look at one column at a
/// time instead of one trace at a time.
package indirect enum FilterPart: Sendable {
  case all([FilterPart])
  case any([FilterPart])
  case not(FilterPart)
  /// A number, which is to be known and, with a test, to pass it.
  case number(Keyword, NumberTest?)
  case text(Keyword, TextTest?)
  case annotation(String, ValueTest)
  /// Any other term, as a filter of its own.
  case term(TraceFilter, Clues)

  /// What a trace needs at least for a term to hold, and what the term looks at.
  package struct Clues: Sendable {
    /// Names of services, all of which a match has.
    package var serviceNames: [String] = []
    package var rootCauseKinds: Set<RootCauseKind> = []
    /// Whether shares of the response time matter.
    package var asksCoverage = false
  }

  package struct NumberTest: Sendable {
    package var comparator: Comparison.Operator
    package var bound: Double
  }

  /// Texts compare byte by byte.
  package struct TextTest: Sendable {
    package var comparator: Comparison.Operator
    package var bytes: [UInt8]
  }

  /// Values of another type than the one asked for never pass.
  package enum ValueTest: Sendable {
    case isSet
    /// Set, and not the boolean false.
    case isTrue
    case text(TextTest)
    case number(NumberTest)
    case flag(Bool)
  }
}

extension TraceFilter {
  /// `nil` when every trace matches.
  package var parts: FilterPart? { root.map { FilterPart($0) } }
}

extension FilterPart {
  init(_ node: Node) {
    switch node {
    case .all(let nodes): self = .all(nodes.map { FilterPart($0) })
    case .any(let nodes): self = .any(nodes.map { FilterPart($0) })
    case .not(let node): self = .not(FilterPart(node))
    case .term(let term): self = FilterPart(term)
    }
  }

  private init(_ term: Term) {
    switch term {
    case .keyword(let keyword, let comparison) where keyword.kind == .number:
      self = .number(keyword, comparison.flatMap { NumberTest($0) })
    case .keyword(let keyword, let comparison) where keyword.kind == .text:
      self = .text(keyword, comparison.flatMap { TextTest($0) })
    case .annotation(let key, let comparison):
      self = .annotation(key.name, ValueTest(comparison))
    case .keyword, .service, .edge, .rootCause, .rootCauseJSON, .group:
      // Without groups, which are resolved, nothing can fail; what is left over is true of nothing.
      let filter = try? TraceFilter(FilterExpression(root: .term(term)))
      self = filter.map { .term($0, Clues(term)) } ?? .any([])
    }
  }
}

extension FilterPart.Clues {
  fileprivate init(_ term: Term) {
    switch term {
    case .service(let selector, _): serviceNames = [selector.name].compactMap { $0 }
    case .edge(let source, let target, _): serviceNames = [source.name, target.name].compactMap { $0 }
    case .rootCause(let kind, _, let node):
      rootCauseKinds = [kind]
      node.forEachTerm { if case .keyword(.coverage, _) = $0 { asksCoverage = true } }
    case .rootCauseJSON:
      rootCauseKinds = Set(RootCauseKind.allCases)
      asksCoverage = true
    case .keyword, .annotation, .group: break
    }
  }
}

extension FilterPart.NumberTest {
  fileprivate init?(_ comparison: Comparison) {
    guard case .number(let bound) = comparison.value else { return nil }
    self.init(comparator: comparison.comparator, bound: bound)
  }
}

extension FilterPart.TextTest {
  fileprivate init?(_ comparison: Comparison) {
    guard case .text(let text) = comparison.value else { return nil }
    self.init(comparator: comparison.comparator, bytes: Array(text.utf8))
  }
}

extension FilterPart.ValueTest {
  fileprivate init(_ comparison: Comparison?) {
    switch (comparison?.comparator, comparison?.value) {
    // X-Ray's way to ask for any value.
    case (.contains, .text("")): self = .isSet
    case (let comparator?, .text(let text)?):
      self = .text(.init(comparator: comparator, bytes: Array(text.utf8)))
    case (let comparator?, .number(let number)?):
      self = .number(.init(comparator: comparator, bound: number))
    case (let comparator?, .flag(let flag)?): self = .flag(flag != (comparator == .notEqual))
    default: self = .isTrue
    }
  }
}
