import LambdaEmitter
import NIOCore
import XRayModel

/// One runtime's way through the Runtime API, from its start to its end: what it may ask, what it is given, and who
/// waits for it.
///
/// Everything here happens on the event loop of the environment.
final class RuntimeSession {
  /// An event on its way to the runtime.
  struct Delivery: Sendable {
    var event: InvocationEvent
    var headers: [(name: String, value: String)]
    let outcome: EventLoopPromise<[UInt8]>
  }

  /// Why nothing more comes from the runtime.
  enum End: Error {
    /// Its process is gone.
    case exited(RuntimeExit)
    /// It was gone before it was given the event: the function is not to blame, and may be started anew.
    case goneBefore
    /// The service wanted it so.
    case cancelled
  }

  private enum Phase {
    case started
    case initializationFailed
    /// It asked for an event and has none.
    case ready
    case running(Delivery)
    case responded(requestID: String)
    case ended(End)

    /// As the API names it in its errors.
    var name: String {
      switch self {
      case .started: "Started"
      case .initializationFailed: "InitError"
      case .ready: "Ready"
      case .running: "Running"
      case .responded: "ResponseSent"
      case .ended: "Exited"
      }
    }
  }

  private let loop: any EventLoop
  private var phase = Phase.started
  /// The runtime's open requests for an event, by connection. There is one, unless a runtime has given one up of which
  /// the end is not known yet: so the last one counts.
  private var requests: [(id: ObjectIdentifier, answer: (Delivery) -> Void)] = []
  /// An event that waits for a request: the one that there was has gone.
  private var waiting: Delivery?
  private var readiness: EventLoopPromise<Void>?
  /// What the runtime said of its initialization. It stays the reason when the process ends before anybody asks.
  private var initializationError: FunctionError?

  private let clock: any WallClock
  private var delivered: Timestamp?
  private var responding: Timestamp?
  private var responded: Timestamp?
  private var isReadySince: Timestamp?

  init(loop: any EventLoop, clock: any WallClock = SystemClock()) {
    self.loop = loop
    self.clock = clock
  }

  // MARK: The service's side

  /// Succeeds when the runtime asks for an event; fails with what it reports of its initialization, or its ``End``.
  func whenReady() -> EventLoopFuture<Void> {
    if let initializationError { return loop.makeFailedFuture(initializationError) }
    switch phase {
    case .ready: return loop.makeSucceededVoidFuture()
    case .ended(let end): return loop.makeFailedFuture(end)
    default:
      let promise = readiness ?? loop.makePromise(of: Void.self)
      readiness = promise
      return promise.futureResult
    }
  }

  /// Gives the runtime an event. The delivery's outcome is completed in every case.
  func deliver(_ delivery: Delivery) {
    switch phase {
    case .ready: break
    case .ended: return delivery.outcome.fail(End.goneBefore)
    default: return delivery.outcome.fail(RuntimeFailure("the runtime is not ready for an event"))
    }
    if let request = requests.popLast() {
      hand(delivery, to: request.answer)
    } else {
      waiting = delivery
    }
  }

  /// What was measured of the event that was given last, once the runtime has asked for another.
  var spans: InvocationSpans? {
    guard let delivered, let responded, let isReadySince else { return nil }
    return InvocationSpans(
      delivered: delivered, responding: responding ?? responded, responded: responded, ready: isReadySince)
  }

  /// Why nothing more comes from the runtime; `nil` while something may.
  var lastEnd: End? { if case .ended(let end) = phase { end } else { nil } }
  /// Whether the runtime has said that it could not initialize.
  var hasFailedInitialization: Bool { initializationError != nil }

  private func hand(_ delivery: Delivery, to answer: (Delivery) -> Void) {
    phase = .running(delivery)
    (delivered, responding, responded, isReadySince) = (clock.now, nil, nil, nil)
    answer(delivery)
  }

  /// Nothing comes any more: everyone who waits for the runtime is told. The first end counts. The runtime itself is
  /// not told, so that it waits for its event while it is asked to end by a signal.
  func end(_ end: End) {
    if case .ended = phase { return }
    let last = phase
    phase = .ended(end)
    requests = []
    take(&readiness)?.fail(end)
    if let delivery = take(&waiting) {
      if case .exited = end { delivery.outcome.fail(End.goneBefore) } else { delivery.outcome.fail(end) }
    }
    if case .running(let delivery) = last { delivery.outcome.fail(end) }
  }

  // MARK: The runtime's side

  /// The runtime asks for an event on a connection; `answer` is called once at most.
  func next(id: ObjectIdentifier, answer: @escaping (Delivery) -> Void) throws(RuntimeAPIError) {
    switch phase {
    case .started, .responded, .ready: break
    default: throw .invalidStateTransition(from: phase.name, to: "Ready")
    }
    phase = .ready
    if let delivery = take(&waiting) { return hand(delivery, to: answer) }
    if isReadySince == nil { isReadySince = clock.now }
    requests.append((id, answer))
    take(&readiness)?.succeed()
  }

  /// The connection that asked for an event is gone.
  func forgetRequest(id: ObjectIdentifier) {
    requests.removeAll { $0.id == id }
  }

  /// Whether the runtime works on the event `requestID`, so that its answer is worth reading.
  func isRunning(_ requestID: String) -> Bool {
    if case .running(let delivery) = phase { delivery.event.requestID == requestID } else { false }
  }

  /// The first of a response to the event `requestID` is here.
  func beginResponse(to requestID: String) { if isRunning(requestID), responding == nil { responding = clock.now } }

  /// The runtime answers the event `requestID`.
  func respond(to requestID: String, _ result: Result<[UInt8], FunctionError>) throws(RuntimeAPIError) {
    let target = if case .success = result { "InvocationResponse" } else { "InvocationErrorResponse" }
    switch phase {
    case .running(let delivery):
      guard delivery.event.requestID == requestID else { throw .invalidRequestID }
      phase = .responded(requestID: requestID)
      responded = clock.now
      switch result {
      case .success(let bytes): delivery.outcome.succeed(bytes)
      case .failure(let error): delivery.outcome.fail(error)
      }
    case .responded(let last) where last != requestID: throw .invalidRequestID
    default: throw .invalidStateTransition(from: phase.name, to: target)
    }
  }

  /// The runtime says that it could not initialize.
  func failInitialization(_ error: FunctionError) throws(RuntimeAPIError) {
    guard case .started = phase else { throw .invalidStateTransition(from: phase.name, to: "InitError") }
    phase = .initializationFailed
    initializationError = error
    take(&readiness)?.fail(error)
  }

  private func take<Value>(_ value: inout Value?) -> Value? {
    defer { value = nil }
    return value
  }
}
