public import XRayModel

/// All that is known of one request: its segments with their subsegments, compiled from documents that came
/// in any order.
public struct Trace: Hashable, Sendable {
  public var id: TraceID
  /// The top-level entities by start time, then id: segments, subsegments whose parent has not come (yet), and
  /// the segments inferred for downstream calls that nobody else described.
  public var segments: [Entity]
  /// Number of documents that the trace was compiled from; grows with every accepted update.
  public var revision: Int

  public init(id: TraceID, segments: [Entity], revision: Int) {
    self.id = id
    self.segments = segments
    self.revision = revision
  }

  /// The earliest start of a segment.
  public var start: Timestamp { segments.map(\.start).min() ?? Timestamp(ticks: 0) }

  /// The last end of anything in the trace: subsegments may outlive their segment. The start while nothing ended.
  public var end: Timestamp {
    var latest = start
    for segment in segments { segment.forEach { latest = max(latest, $0.end ?? $0.start) } }
    return latest
  }

  /// Seconds from the first start to the last end.
  public var duration: Double { start.duration(to: end).inSeconds }
}
