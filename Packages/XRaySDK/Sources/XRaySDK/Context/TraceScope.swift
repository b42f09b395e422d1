public import ServiceContextModule
public import XRayModel

/// What the current task is part of: the entity that subsegments belong to, or only a header to pass on.
///
/// It travels in `ServiceContext`, so child tasks inherit it and parallel tasks stay apart.
public struct TraceScope: Sendable {
  package enum Kind: Sendable {
    /// A segment or subsegment that is recorded.
    case recorded(SegmentRecord, EntityID)
    /// Nothing is recorded; calls carry this header.
    case passing(TraceHeader)
    /// What an upstream service sent, before a segment was begun for it.
    case upstream(TraceHeader)
    case none
  }

  package var kind: Kind

  package init(_ kind: Kind) { self.kind = kind }

  package static let none = TraceScope(.none)

  /// The header for calls to other services; `nil` when there is nothing to pass on.
  public var header: TraceHeader? {
    switch kind {
    case .recorded(let record, let id): record.header(from: id)
    case .passing(let header), .upstream(let header): header
    case .none: nil
    }
  }
}

private enum TraceScopeKey: ServiceContextKey {
  typealias Value = TraceScope
  static let nameOverride: String? = "X-Ray"
}

extension ServiceContext {
  package var traceScope: TraceScope? {
    get { self[TraceScopeKey.self] }
    set { self[TraceScopeKey.self] = newValue }
  }

  /// The tracing header for calls to other services; `nil` outside of any trace.
  public var traceHeader: TraceHeader? { traceScope?.header }
}
