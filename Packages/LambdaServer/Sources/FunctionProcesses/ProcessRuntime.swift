import Glibc
public import LambdaEmitter
public import Logging
public import NIOCore
public import NIOPosix
import Synchronization
public import XRayModel

/// One execution environment as a process of its own, which asks for its events over the Runtime API.
///
/// Give one to ``LambdaEmitter/LambdaService`` for each environment:
///
/// ```swift
/// try service.createFunction(configuration) { ProcessRuntime(program) }
/// ```
///
/// The process leads its own process group, works in the function's code folder, and has no open file of this process.
/// What it and its children write becomes the invocation's log. It is killed when its time is up, when its task is
/// cancelled, or when it holds more memory than the function has. A process that is gone between two invocations, or
/// does not ask for the next event in time, is started anew for the next one, as Lambda does.
///
/// ``shutDown()`` leaves no process, port or open file: the group gets SIGTERM, two seconds later SIGKILL, and then
/// the processes that left the group get SIGKILL, as long as they kept the environment variable that tells where they
/// belong. When this process ends without that, the function's process is killed by the system; what it has made stays,
/// and is found by its ``ProcessMark``.
///
/// Executable files in the folder `extensions` of the code are started before the runtime, as external extensions; they,
/// and the runtime itself, may use the Extensions API and subscribe to telemetry.
public final class ProcessRuntime: FunctionRuntime {
  /// Where Lambda keeps a function's code.
  private static let codeFolder = "/var/task"
  /// Lambda: for the end of an environment.
  private static let shutDownGrace = TimeAmount.seconds(2)

  private struct State {
    var variables: [String: String] = [:]
    /// Of the environment, for its processes; `nil` for functions that send to a daemon of their own choice.
    var daemon: InitializationContext?
    var process: ProcessHandle?
    /// Of the invocation that ran last, when its runtime must be ready again.
    var deadline: Timestamp?
    var isOver = false
    /// Whether somebody is told of telemetry.
    var isObserved = false
    /// Of the invocation that runs, for a process that takes the place of one that is gone.
    var started: PlatformEvent?
    var isSettled = true
    var spans: InvocationSpans?
    var surroundings: ExtensionHost.Surroundings

    /// How long the invocation that ran last may still take.
    var limit: TimeAmount {
      let left = deadline.map { surroundings.clock.now.duration(to: $0) } ?? .zero
      return TimeAmount(max(left, .milliseconds(50)))
    }
  }

  private let program: RuntimeProgram
  private let freezes: Bool
  private let loop: any EventLoop
  private let logger: Logger
  private let state: Mutex<State>

  /// An environment that does not run yet.
  ///
  /// - Parameters:
  ///   - freezes: Whether its processes are stopped between invocations, as Lambda's are.
  ///   - group: Serves the Runtime API; one thread is enough for many environments. Processes end with the thread.
  ///   - random: For the identifiers of extensions and of what they are sent.
  ///   - logger: Told when an initialization fails.
  public convenience init(
    _ program: RuntimeProgram, freezes: Bool = false,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, random: RandomSource = RandomSource(),
    logger: Logger = Logger(label: "fluoro.functions")
  ) {
    self.init(
      program, freezes: freezes, group: group,
      surroundings: ExtensionHost.Surroundings(random: random, logger: logger))
  }

  init(
    _ program: RuntimeProgram, freezes: Bool, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    surroundings: ExtensionHost.Surroundings
  ) {
    self.program = program
    self.freezes = freezes
    logger = surroundings.logger
    loop = group.next()
    state = Mutex(State(surroundings: surroundings))
  }

  /// Starts the extensions and the process, and returns when all have asked for their first event.
  ///
  /// What failed is there until ``shutDown()``, so that telemetry hears of it.
  ///
  /// - Throws: ``LambdaEmitter/FunctionError`` that the runtime reports, or of type `Runtime.InvalidEntrypoint` when
  ///   there is no program; ``LambdaEmitter/RuntimeExit`` when the process or an extension ends;
  ///   ``LambdaEmitter/RuntimeFailure`` when the system has no room for it.
  public func initialize(_ context: InitializationContext) async throws {
    let variables = variables(from: context.environment)
    state.withLock { state in
      state.variables = variables
      state.daemon = context.usesEnvironmentDaemon ? context : nil
      state.surroundings.clock = context.clock
      state.surroundings.accountID = context.accountID
    }
    try await start(log: context.log)
    // Whatever is started later is not part of this initialization.
    state.withLock { $0.variables["_X_AMZN_TRACE_ID"] = nil }
  }

