import LambdaEmitter
import NIOCore
import XRayModel

/// The extensions of one environment and their way through the Extensions API: who registered, what each may ask, what
/// it is given, and who waits for it.
///
/// Everything here happens on the event loop of the environment.
final class ExtensionRegistry {
  /// Lambda: in one environment, internal and external ones.
  static let limit = 10
  private static let nameBytesLimit = 255

  /// As the API names it in its errors, and telemetry in `platform.extension`.
  enum Phase: String {
    case started = "Started"
    case registered = "Registered"
    /// It asked for an event.
    case ready = "Ready"
    case running = "Running"
    case initializationError = "InitError"
    case exitError = "ExitError"
    case exited = "Exited"
  }

  struct Entry {
    let name: String
    /// Whether it is a process of its own.
    let isExternal: Bool
    var identifier: String?
    var phase = Phase.started
    var events: [String] = []
    /// What it reported of its error.
    var errorType: String?
    /// Its open request for an event.
    fileprivate var request: (id: ObjectIdentifier, answer: (ExtensionMessage) -> Void)?
    /// An event that waits for a request: the one that there was has gone.
    fileprivate var waiting: ExtensionMessage?

    fileprivate var isReady: Bool { phase == .ready && waiting == nil }
  }

  private let loop: any EventLoop
  private let random: RandomSource
  private(set) var entries: [Entry] = []
  private var isOpen = true
  private var end: RuntimeSession.End?
  private var registration: EventLoopPromise<Void>?
  private var readiness: EventLoopPromise<Void>?
  /// Called when an extension reports that it cannot go on.
  var whenFailed: (RuntimeExit) -> Void = { _ in }

  init(loop: any EventLoop, random: RandomSource) {
    self.loop = loop
    self.random = random
  }

  // MARK: The service's side

  /// Expects the registration of an external extension.
  func expect(_ name: String) { entries.append(Entry(name: name, isExternal: true)) }

  /// Succeeds when all external extensions are registered; fails with the environment's ``RuntimeSession/End``.
  func whenRegistered() -> EventLoopFuture<Void> { future(\.registration, when: hasRegistered) }

  /// Succeeds when all extensions have asked for an event; fails with the environment's ``RuntimeSession/End``.
  func whenReady() -> EventLoopFuture<Void> { future(\.readiness, when: isReady) }

  private var hasRegistered: Bool { entries.allSatisfy { $0.phase != .started } }
  var isReady: Bool { entries.allSatisfy(\.isReady) }

  private func future(
    _ promise: ReferenceWritableKeyPath<ExtensionRegistry, EventLoopPromise<Void>?>, when isDone: Bool
  ) -> EventLoopFuture<Void> {
    if let end { return loop.makeFailedFuture(end) }
    if isDone { return loop.makeSucceededVoidFuture() }
    let made = self[keyPath: promise] ?? loop.makePromise(of: Void.self)
    self[keyPath: promise] = made
    return made.futureResult
  }

  /// Requests for an event that wait for one.
  var openRequests: Int { entries.count { $0.request != nil } }

  /// No more extensions register.
  func close() { isOpen = false }

  /// Whether anybody wants to know of invocations.
  var hasInvocationSubscribers: Bool { entries.contains { $0.events.contains("INVOKE") } }

  /// Gives the extensions that asked for it an event.
  func deliver(_ message: ExtensionMessage, of event: String) {
    for index in entries.indices
    where entries[index].events.contains(event)
      && [.registered, .ready, .running].contains(entries[index].phase)
    {
      if let request = entries[index].request {
        entries[index].request = nil
        entries[index].phase = .running
        request.answer(message)
      } else {
        entries[index].waiting = message
      }
    }
  }

  /// The process of an external extension is gone.
  func exited(_ name: String) {
    guard let index = entries.firstIndex(where: { $0.name == name }) else { return }
    entries[index].request = nil
    if ![.initializationError, .exitError].contains(entries[index].phase) { entries[index].phase = .exited }
  }

  /// Everyone who waits for extensions is told. The first end counts. Extensions themselves live on.
  func end(_ end: RuntimeSession.End) {
    guard self.end == nil else { return }
    self.end = end
    for promise in [registration, readiness] { promise?.fail(end) }
    (registration, readiness) = (nil, nil)
  }

  private func tellWaiting() {
    guard end == nil else { return }
    if hasRegistered {
      registration?.succeed()
      registration = nil
    }
    if isReady {
      readiness?.succeed()
      readiness = nil
    }
  }

