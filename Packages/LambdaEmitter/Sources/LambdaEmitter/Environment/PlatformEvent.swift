public import XRayModel

/// What the service tells an environment about its life and its invocations, as Lambda tells those who subscribe to its
/// telemetry.
///
/// The service knows statuses, ids and what the log's line `REPORT` says; what happens inside, a runtime measures itself.
public enum PlatformEvent: Hashable, Sendable {
  /// The environment is about to be initialized; `initialize` follows.
  case initializationStarted(InitializationPhase, at: Timestamp)
  case invocationStarted(InvocationStart)
  /// The function has answered or failed; ``FunctionRuntime/freeze()`` follows unless the environment is lost.
  case invocationEnded(InvocationEnd)
  /// The invocation is over for everyone in the environment.
  case invocationReported(InvocationSummary)

  /// When initialization takes place.
  public enum InitializationPhase: String, Hashable, Sendable {
    /// Before the invocation that it is for.
    case initialization = "init"
    /// Once more, within the time of the invocation.
    case invocation = "invoke"
  }

  /// How an invocation ended.
  public enum Status: Hashable, Sendable {
    case success
    /// The function or its environment failed, with an error of this type.
    case error(type: String)
    case timeout
  }

  /// Where an invocation stands in its trace.
  public struct Tracing: Hashable, Sendable {
    /// The part of the trace that the event is about.
    public var span: EntityID
    /// `Root=…;Parent=…;Sampled=1`, its parent being that of the function's segment.
    public var header: String
  }

  /// The function is about to get its event.
  public struct InvocationStart: Hashable, Sendable {
    public var requestID: String
    /// Such as `$LATEST` or `3`.
    public var version: String
    public var time: Timestamp
    /// `nil` when the invocation is not traced, here and in the events that follow.
    public var tracing: Tracing?
  }

  /// The function has answered or failed.
  public struct InvocationEnd: Hashable, Sendable {
    public var requestID: String
    public var status: Status
    /// When the function got its event; `nil` when it never did.
    public var started: Timestamp?
    /// When it answered or failed.
    public var time: Timestamp
    /// Of the answer.
    public var producedBytes: Int
    /// Of the Invocation subsegment.
    public var tracing: Tracing?
    /// What became of the process that should have answered, as the log has it; `nil` when it lives.
    public var fault: String?
  }

  /// What the log's line `REPORT` says.
  public struct InvocationSummary: Hashable, Sendable {
    public var requestID: String
    public var status: Status
    public var time: Timestamp
    /// In hundredths of a millisecond, as `REPORT` tells it.
    public var duration: Duration
    /// Whole milliseconds.
    public var billedMilliseconds: Int
    public var memoryMegabytes: Int
    public var usedMegabytes: Int
    /// `nil` when the environment was there before.
    public var initialization: Duration?
    public var tracing: Tracing?
  }
}

/// What a runtime measured of an invocation: the spans of Lambda's telemetry.
public struct InvocationSpans: Hashable, Sendable {
  /// From the event's delivery to the first byte of the response.
  public var responseLatency: Span
  /// From there to its last byte.
  public var responseDuration: Span
  /// From there until the runtime asked for the next event.
  public var runtimeOverhead: Span
  /// From there until all extensions had asked; `nil` without extensions.
  public var extensionOverhead: Span?

  /// A stretch of time.
  public struct Span: Hashable, Sendable {
    public var start: Timestamp
    public var duration: Duration

    /// What lies between two moments.
    public init(from start: Timestamp, to end: Timestamp) {
      self.start = start
      duration = max(.zero, start.duration(to: end))
    }

    /// As telemetry and annotations have it, with three decimals.
    public var milliseconds: Double { (duration.inSeconds * 1_000_000).rounded() / 1000 }
  }

  /// The spans by Lambda's names.
  public var named: [(name: String, span: Span)] {
    [
      ("responseLatency", responseLatency), ("responseDuration", responseDuration),
      ("runtimeOverhead", runtimeOverhead),
    ] + (extensionOverhead.map { [("extensionOverhead", $0)] } ?? [])
  }

  /// Spans that follow each other.
  public init(delivered: Timestamp, responding: Timestamp, responded: Timestamp, ready: Timestamp) {
    responseLatency = Span(from: delivered, to: responding)
    responseDuration = Span(from: responding, to: responded)
    runtimeOverhead = Span(from: responded, to: ready)
  }
}
