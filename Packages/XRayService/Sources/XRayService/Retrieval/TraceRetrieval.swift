import XRayModel

/// Traces that were asked for by `StartTraceRetrieval`, to be listed afterwards.
struct TraceRetrieval: Hashable, Sendable {
  /// X-Ray's `RetrievalStatus`, of those that occur: what is asked for lies here already.
  enum Status: String, Sendable {
    case complete = "COMPLETE"
    case cancelled = "CANCELLED"
    case timeout = "TIMEOUT"
  }

  /// X-Ray: a retrieval ends an hour after it began.
  static let lifetime = Duration.seconds(3600)

  var ids: [TraceID]
  /// Only traces that began in this range are listed.
  var range: Range<Timestamp>
  var began: Timestamp
  var isCancelled = false

  func status(at moment: Timestamp) -> Status {
    if isCancelled { return .cancelled }
    return began.duration(to: moment) > Self.lifetime ? .timeout : .complete
  }
}
