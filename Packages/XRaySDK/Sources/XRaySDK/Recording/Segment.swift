public import XRayModel

/// The work of one service on one request.
public struct Segment: TracedEntity {
  public let scope: TraceScope
  /// Whether the caller asked for the decision, with `Sampled=?`.
  private let isAnswerRequested: Bool

  package init(scope: TraceScope, isAnswerRequested: Bool = false) {
    self.scope = scope
    self.isAnswerRequested = isAnswerRequested
  }

  /// The tracing header for the response to the caller: the trace, and the decision if the caller asked for it.
  public var responseHeader: TraceHeader? {
    header.map { header in
      TraceHeader(
        root: header.root, sampling: !isAnswerRequested ? .undecided : isSampled ? .sampled : .notSampled)
    }
  }

  /// Names the user on whose behalf the request is made.
  public func setUser(_ user: String) { update { $0.user = user } }
}

/// A part of the work of a segment, often a call to another service.
public struct Subsegment: TracedEntity {
  public let scope: TraceScope

  package init(scope: TraceScope) { self.scope = scope }
}
