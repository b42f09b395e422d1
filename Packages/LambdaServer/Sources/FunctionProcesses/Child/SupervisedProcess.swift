import Glibc
import LambdaEmitter
import NIOCore
import NIOPosix
import XRayModel

/// The runtime's process of an environment with what belongs to it: its Runtime API, its output, the extensions beside
/// it, and a watch over its life and its memory. In the hands of one event loop; ``ProcessHandle`` is the way to it from
/// elsewhere.
///
/// How the end of the process is found, without a thread that waits for it: a connection or the output closes with it,
/// and while an invocation runs the process is looked at every 50 ms.
final class SupervisedProcess {
  private static let watchInterval = TimeAmount.milliseconds(50)
  private static let signalPollInterval = TimeAmount.milliseconds(2)
  /// What a process that is gone may have sent and nobody has read yet is waited for, this often and this long.
  private static let settleInterval = TimeAmount.milliseconds(2)
  private static let settleRounds = 100

  private static let outputInterval = TimeAmount.microseconds(100)
  private static let outputRounds = 50

  /// Called every 50 ms while the runtime works; throws when the process must end.
  typealias MemoryWatch = (_ megabytes: Int) throws(RuntimeExit) -> Void

  let loop: any EventLoop
  let session: RuntimeSession
  let host: ExtensionHost
  private let program: RuntimeProgram
  private var variables: [String: String]
  private let output: ProcessOutput
  /// Where the process will write; -1 once it does.
  private var written: CInt
  private var server: RuntimeAPIServer?
  private var daemon: DaemonPort?
  private var outputChannel: (any Channel)?
  private var child: ChildProcess?
  private var exit: RuntimeExit?
  private var isFrozen = false
  private var watch: RepeatedTask?
  private var memoryWatch: MemoryWatch?
  private var stopped: EventLoopPromise<Void>?

  /// The end of the invocation that works, which telemetry is told when the runtime is done.
  var ended: PlatformEvent.InvocationEnd?
  /// When the extensions were done with the last invocation.
  var extensionsReady: Timestamp?

  private init(
    _ program: RuntimeProgram, variables: [String: String], host: ExtensionHost, loop: any EventLoop,
    output: ProcessOutput, written: CInt
  ) {
    self.loop = loop
    self.program = program
    self.variables = variables
    self.host = host
    self.output = output
    self.written = written
    session = RuntimeSession(loop: loop, clock: host.clock)
    output.whenLine = { [weak host] line in host?.telemetry.emit(.functionLine(line)) }
    host.log = { [weak output] line in output?.add(line) }
    host.whenFailed = { [weak self] exit in self?.kill(.exited(exit)) }
  }

  // MARK: Start

  /// Opens the ports, with one for documents unless it has a daemon of its own; ``initialize(log:)`` starts the
  /// programs.
  ///
  /// The future fails with ``RuntimeFailure`` when the system has no room for it; nothing is left behind then.
  static func start(
    _ program: RuntimeProgram, variables: [String: String], daemon: InitializationContext?,
    surroundings: ExtensionHost.Surroundings, on loop: any EventLoop
  ) -> EventLoopFuture<NIOLoopBound<SupervisedProcess>> {
    var pipe: [CInt] = [-1, -1]
    guard Glibc.pipe(&pipe) == 0 else {
      return loop.makeFailedFuture(
        RuntimeFailure("no pipe for the function's output: \(String(cString: strerror(errno)))"))
    }
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let output = ProcessOutput(descriptor: fcntl(pipe[0], F_DUPFD_CLOEXEC, 3))
    let process = SupervisedProcess(
      program, variables: variables, host: ExtensionHost(surroundings, variables: variables, loop: loop), loop: loop,
      output: output, written: pipe[1])
    let bound = NIOLoopBound(process, eventLoop: loop)
    output.whenAtEnd = { [weak process] in process?.lookAgain(after: .milliseconds(1)) }
    return output.read(from: pipe[0], on: loop).flatMap { channel in
      bound.value.outputChannel = channel
      return bound.value.openServer()
    }.flatMap {
      bound.value.openDaemon(daemon)
    }.map {
      bound.value.variables["AWS_LAMBDA_RUNTIME_API"] = bound.value.address
      return bound
    }.always { result in
      if case .failure = result { bound.value.close() }
    }
  }

