import Glibc
import LambdaEmitter
import Logging
import NIOCore
import XRayModel

/// What an environment has beside its runtime: extensions, their processes, and the telemetry that they subscribe to.
///
/// In the hands of the environment's event loop.
final class ExtensionHost {
  /// What an environment is given from outside.
  struct Surroundings: Sendable {
    var clock: any WallClock = SystemClock()
    var random = RandomSource()
    var logger = Logger(label: "fluoro.functions")
    var accountID = ""
    var phase = PlatformEvent.InitializationPhase.initialization
    /// When its initialization began.
    var start: Timestamp?
    /// For the end of all extensions. Lambda: two seconds, of which three tenths for the runtime.
    var shutdownLimit = TimeAmount.seconds(2)
  }

  /// What extensions are told of the function when they register.
  struct Function: Sendable {
    var name: String
    var version: String
    var handler: String
    var accountID: String
  }

  private static let pollInterval = TimeAmount.milliseconds(2)

  let registry: ExtensionRegistry
  let telemetry: Telemetry
  let function: Function
  private let loop: any EventLoop
  private let surroundings: Surroundings
  private let start: Timestamp
  private var processes: [ExtensionProcess] = []
  private var runtimeStatus: PlatformEvent.Status?
  private var isEnding = false
  /// Takes what extensions write.
  var log: (String) -> Void = { _ in }
  /// Called when an extension fails, and with it the environment.
  var whenFailed: (RuntimeExit) -> Void = { _ in }

  init(_ surroundings: Surroundings, variables: [String: String], loop: any EventLoop) {
    self.surroundings = surroundings
    self.loop = loop
    start = surroundings.start ?? surroundings.clock.now
    registry = ExtensionRegistry(loop: loop, random: surroundings.random)
    telemetry = Telemetry(loop: loop, clock: surroundings.clock)
    function = Function(
      name: variables["AWS_LAMBDA_FUNCTION_NAME"] ?? "", version: variables["AWS_LAMBDA_FUNCTION_VERSION"] ?? "",
      handler: variables["_HANDLER"] ?? "", accountID: surroundings.accountID)
    registry.whenFailed = { [weak self] exit in self?.whenFailed(exit) }
  }

  var clock: any WallClock { surroundings.clock }
  var shutdownLimit: TimeAmount { surroundings.shutdownLimit }
  /// For the end of a runtime that has extensions beside it.
  var runtimeShare: TimeAmount { .nanoseconds(shutdownLimit.nanoseconds / 10 * 3) }
  var isEmpty: Bool { registry.entries.isEmpty }

  // MARK: Start

  /// Starts the external extensions. Fails with what ``ExtensionProcess`` says of one that cannot be started.
  func launch(_ program: RuntimeProgram, variables: [String: String]) -> EventLoopFuture<Void> {
    telemetry.emit(.initStart(surroundings.phase, function), at: start)
    let names = ExtensionProcess.names(in: program.codeFolder)
    guard names.count <= ExtensionRegistry.limit else {
      return loop.makeFailedFuture(
        RuntimeExit(
          extensionError: "Extension.LaunchError",
          reason: "there are \(names.count) extensions, \(ExtensionRegistry.limit) at most"))
    }
    for name in names { registry.expect(name) }
    let bound = NIOLoopBound(self, eventLoop: loop)
    return names.reduce(loop.makeSucceededVoidFuture()) { before, name in
      before.flatMap { bound.value.launch(name, of: program, variables: variables) }
    }
  }

