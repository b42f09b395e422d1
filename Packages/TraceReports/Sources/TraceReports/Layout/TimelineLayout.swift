public import Traces
public import XRayModel

/// The rows and bars of a trace's timeline: entities in the order of the tree, times as shares of the whole span.
///
/// A segment stands under the subsegment that called it. Nothing is bent to fit: what began before its parent or
/// goes on after it is drawn where it happened.
public struct TimelineLayout: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    public var entity: Entity
    /// 0 for the entry point.
    public var depth: Int
    /// The row of the parent.
    public var parent: Int?
    /// Number of rows below that belong to this one, at any depth.
    public var descendants: Int
    /// Whether no sibling follows.
    public var isLast: Bool
    /// Where the bar begins and ends, 0 to 1. An open bar ends with the trace.
    public var bar: ClosedRange<Double>
    /// Whether the end is not known.
    public var isOpen: Bool
    /// Where on the scale the parent ended, when this goes on after it.
    public var parentEnd: Double?
    public var role: Role

    public var status: Status { Status(entity) }
  }

  /// What a row is for, beyond the plain work of a service.
  public enum Role: String, Hashable, Sendable {
    case segment
    case subsegment
    /// A call to another service.
    case call
    /// Made up by X-Ray for a downstream that told nothing of itself.
    case inferred
    /// A function's `Initialization`: the invocation was a cold start.
    case coldStart = "cold-start"
    /// `Dwell Time`: an event waited to be taken from its queue.
    case dwell
    /// `Attempt #n` of an asynchronous invocation.
    case attempt
  }

  public private(set) var rows: [Row]
  /// The first start of anything: an `Initialization` begins before its function's segment.
  public private(set) var start: Timestamp
  /// Seconds to the last end of anything.
  public private(set) var span: Double
  /// Where the axis is labelled: seconds from ``start``, beginning with 0.
  public private(set) var ticks: [Double]

  /// A parent and its child may have their ends rounded to different steps: Lambda's are whole microseconds.
  private static let clockStep = Duration.microseconds(2)

  public init(_ trace: Trace) {
    let tree = EntityTree(trace)
    let start = tree.entities.map(\.start).min() ?? Timestamp(ticks: 0)
    let end = tree.entities.map { max($0.start, $0.end ?? $0.start) }.max() ?? start
    let span = start.duration(to: end).inSeconds
    func position(_ moment: Timestamp) -> Double {
      span > 0 ? min(1, max(0, start.duration(to: moment).inSeconds / span)) : 0
    }
    rows = tree.order.map { place in
      let entity = tree.entities[place.entity]
      let left = position(entity.start)
      let parent = place.parent.map { tree.entities[tree.order[$0].entity] }
      let outlived = parent?.end.flatMap { end in
        end.duration(to: entity.end ?? entity.start) > Self.clockStep ? position(end) : nil
      }
      return Row(
        entity: entity, depth: place.depth, parent: place.parent, descendants: place.descendants,
        isLast: place.isLast, bar: left...(entity.isInProgress ? 1 : max(left, position(entity.end ?? entity.start))),
        isOpen: entity.isInProgress, parentEnd: outlived, role: Role(entity, parent: parent))
    }
    (self.start, self.span) = (start, span)
    ticks = Self.ticks(span)
  }

  /// Up to six round values: 1, 2 or 5 times a power of ten, from minutes on multiples of half a minute.
  private static func ticks(_ span: Double) -> [Double] {
    guard span > 0 else { return [0] }
    var step = span < 120 ? 1e-7 : 30
    var factors = span < 120 ? [2, 2.5, 2] : [2, 2, 2.5]
    while span / step > 5 {
      step *= factors[0]
      factors.append(factors.removeFirst())
    }
    return (0...Int(span / step * (1 + 1e-9))).map { Double($0) * step }
  }
}

extension TimelineLayout.Role {
  init(_ entity: Entity, parent: Entity?) {
    if entity.isInferred {
      self = .inferred
    } else if entity.kind == .segment {
      self = .segment
    } else if entity.name == "Initialization", parent?.origin == "AWS::Lambda::Function" {
      self = .coldStart
    } else if parent?.origin == "AWS::Lambda", entity.name == "Dwell Time" {
      self = .dwell
    } else if parent?.origin == "AWS::Lambda", entity.name?.hasPrefix("Attempt #") == true {
      self = .attempt
    } else {
      self = entity.isCall ? .call : .subsegment
    }
  }
}
