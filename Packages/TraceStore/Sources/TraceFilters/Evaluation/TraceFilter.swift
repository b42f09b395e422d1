public import Traces

/// An expression made ready to be asked of many traces.
///
/// Ask summaries first, with ``verdict(on:)``; of the traces whose summaries cannot tell, open the documents and
/// ask ``matches(_:summary:)``.
public struct TraceFilter: Sendable {
  /// What was asked, with groups by name.
  public let expression: FilterExpression
  /// What an evaluation may ask for, groups included.
  public let needs: FilterNeeds
  /// Groups replaced by what they stand for.
  let root: Node?
  private let program: Program

  /// - Parameter groups: The expressions of groups; they may refer to other groups.
  public init(
    _ expression: FilterExpression, groups: (GroupReference) -> FilterExpression? = { _ in nil }
  ) throws(GroupError) {
    self.expression = expression
    root = try GroupResolver.resolve(expression, groups)
    needs = root?.needs ?? []
    program = Program(root)
  }

  /// Whether a trace matches, as far as its summary tells; `nil` when its documents decide.
  public func verdict(on summary: TraceSummary) -> Bool? {
    var documents = Documents(trace: nil)
    return run(summary, &documents)
  }

  /// Whether a trace matches, as far as `subject` tells; `nil` when its documents decide.
  public func verdict(on subject: some TraceSubject) -> Bool? {
    var documents = Documents(trace: nil)
    return run(subject, &documents)
  }

  public func matches(_ trace: Trace) -> Bool { matches(trace, summary: TraceSummary(of: trace)) }

  /// - Parameter summary: The trace's own.
  public func matches(_ trace: Trace, summary: TraceSummary) -> Bool {
    var documents = Documents(trace: trace)
    return run(summary, &documents) ?? false
  }

  @inline(__always)
  private func run(_ subject: some TraceSubject, _ documents: inout Documents) -> Bool? {
    program.run { condition in condition.holds(for: subject) ?? condition.holds(for: subject, &documents) }
  }
}

/// What only a trace's documents tell, worked out when it is first asked for.
struct Documents {
  /// `nil` where the documents are out of reach.
  let trace: Trace?
  private var known: TraceEntities?

  init(trace: Trace?) { self.trace = trace }

  var entities: TraceEntities? {
    mutating get {
      if known == nil { known = trace.map { TraceEntities($0) } }
      return known
    }
  }
}

extension Condition {
  /// The conditions that ask for more than one fact of a trace.
  func holds(for subject: some TraceSubject, _ documents: inout Documents) -> Bool? {
    switch self {
    case .flag(let keyword, let expected):
      return documents.entities?.flag(keyword).map { $0 == expected }
    case .service(let selector, let program):
      guard subject.hasService(where: selector.selects) else { return false }
      guard let program else { return true }
      return documents.entities?.services.contains { service in
        selector.selects(service.id) && program.run { $0.holds(for: service) } == true
      }
    case .edge(let source, let target, let program):
      guard let exists = subject.hasEdge(where: { source.selects($0) && target.selects($1) }) else {
        return documents.entities?.hasEdge(source, target, program)
      }
      guard exists, let program else { return exists }
      return documents.entities?.hasEdge(source, target, program)
    case .rootCause(let kind, let element, let program):
      return subject.hasRootCause(kind) { cause in
        cause.elements(element).contains { element in program.run { $0.holds(for: element) } == true }
      }
    case .rootCauses(let patterns):
      return patterns.allSatisfy { pattern in
        RootCauseKind.allCases.contains { kind in subject.hasRootCause(kind) { pattern.describes($0.json) } }
      }
    case .isNumber, .number, .text, .annotation:
      return nil
    }
  }
}

extension TraceEntities {
  fileprivate func hasEdge(_ source: ServiceSelector, _ target: ServiceSelector, _ program: Program?) -> Bool {
    edges.contains { edge in
      source.selects(edge.source) && target.selects(edge.target)
        && program?.run { $0.holds(for: edge) } ?? true
    }
  }
}