  private func launch(
    _ name: String, of program: RuntimeProgram, variables: [String: String]
  ) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return ExtensionProcess.start(
      name, of: program, variables: variables, on: loop,
      line: { [weak self] line in
        self?.log(line)
        self?.telemetry.emit(.extensionLine(line))
      }, whenExited: { [weak self] process, exit in self?.exited(process, exit) }
    ).map { process in
      bound.value.processes.append(process.value)
      // Between its start and the end of the environment.
      if bound.value.isEnding { process.value.signal(SIGKILL) }
    }
  }

  private func exited(_ process: ExtensionProcess, _ exit: RuntimeExit) {
    let isReported = registry.entries.contains { $0.name == process.name && $0.errorType != nil }
    registry.exited(process.name)
    guard !isEnding, !isReported else { return }
    whenFailed(RuntimeExit(extensionError: "Extension.Crash", reason: exit.reason))
  }

  /// The runtime has asked for its first event.
  func runtimeIsReady() {
    registry.close()
    settleRuntime(.success)
  }

  private func settleRuntime(_ status: PlatformEvent.Status) {
    guard runtimeStatus == nil else { return }
    runtimeStatus = status
    telemetry.emit(.initRuntimeDone(surroundings.phase, status))
  }

  /// Initialization is over, for the runtime and for all extensions.
  func endInitialization(_ result: Result<Void, any Error>) {
    registry.close()
    let status: PlatformEvent.Status =
      switch result {
      case .success: .success
      case .failure(let error as FunctionError): .error(type: error.type)
      case .failure(let exit as RuntimeExit): .error(type: exit.type)
      case .failure(RuntimeSession.End.exited(let exit)): .error(type: exit.type)
      case .failure(is RuntimeSession.End): .timeout
      case .failure: .error(type: "Sandbox.Failure")
      }
    settleRuntime(status)
    for entry in registry.entries {
      telemetry.emit(.extension(entry))
      let events = entry.events.joined(separator: ", ")
      log("EXTENSION\tName: \(entry.name)\tState: \(entry.phase.rawValue)\tEvents: [\(events)]")
    }
    telemetry.emit(.initReport(surroundings.phase, status, max(.zero, start.duration(to: clock.now))))
    telemetry.closeSubscriptions()
  }

  // MARK: Work

  func subscribe(to api: TelemetryAPI, _ identifier: String?, body: [UInt8]) throws(ExtensionError) {
    let name = try registry.name(identifier)
    guard telemetry.isOpen else { throw .subscriptionClosed(api) }
    try telemetry.subscribe(try TelemetrySubscription(body, api: api, name: name))
  }

  func eventIdentifier() -> String { surroundings.random.requestID() }

  /// Tells those who want to know of an invocation.
  func deliver(_ invocation: ExtensionMessage.Invocation) {
    if registry.hasInvocationSubscribers { registry.deliver(.invoke(invocation), of: "INVOKE") }
  }

  /// Whether an extension has written what is still to be read.
  var hasUnread: Bool { processes.contains { $0.output.hasUnread } }
  var residentMegabytes: Int { processes.reduce(0) { $0 + $1.residentMegabytes } }
  func look() { for process in processes { process.look() } }
  func signal(_ signal: CInt) { for process in processes { process.signal(signal) } }

  // MARK: End

  /// Asks the extensions to end, and ends them when the time is up. Succeeds when all are reaped and nothing of them is
  /// open any more.
  func shutDown(_ reason: ShutdownReason, killAt: NIODeadline) -> EventLoopFuture<Void> {
    isEnding = true
    let left = max(.nanoseconds(0), killAt - .now())
    registry.deliver(
      .shutdown(reason: reason, deadline: clock.now.advanced(by: .nanoseconds(left.nanoseconds))), of: "SHUTDOWN")
    let unasked = registry.entries.filter { !$0.events.contains("SHUTDOWN") }.map(\.name)
    for process in processes where unasked.contains(process.name) { process.signal(SIGKILL) }
    let bound = NIOLoopBound(self, eventLoop: loop)
    let ended = loop.makePromise(of: Void.self)
    awaitEnd(killAt: killAt, ended)
    return ended.futureResult.flatMap { bound.value.close() }
  }

  private func awaitEnd(killAt: NIODeadline, _ ended: EventLoopPromise<Void>) {
    look()
    guard processes.contains(where: \.isRunning) else { return ended.succeed() }
    if killAt < .now() { signal(SIGKILL) }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.pollInterval) { bound.value.awaitEnd(killAt: killAt, ended) }
  }

  private func close() -> EventLoopFuture<Void> {
    let closed = EventLoopFuture.andAllComplete(processes.map { $0.close() } + [telemetry.close()], on: loop)
    if telemetry.undelivered > 0 {
      surroundings.logger.info(
        "telemetry was not delivered", metadata: ["events": "\(telemetry.undelivered)", "function": "\(function.name)"])
    }
    return closed
  }
}
