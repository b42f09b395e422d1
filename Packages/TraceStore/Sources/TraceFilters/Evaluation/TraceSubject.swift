public import Traces
public import XRayModel

/// The facts of something that conditions are about: a trace, a segment, a call, a part of a root cause.
public protocol FilterValues {
  /// `nil` when only the trace's documents can tell.
  func flag(_ keyword: Keyword) -> Bool?
  /// `nil` when there is no such number, as while a segment is in progress.
  func number(_ keyword: Keyword) -> Double?
  /// Whether one of the values of `keyword` passes `test`.
  func hasText(_ keyword: Keyword, where test: (String) -> Bool) -> Bool
  /// Whether one of the values of an annotation passes `test`.
  func hasAnnotation(_ key: AnnotationKey, where test: (AnnotationValue) -> Bool) -> Bool
}

/// A trace as filters see it. ``Traces/TraceSummary`` is one; an engine that keeps its summaries in columns can be
/// another, and then answers from the columns.
public protocol TraceSubject: FilterValues {
  func hasService(where test: (ServiceID) -> Bool) -> Bool
  /// Whether one service called another; `nil` when only the trace's documents can tell.
  func hasEdge(where test: (_ source: ServiceID, _ target: ServiceID) -> Bool) -> Bool?
  func hasRootCause(_ kind: RootCauseKind, where test: (RootCause) -> Bool) -> Bool
}

/// What an evaluation may ask for. All but the documents are facts that a ``TraceSubject`` tells.
public struct FilterNeeds: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Flags, times, the root's request, users, resources.
  public static let summary = FilterNeeds(rawValue: 1)
  /// The indexed annotations.
  public static let annotations = FilterNeeds(rawValue: 2)
  /// The ids of the services.
  public static let services = FilterNeeds(rawValue: 4)
  public static let rootCauses = FilterNeeds(rawValue: 8)
  /// Who called whom.
  public static let edges = FilterNeeds(rawValue: 16)
  /// The compiled trace. Few traces of many need it: the cheaper facts are asked first.
  public static let documents = FilterNeeds(rawValue: 32)
}

extension Term {
  var needs: FilterNeeds {
    switch self {
    case .keyword(.inferred, _): .documents
    // A summary tells of throttles anywhere; sometimes it does not tell whether the root was throttled.
    case .keyword(.throttle, _): [.summary, .documents]
    case .keyword: .summary
    case .annotation: .annotations
    case .service(_, nil): .services
    case .service: [.services, .documents]
    case .edge(_, _, nil): .edges
    case .edge: [.edges, .documents]
    case .rootCause, .rootCauseJSON: .rootCauses
    case .group: []
    }
  }
}

extension Node {
  var needs: FilterNeeds {
    var needs: FilterNeeds = []
    forEachTerm { needs.formUnion($0.needs) }
    return needs
  }
}

extension FilterExpression {
  /// What this expression itself asks for; its ``groups`` may ask for more.
  public var needs: FilterNeeds { root?.needs ?? [] }

  /// The groups that it refers to.
  public var groups: Set<GroupReference> {
    var groups: Set<GroupReference> = []
    root?.forEachTerm { if case .group(let group, _) = $0 { groups.insert(group) } }
    return groups
  }
}
