import XRayModel

/// The trace that an invocation belongs to, whether it is recorded or not.
struct InvocationTrace: Sendable {
  let id: TraceID
  let isSampled: Bool
  /// The subsegment upstream that called.
  let parent: EntityID?
  /// Which functions the service has given events on the way here.
  let lineage: String?
  /// What the function gets when the invocation is not traced.
  let untraced: Untraced

  /// The header of a function whose invocation is not traced.
  enum Untraced: Sendable {
    case passedOn(String)
    case new(parent: EntityID)
  }

  /// - Parameters:
  ///   - incoming: The caller's header; `nil` when there is none that can be read.
  ///   - text: The same header as it came, which is passed on when nothing is traced.
  ///   - isLinked: Whether a sender of what came is traced, which decides for a trace that is linked to the sender's.
  ///   - decide: Lambda's own sampling, asked only in active mode and only when nobody upstream has decided.
  init(
    mode: TracingMode, incoming: TraceHeader?, text: String?, isLinked: Bool, now: Timestamp, random: RandomSource,
    decide: () -> Bool
  ) {
    id = incoming?.root ?? random.traceID(at: now)
    parent = incoming?.parent
    lineage = incoming?.lineage
    switch (mode, incoming?.sampling.decision) {
    case (_, let decision?): isSampled = decision
    case (_, nil) where isLinked: isSampled = true
    case (.active, nil): isSampled = decide()
    case (.passThrough, nil): isSampled = false
    }
    if let text, incoming != nil, mode == .passThrough {
      untraced = .passedOn(text)
    } else {
      untraced = .new(parent: random.entityID())
    }
  }

  /// The function's header: what it records belongs to the subsegment `invocation`.
  func header(invocation: EntityID) -> String {
    if isSampled {
      return TraceHeader(root: id, parent: invocation, sampling: .sampled, lineage: lineage).description
    }
    switch untraced {
    case .passedOn(let text): return text
    case .new(let parent):
      return TraceHeader(root: id, parent: parent, sampling: .notSampled, lineage: lineage).description
    }
  }

  /// What the caller is answered.
  var responseHeader: TraceHeader { TraceHeader(root: id, sampling: isSampled ? .sampled : .notSampled) }
}