  public func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] {
    let deadline = context.deadline
    var headers = [
      (name: "Lambda-Runtime-Aws-Request-Id", value: event.requestID),
      (name: "Lambda-Runtime-Deadline-Ms", value: String(deadline.ticks / (Timestamp.ticksPerSecond / 1000))),
      (name: "Lambda-Runtime-Invoked-Function-Arn", value: context.invokedFunctionARN),
    ]
    if !context.traceHeader.isEmpty { headers.append((name: "Lambda-Runtime-Trace-Id", value: context.traceHeader)) }
    if let client = context.clientContext {
      headers.append((name: "Lambda-Runtime-Client-Context", value: client.oneLine))
    }
    state.withLock { ($0.deadline, $0.spans) = (deadline, nil) }
    if let process = state.withLock({ $0.process }) {
      do {
        return try await process.invoke(event, headers: headers, context)
      } catch RuntimeSession.End.goneBefore {
        // Between two invocations, which is no fault of this one.
        await retire(process)
      }
    }
    let process = try await startAnew(context)
    do {
      return try await process.invoke(event, headers: headers, context)
    } catch RuntimeSession.End.goneBefore {
      throw RuntimeFailure("the function's process ended before it took the event, twice")
    }
  }

  public func freeze() async {
    guard let (process, limit) = state.withLock({ state in state.process.map { ($0, state.limit) } }) else { return }
    let (isSettled, spans) = await process.freeze(within: limit, stopping: freezes)
    state.withLock { ($0.isSettled, $0.spans) = (isSettled, spans) }
  }

  public var isSettled: Bool { state.withLock { $0.isSettled } }
  public var spans: InvocationSpans? { state.withLock { $0.spans } }

  /// Returns when the extensions have asked for the next event. Those that do not within the invocation's time lose the
  /// environment.
  public func settle() async throws {
    guard let (process, limit) = state.withLock({ state in state.process.map { ($0, state.limit) } }) else { return }
    defer { state.withLock { $0.isSettled = true } }
    let spans = try await process.settle(within: limit, stopping: freezes)
    state.withLock { $0.spans = spans }
  }

  public func report(_ event: @autoclosure () -> PlatformEvent) {
    let (process, isObserved, isNew) = state.withLock { ($0.process, $0.isObserved, $0.process == nil) }
    if isNew, case .initializationStarted(let phase, let time) = event() {
      return state.withLock { ($0.surroundings.phase, $0.surroundings.start) = (phase, time) }
    }
    guard isObserved, let process else { return }
    let event = event()
    if case .invocationStarted = event { state.withLock { $0.started = event } }
    process.report(event)
  }

  public func flush() async {
    if let process = state.withLock({ $0.process }) { await process.flush() }
  }

  public func shutDown() async {
    let process = state.withLock { state in
      state.isOver = true
      return state.process
    }
    if let process { await retire(process) }
  }

  @discardableResult
  private func start(log: @escaping @Sendable (String) -> Void) async throws -> ProcessHandle {
    let (variables, daemon, surroundings) = try state.withLock { state in
      guard !state.isOver else { throw CancellationError() }
      return (state.variables, state.daemon, state.surroundings)
    }
    let process = try await ProcessHandle.start(
      program, variables: variables, daemon: daemon, surroundings: surroundings, on: loop)
    let isOver = state.withLock { state in
      state.process = process
      return state.isOver
    }
    do {
      if isOver { throw CancellationError() }
      try await process.waitUntilReady(log: log)
    } catch {
      logger.info("a function's initialization failed", metadata: ["error": "\(error)"])
      if await observe(process) { await retire(process, grace: .zero) }
      throw error
    }
    await observe(process)
    return process
  }

  /// Starts another process in place of one that is gone, within the time of an invocation.
  private func startAnew(_ context: InvocationContext) async throws -> ProcessHandle {
    state.withLock { ($0.surroundings.phase, $0.surroundings.start) = (.invocation, context.clock.now) }
    do {
      let process = try await start(log: context.log)
      if let started = state.withLock({ $0.isObserved ? $0.started : nil }) { process.report(started) }
      return process
    } catch {
      if let process = state.withLock({ $0.process }) { await retire(process, grace: .zero) }
      throw error
    }
  }

  /// Finds out whether events are wanted, and whether the environment has been shut down meanwhile.
  @discardableResult
  private func observe(_ process: ProcessHandle) async -> Bool {
    let isObserved = await process.isObserved()
    return state.withLock { state in
      state.isObserved = isObserved
      return state.isOver
    }
  }

  /// Ends a process, and forgets it only then, so that two who ask for its end both wait for it.
  private func retire(_ process: ProcessHandle, grace: TimeAmount = shutDownGrace) async {
    await process.stop(grace: grace)
    ProcessTable.killProcesses(with: process.mark)
    state.withLock { if $0.process?.mark == process.mark { $0.process = nil } }
  }

  /// What the process finds in its environment: Lambda's variables, with folders of this machine.
  private func variables(from environment: [String: String]) -> [String: String] {
    var variables = environment
    variables["LAMBDA_TASK_ROOT"] = program.codeFolder
    for name in ["PATH", "LD_LIBRARY_PATH"] {
      variables[name] = variables[name]?.split(separator: ":").map { folder in
        let isCode = folder == Self.codeFolder || folder.hasPrefix(Self.codeFolder + "/")
        return isCode ? program.codeFolder + folder.dropFirst(Self.codeFolder.count) : String(folder)
      }.joined(separator: ":")
    }
    // A runtime that this machine has elsewhere than Lambda is found as well.
    if let own = getenv("PATH") {
      variables["PATH"] = [variables["PATH"], String(cString: own)].compactMap(\.self).joined(separator: ":")
    }
    return variables.merging(program.variables) { _, program in program }
  }
}

extension [UInt8] {
  /// JSON as a header can carry it: what ends a line there can only stand between its parts.
  fileprivate var oneLine: String {
    String(decoding: map { $0 < 0x20 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
  }
}