  // MARK: The extensions' side

  /// Registers an extension: an external one under the name of its file, an internal one under any other.
  func register(_ name: String?, body: [UInt8]) throws(ExtensionError) -> String {
    guard let name, !name.isEmpty, name.utf8.count <= Self.nameBytesLimit else { throw .invalidName }
    let events = try Self.events(body)
    var index = entries.firstIndex { $0.name == name }
    if let index {
      guard entries[index].isExternal else { throw .nameTaken }
      guard entries[index].phase == .started else {
        throw .invalidStateTransition(from: entries[index].phase.rawValue, to: "Registered", name: name)
      }
    } else {
      if events.contains("SHUTDOWN") {
        throw .invalidEventType("SHUTDOWN: ShutdownEventNotSupportedForInternalExtension")
      }
      guard isOpen, end == nil else { throw .registrationClosed }
      guard entries.count < Self.limit else { throw .tooMany }
      entries.append(Entry(name: name, isExternal: false))
      index = entries.count - 1
    }
    let identifier = random.requestID()
    if let index {
      entries[index].identifier = identifier
      entries[index].events = events
      entries[index].phase = .registered
    }
    tellWaiting()
    return identifier
  }

  private static func events(_ body: [UInt8]) throws(ExtensionError) -> [String] {
    guard let json = try? JSONValue(parsing: body.span), json.object != nil else {
      throw .invalidRequest("The body is no JSON object")
    }
    guard let list = json["events"] else { return [] }
    guard let texts = list.array?.map(\.string) else { throw .invalidRequest("events is no list") }
    var events: [String] = []
    for text in texts {
      guard let text else { throw .invalidRequest("events is no list of texts") }
      guard ["INVOKE", "SHUTDOWN"].contains(text) else {
        throw .invalidEventType("\(text.prefix(64)): ErrorInvalidEventType")
      }
      if !events.contains(text) { events.append(text) }
    }
    return events
  }

  /// An extension asks for an event on a connection; `answer` is called once at most.
  func next(
    _ identifier: String?, id: ObjectIdentifier, answer: @escaping (ExtensionMessage) -> Void
  ) throws(ExtensionError) {
    let index = try index(of: identifier)
    switch entries[index].phase {
    case .registered, .running: break
    case .ready where entries[index].request == nil: break
    case let phase: throw .invalidStateTransition(from: phase.rawValue, to: "Ready", name: entries[index].name)
    }
    if let message = entries[index].waiting {
      entries[index].waiting = nil
      entries[index].phase = .running
      return answer(message)
    }
    entries[index].phase = .ready
    entries[index].request = (id, answer)
    tellWaiting()
  }

  /// An extension reports that it could not initialize, or that it ends: the environment is lost.
  func fail(_ identifier: String?, to phase: Phase, type: String?) throws(ExtensionError) {
    let index = try index(of: identifier)
    guard let type, !type.isEmpty else { throw .missingErrorType }
    let entry = entries[index]
    if entry.phase == phase { return }
    let isAllowed =
      switch entry.phase {
      case .registered: true
      case .ready, .running: phase == .exitError
      default: false
      }
    guard isAllowed else {
      throw .invalidStateTransition(from: entry.phase.rawValue, to: phase.rawValue, name: entry.name)
    }
    entries[index].phase = phase
    entries[index].errorType = String(type.prefix(256))
    whenFailed(
      RuntimeExit(
        extensionError: "Extension.\(phase.rawValue)",
        reason: "the extension \(entry.name) reported \(type.prefix(256))"))
  }

  /// The name of a registered extension.
  func name(_ identifier: String?) throws(ExtensionError) -> String { entries[try index(of: identifier)].name }

  private func index(of identifier: String?) throws(ExtensionError) -> Int {
    guard let identifier, !identifier.isEmpty else { throw .missingIdentifier }
    guard identifier.utf8.count == 36, identifier.utf8.allSatisfy({ $0 == 0x2D || $0.isHexDigit }) else {
      throw .invalidIdentifier
    }
    guard let index = entries.firstIndex(where: { $0.identifier == identifier.lowercased() }) else {
      throw .unknownIdentifier
    }
    return index
  }

  /// The connection that asked for an event is gone.
  func forgetRequest(id: ObjectIdentifier) {
    for index in entries.indices where entries[index].request?.id == id { entries[index].request = nil }
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