  /// Starts the extensions and then the runtime, and succeeds when all have asked for their first event.
  ///
  /// The future fails with what the runtime reports, with ``FunctionError`` when the program cannot be run, with
  /// ``RuntimeFailure`` when the system has no room for it, or with the ``RuntimeSession/End``. `log` takes what they
  /// write until then.
  func initialize(log: @escaping (String) -> Void) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let promise = loop.makePromise(of: Void.self)
    output.sink = log
    beginWatch()
    host.launch(program, variables: variables).flatMap {
      bound.value.host.registry.whenRegistered()
    }.flatMapThrowing {
      try bound.value.launch()
    }.flatMap {
      bound.value.session.whenReady()
    }.flatMap {
      bound.value.host.runtimeIsReady()
      return bound.value.host.registry.whenReady()
    }.whenComplete { result in
      let process = bound.value
      if case .failure = result { process.child?.signalGroup(SIGKILL) }
      process.afterOutput {
        process.output.endLine()
        process.host.endInitialization(result)
        process.output.sink = nil
        promise.completeWith(result)
      }
    }
    return promise.futureResult
  }

  private func openServer() -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return RuntimeAPIServer.bind(
      on: loop, session: session, host: host, whenOutputIsRead: { [weak self] in self?.afterOutput($0) },
      whenConnectionCloses: { [weak self] in self?.look() }
    )
    .flatMapErrorThrowing { throw RuntimeFailure("no port for the Runtime API: \($0)") }
    .map { bound.value.server = $0.value }
  }

  private func openDaemon(_ daemon: InitializationContext?) -> EventLoopFuture<Void> {
    guard let daemon else { return loop.makeSucceededVoidFuture() }
    let bound = NIOLoopBound(self, eventLoop: loop)
    return DaemonPort.open(for: daemon, on: loop)
      .flatMapErrorThrowing { throw RuntimeFailure("no port for the function's daemon: \($0)") }
      .map { bound.value.daemon = $0.value }
  }

  private func launch() throws {
    if let end = session.lastEnd { throw end }
    defer { closeWritten() }
    if let daemon { variables.merge(daemon.variables) { program.variables[$0] ?? $1 } }
    do {
      child = try ChildProcess.spawn(program, variables: variables, output: written)
    } catch  where error.isOfProgram {
      throw FunctionError(
        type: "Runtime.InvalidEntrypoint",
        message: "Couldn't find valid bootstrap(s): [\(program.executable)]: \(error)")
    } catch {
      throw RuntimeFailure("the function's process cannot be started: \(error)")
    }
  }

  private func closeWritten() {
    if written >= 0 { Glibc.close(written) }
    written = -1
  }

  // MARK: Work

  /// Gives the runtime an event, with `sink` for what it writes from now on.
  func invoke(
    _ delivery: RuntimeSession.Delivery, for extensions: ExtensionMessage.Invocation, sink: @escaping (String) -> Void,
    memoryWatch: @escaping MemoryWatch
  ) {
    thaw()
    (ended, extensionsReady) = (nil, nil)
    output.sink = sink
    self.memoryWatch = memoryWatch
    beginWatch()
    look()
    if exit != nil { session.end(.goneBefore) }
    if session.lastEnd == nil { host.deliver(extensions) }
    session.deliver(delivery)
  }

  /// Waits until the runtime asks for the next event, and stops the processes then if `freezes` and the extensions have
  /// asked as well. A runtime that does not ask within `limit`, or is gone, will not be used again.
  func freeze(within limit: TimeAmount, stopping: Bool) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let timer = loop.scheduleTask(in: limit) { bound.value.kill(.cancelled) }
    return session.whenReady().always { result in
      timer.cancel()
      let process = bound.value
      process.endWatch()
      process.output.endLine()
      process.output.sink = nil
      process.tellRuntimeDone()
      if case .success = result, process.host.registry.isReady { process.stopWork(stopping) }
    }
  }

  /// Waits until the extensions have asked for the next event. Those that do not within `limit` lose the environment.
  func settle(within limit: TimeAmount, stopping: Bool) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let timer = loop.scheduleTask(in: limit) { bound.value.kill(.cancelled) }
    return host.registry.whenReady().always { result in
      timer.cancel()
      if case .success = result { bound.value.stopWork(stopping) }
    }
  }

  /// Nothing works any more.
  private func stopWork(_ stopping: Bool) {
    if !host.isEmpty { extensionsReady = host.clock.now }
    guard stopping, let child else { return }
    child.signalGroup(SIGSTOP)
    host.signal(SIGSTOP)
    isFrozen = true
  }

  /// Ends the work of the runtime at once, for the reason given, and with it that of the environment.
  func kill(_ end: RuntimeSession.End) {
    child?.signalGroup(SIGKILL)
    afterOutput {
      self.session.end(end)
      self.host.registry.end(end)
    }
  }

  /// `127.0.0.1:PORT` of the Runtime API.
  var address: String { server?.address ?? "" }
  var residentMegabytes: Int {
    (child.map { ProcessTable.residentMegabytes(of: $0.id) } ?? 0) + host.residentMegabytes
  }

  /// Calls `work` when the documents that the process has sent until now are handed over.
  func afterDocuments(_ work: @escaping () -> Void) {
    if let daemon { daemon.afterUnread(work) } else { work() }
  }

  /// Succeeds when the documents that the process has sent until now are handed over.
  func flush() -> EventLoopFuture<Void> {
    let promise = loop.makePromise(of: Void.self)
    afterDocuments { promise.succeed() }
    return promise.futureResult
  }

  /// Does `work` when what the process wrote and sent until now is read: at once, unless there is something. A process
  /// that writes on and on is not waited for.
  private func afterOutput(round: Int = 0, _ work: @escaping () -> Void) {
    guard output.hasUnread || host.hasUnread, round < Self.outputRounds else { return afterDocuments(work) }
    let bound = NIOLoopBound((self, work), eventLoop: loop)
    loop.scheduleTask(in: Self.outputInterval) { bound.value.0.afterOutput(round: round + 1, bound.value.1) }
  }

  private func thaw() {
    guard isFrozen else { return }
    child?.signalGroup(SIGCONT)
    host.signal(SIGCONT)
    isFrozen = false
  }

  // MARK: Watch

  private func beginWatch() {
    guard watch == nil else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    watch = loop.scheduleRepeatedTask(initialDelay: Self.watchInterval, delay: Self.watchInterval) { _ in
      bound.value.look()
      bound.value.measure()
    }
  }

  private func endWatch() {
    watch?.cancel()
    watch = nil
    memoryWatch = nil
  }

  private func measure() {
    // What it sent before goes first: the memory that it holds may cost it its daemon.
    afterDocuments {
      guard let memoryWatch = self.memoryWatch, self.child != nil else { return }
      do throws(RuntimeExit) { try memoryWatch(self.residentMegabytes) } catch { self.kill(.exited(error)) }
    }
  }

  /// Finds out whether the processes are still there.
  private func look() {
    host.look()
    guard let child, let exit = child.reap() else { return }
    self.child = nil
    self.exit = exit
    endWatch()
    settle(round: 0)
  }

  /// After the end of the output: whoever closes it is about to be gone, or goes on in silence.
  private func lookAgain(after delay: TimeAmount) {
    look()
    guard child != nil else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: delay) { bound.value.lookAgain(after: min(delay * 2, .seconds(1))) }
  }

  /// The process is gone. What it sent before is read first: its last response counts.
  private func settle(round: Int, wasRead: Bool = false) {
    // Extensions live on, and wait.
    let isRead = output.isAtEnd && (server?.connectionCount ?? 0) <= host.registry.openRequests
    // Twice, for a connection that nobody has accepted yet, and for a request that waits for the output.
    guard !(isRead && wasRead), round < Self.settleRounds else {
      output.endLine()
      return afterDocuments {
        let end = RuntimeSession.End.exited(self.exit ?? RuntimeExit(status: 0))
        self.session.end(end)
        self.host.registry.end(end)
      }
    }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.settleInterval) { bound.value.settle(round: round + 1, wasRead: isRead) }
  }

  // MARK: End

  /// Ends the environment: SIGTERM for the runtime, after `grace` SIGKILL, and SIGKILL for what it leaves in its group;
  /// the extensions are asked to end and have what is left of two seconds from the start. Succeeds when all are reaped
  /// and the ports and the files are closed. Once for all: later calls wait for the first.
  func stop(grace: TimeAmount) -> EventLoopFuture<Void> {
    if let stopped { return stopped.futureResult }
    let stopped = loop.makePromise(of: Void.self)
    self.stopped = stopped
    let reason = shutdownReason
    let (start, bound) = (NIODeadline.now(), NIOLoopBound(self, eventLoop: loop))
    session.end(.cancelled)
    host.registry.end(.cancelled)
    endWatch()
    child?.signalGroup(SIGTERM)
    thaw()
    let delivered = host.telemetry.flush()
    let runtime = loop.makePromise(of: Void.self)
    // Lambda: a part of the time for the runtime when there are extensions.
    awaitEnd(killAt: start + (host.isEmpty ? grace : min(grace, host.runtimeShare)), runtime)
    runtime.futureResult.flatMap {
      bound.value.first(of: delivered, until: start + bound.value.host.runtimeShare)
    }.flatMap {
      bound.value.host.shutDown(reason, killAt: start + bound.value.host.shutdownLimit)
    }.whenComplete { _ in bound.value.close() }
    return stopped.futureResult
  }

  /// Why the environment ends, as extensions are told.
  private var shutdownReason: ShutdownReason {
    switch session.lastEnd {
    case .cancelled?: .timeout
    case .exited?, .goneBefore?: .failure
    case nil: session.hasFailedInitialization ? .failure : .spindown
    }
  }

  /// Succeeds with `future`, or when the time is up.
  private func first(of future: EventLoopFuture<Void>, until deadline: NIODeadline) -> EventLoopFuture<Void> {
    let promise = loop.makePromise(of: Void.self)
    let timer = loop.scheduleTask(deadline: deadline) { promise.succeed() }
    future.whenComplete { _ in
      timer.cancel()
      promise.succeed()
    }
    return promise.futureResult
  }

  private func awaitEnd(killAt: NIODeadline, _ ended: EventLoopPromise<Void>) {
    look()
    guard child != nil else { return ended.succeed() }
    if killAt < .now() { child?.signalGroup(SIGKILL) }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.signalPollInterval) { bound.value.awaitEnd(killAt: killAt, ended) }
  }

  private func close() {
    output.whenAtEnd = {}
    output.sink = nil
    output.close()
    closeWritten()
    let promise = stopped ?? loop.makePromise(of: Void.self)
    outputChannel?.close(promise: nil)
    let open = [server?.close(), daemon?.close(), outputChannel?.closeFuture].compactMap { $0 }
    EventLoopFuture.andAllComplete(open, on: loop).cascade(to: promise)
  }
}
