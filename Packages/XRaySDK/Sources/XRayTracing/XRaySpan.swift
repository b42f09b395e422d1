import Synchronization
public import Tracing
import XRayModel
public import XRaySDK

/// A span that is recorded as a segment or a subsegment.
public final class XRaySpan: Span {
  struct State {
    var operationName: String
    var attributes: SpanAttributes = [:]
    var status: SpanStatus?
    var events: [SpanEvent] = []
    var droppedEvents = 0
    var links: [SpanLink] = []
  }

  /// What it is recorded as, for what X-Ray knows and spans do not.
  public let entity: any TracedEntity
  let kind: SpanKind
  let isSegment: Bool
  private let base: ServiceContext
  private let recorder: XRayRecorder
  private let state: Mutex<State>

  /// Events that a span keeps; further ones are counted in its metadata.
  static let eventLimit = 128

  init(
    _ operationName: String, kind: SpanKind, entity: any TracedEntity, isSegment: Bool, base: ServiceContext,
    recorder: XRayRecorder
  ) {
    self.kind = kind
    self.entity = entity
    self.isSegment = isSegment
    self.base = base
    self.recorder = recorder
    state = Mutex(State(operationName: operationName))
  }

  public var context: ServiceContext {
    var context = entity.context(in: base)
    context.xraySpan = self
    return context
  }

  public var isRecording: Bool { entity.isSampled }

  public var operationName: String {
    get { state.withLock { $0.operationName } }
    set { state.withLock { $0.operationName = newValue } }
  }

  public var attributes: SpanAttributes {
    get { state.withLock { $0.attributes } }
    set {
      guard isRecording else { return }
      state.withLock { $0.attributes = newValue }
    }
  }

  public func setStatus(_ status: SpanStatus) {
    guard isRecording else { return }
    state.withLock { $0.status = status }
  }

  public func addEvent(_ event: SpanEvent) {
    guard isRecording else { return }
    state.withLock { state in
      if state.events.count < Self.eventLimit { state.events.append(event) } else { state.droppedEvents += 1 }
    }
  }

  public func addLink(_ link: SpanLink) {
    guard isRecording else { return }
    state.withLock { $0.links.append(link) }
  }

  public func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    guard isRecording else { return }
    entity.capture(error, stack: [])
    if !attributes.isEmpty { addEvent(SpanEvent(name: "exception", at: instant(), attributes: attributes)) }
  }

  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    guard isRecording else { return }
    let final = state.withLock { $0 }
    let description = SpanDescription(
      final, kind: kind, isSegment: isSegment, configuration: recorder.configuration)
    entity.update { description.apply(to: &$0) }
    entity.end(at: recorder.timestamp(instant()))
  }
}
