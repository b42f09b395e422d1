public import Tracing
import XRayModel
public import XRaySDK

/// Records the spans of swift-distributed-tracing as segments and subsegments.
///
/// A span without a local parent becomes a segment, every other one a subsegment; in a Lambda function all
/// become subsegments. What a span's attributes mean to X-Ray is read when it ends.
///
/// ```swift
/// InstrumentationSystem.bootstrap(XRayTracer(recorder: recorder))
/// ```
public struct XRayTracer: Tracer {
  public let recorder: XRayRecorder

  public init(recorder: XRayRecorder) { self.recorder = recorder }

  public func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> XRaySpan {
    let context = context()
    let scope = recorder.scope(in: context)
    let start = recorder.timestamp(instant())
    let entity: any TracedEntity
    var isSegment = false
    switch scope.kind {
    case .recorded: entity = scope.begin(operationName, namespace: nil, at: start) { _ in }
    case .passing: entity = Subsegment(scope: scope)
    case .upstream, .none:
      if recorder.isLambda {
        // Without a trace for the invocation nothing is recorded; the recorder counts it and says so.
        entity = (try? recorder.beginSubsegment(operationName)) ?? Subsegment(scope: .none)
      } else {
        isSegment = true
        entity = recorder.beginSegment(
          recorder.configuration.serviceName ?? operationName, header: scope.header, at: start)
      }
    }
    return XRaySpan(
      operationName, kind: kind, entity: entity, isSegment: isSegment, base: context, recorder: recorder)
  }

  public func activeSpan(identifiedBy context: ServiceContext) -> XRaySpan? { context.xraySpan }

  /// Does nothing: documents are sent as soon as they are complete.
  @available(*, deprecated)
  public func forceFlush() {}
}

extension XRayRecorder {
  /// A span's time. Its default clock is the system's, which must not leak into a recorder on virtual time.
  func timestamp<Instant: TracerInstant>(_ instant: Instant) -> XRayModel.Timestamp {
    if instant is DefaultTracerClock.Timestamp, !(clock is SystemClock) { return clock.now }
    return XRayModel.Timestamp(ticks: Int64(instant.nanosecondsSinceEpoch / 100))
  }
}

private enum SpanKey: ServiceContextKey {
  typealias Value = XRaySpan
}

extension ServiceContext {
  var xraySpan: XRaySpan? {
    get { self[SpanKey.self] }
    set { self[SpanKey.self] = newValue }
  }
}
