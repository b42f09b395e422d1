import Glibc
import LambdaEmitter
import NIOCore
import NIOPosix
import XRayModel

/// One process of an environment with what belongs to it: its Runtime API, its output, and a watch over its life and
/// its memory. In the hands of one event loop; ``ProcessHandle`` is the way to it from elsewhere.
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
  private let output: ProcessOutput
  private var server: RuntimeAPIServer?
  private var outputChannel: (any Channel)?
  private var child: ChildProcess?
  private var exit: RuntimeExit?
  private var isFrozen = false
  private var watch: RepeatedTask?
  private var memoryWatch: MemoryWatch?
  private var stopped: EventLoopPromise<Void>?

  private init(loop: any EventLoop, output: ProcessOutput) {
    self.loop = loop
    self.output = output
    session = RuntimeSession(loop: loop)
  }

  // MARK: Start

  /// Opens the port and starts the program.
  ///
  /// The future fails with ``FunctionError`` when the program cannot be run, with ``RuntimeFailure`` when the system
  /// has no room for it; nothing is left behind then.
  static func start(
    _ program: RuntimeProgram, variables: [String: String], on loop: any EventLoop
  ) -> EventLoopFuture<NIOLoopBound<SupervisedProcess>> {
    var pipe: [CInt] = [-1, -1]
    guard Glibc.pipe(&pipe) == 0 else {
      return loop.makeFailedFuture(
        RuntimeFailure("no pipe for the function's output: \(String(cString: strerror(errno)))"))
    }
    for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let output = ProcessOutput(descriptor: fcntl(pipe[0], F_DUPFD_CLOEXEC, 3))
    let process = SupervisedProcess(loop: loop, output: output)
    let bound = NIOLoopBound(process, eventLoop: loop)
    let (input, written) = (pipe[0], pipe[1])
    return process.openOutput(input).flatMap { channel in
      bound.value.outputChannel = channel
      return bound.value.openServer()
    }.flatMapThrowing {
      try bound.value.launch(program, variables: variables, output: written)
      return bound
    }.always { result in
      Glibc.close(written)
      if case .failure = result { bound.value.close() }
    }
  }

  private func openOutput(_ descriptor: CInt) -> EventLoopFuture<any Channel> {
    output.whenAtEnd = { [weak self] in self?.lookAgain(after: .milliseconds(1)) }
    let handler = NIOLoopBound(output, eventLoop: loop)
    return NIOPipeBootstrap(group: loop)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
      }
      .takingOwnershipOfDescriptor(input: descriptor)
      .flatMapErrorThrowing { error in
        Glibc.close(descriptor)
        throw RuntimeFailure("the function's output cannot be read: \(error)")
      }
  }

  private func openServer() -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    return RuntimeAPIServer.bind(
      on: loop, session: session, whenOutputIsRead: { [weak self] in self?.afterOutput($0) },
      whenConnectionCloses: { [weak self] in self?.look() }
    )
    .flatMapErrorThrowing { throw RuntimeFailure("no port for the Runtime API: \($0)") }
    .map { bound.value.server = $0.value }
  }

  private func launch(_ program: RuntimeProgram, variables: [String: String], output: CInt) throws {
    var variables = variables
    variables["AWS_LAMBDA_RUNTIME_API"] = server?.address
    do {
      child = try ChildProcess.spawn(program, variables: variables, output: output)
    } catch  where error.isOfProgram {
      throw FunctionError(
        type: "Runtime.InvalidEntrypoint",
        message: "Couldn't find valid bootstrap(s): [\(program.executable)]: \(error)")
    } catch {
      throw RuntimeFailure("the function's process cannot be started: \(error)")
    }
    beginWatch()
  }

  /// Succeeds when the runtime asks for its first event, fails when it will not. `log` takes what it writes until then.
  func whenReady(log: @escaping (String) -> Void) -> EventLoopFuture<Void> {
    output.sink = log
    let promise = loop.makePromise(of: Void.self)
    let bound = NIOLoopBound(self, eventLoop: loop)
    session.whenReady().whenComplete { result in
      let process = bound.value
      process.afterOutput {
        process.output.endLine()
        process.output.sink = nil
        promise.completeWith(result)
      }
    }
    return promise.futureResult
  }

  // MARK: Work

  /// Gives the runtime an event, with `sink` for what it writes from now on.
  func invoke(
    _ delivery: RuntimeSession.Delivery, sink: @escaping (String) -> Void, memoryWatch: @escaping MemoryWatch
  ) {
    thaw()
    output.sink = sink
    self.memoryWatch = memoryWatch
    beginWatch()
    look()
    if exit != nil { session.end(.goneBefore) }
    session.deliver(delivery)
  }

  /// Waits until the runtime asks for the next event, and stops its processes then if `freezes`. A runtime that does
  /// not ask within `limit`, or is gone, will not be used again.
  func freeze(within limit: TimeAmount, stopping: Bool) -> EventLoopFuture<Void> {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let timer = loop.scheduleTask(in: limit) { bound.value.kill(.cancelled) }
    return session.whenReady().always { result in
      timer.cancel()
      let process = bound.value
      process.endWatch()
      process.output.endLine()
      process.output.sink = nil
      guard case .success = result, stopping, let child = process.child else { return }
      child.signalGroup(SIGSTOP)
      process.isFrozen = true
    }
  }

  /// Ends the work of the process at once, for the reason given.
  func kill(_ end: RuntimeSession.End) {
    child?.signalGroup(SIGKILL)
    afterOutput { self.session.end(end) }
  }

  /// `127.0.0.1:PORT` of the Runtime API.
  var address: String { server?.address ?? "" }
  var residentMegabytes: Int { child.map { ProcessTable.residentMegabytes(of: $0.id) } ?? 0 }
  /// Does `work` when what the process wrote until now is read: at once, unless there is something. A process that
  /// writes on and on is not waited for.
  private func afterOutput(round: Int = 0, _ work: @escaping () -> Void) {
    guard output.hasUnread, round < Self.outputRounds else { return work() }
    let bound = NIOLoopBound((self, work), eventLoop: loop)
    loop.scheduleTask(in: Self.outputInterval) { bound.value.0.afterOutput(round: round + 1, bound.value.1) }
  }

  private func thaw() {
    guard isFrozen else { return }
    child?.signalGroup(SIGCONT)
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
    guard let memoryWatch, child != nil else { return }
    do throws(RuntimeExit) { try memoryWatch(residentMegabytes) } catch { kill(.exited(error)) }
  }

  /// Finds out whether the process is still there.
  private func look() {
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
    let isRead = output.isAtEnd && server?.hasConnections != true
    // Twice, for a connection that nobody has accepted yet, and for a request that waits for the output.
    guard !(isRead && wasRead), round < Self.settleRounds else {
      output.endLine()
      return session.end(.exited(exit ?? RuntimeExit(status: 0)))
    }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.settleInterval) { bound.value.settle(round: round + 1, wasRead: isRead) }
  }

  // MARK: End

  /// Ends the process: SIGTERM, after `grace` SIGKILL, and SIGKILL for what it leaves in its group. Succeeds when it is
  /// reaped and its port and files are closed. Once for all: later calls wait for the first.
  func stop(grace: TimeAmount) -> EventLoopFuture<Void> {
    if let stopped { return stopped.futureResult }
    let stopped = loop.makePromise(of: Void.self)
    self.stopped = stopped
    session.end(.cancelled)
    endWatch()
    child?.signalGroup(SIGTERM)
    thaw()
    awaitEnd(killAt: .now() + grace)
    return stopped.futureResult
  }

  private func awaitEnd(killAt: NIODeadline) {
    look()
    guard child != nil else { return close() }
    if killAt < .now() { child?.signalGroup(SIGKILL) }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.scheduleTask(in: Self.signalPollInterval) { bound.value.awaitEnd(killAt: killAt) }
  }

  private func close() {
    output.whenAtEnd = {}
    output.sink = nil
    output.close()
    let promise = stopped ?? loop.makePromise(of: Void.self)
    outputChannel?.close(promise: nil)
    let open = [server?.close(), outputChannel?.closeFuture].compactMap { $0 }
    EventLoopFuture.andAllComplete(open, on: loop).cascade(to: promise)
  }
}
