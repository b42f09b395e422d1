public import XRayModel

/// How a request ended, by its flags or the status of its response.
public enum Outcome: Hashable, Sendable {
  case ok
  /// 4xx other than throttles.
  case error
  /// 5xx and exceptions.
  case fault
  /// 429.
  case throttle
}

extension Entity {
  /// What the entity counts as in statistics. An entity may be flagged as several at once: a throttle counts
  /// before a fault, a fault before an error.
  public var outcome: Outcome {
    failsWithThrottle ? .throttle : failsWithFault ? .fault : failsWithError ? .error : .ok
  }

  var failsWithThrottle: Bool { isThrottle || status == 429 }
  var failsWithFault: Bool { isFault || (500...599).contains(status ?? 0) }
  /// Throttles are client errors too.
  var failsWithError: Bool { isError || isThrottle || (400...499).contains(status ?? 0) }

  /// A call to another service, as seen by the caller.
  var isCallSubsegment: Bool { kind == .subsegment && isCall }

  /// Whether the callee of this call promised to send a segment of its own.
  var isTracedDownstream: Bool { isRequestTraced == true || other["traced"]?.bool == true }

  /// Order within a list of entities of one trace.
  static func precedes(_ a: Entity, _ b: Entity) -> Bool { (a.start, a.id) < (b.start, b.id) }
}
