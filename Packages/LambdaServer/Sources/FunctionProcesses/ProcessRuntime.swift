import Glibc
public import LambdaEmitter
public import Logging
public import NIOCore
public import NIOPosix
import Synchronization
import XRayModel

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
/// belong.
public final class ProcessRuntime: FunctionRuntime {
  /// Where Lambda keeps a function's code.
  private static let codeFolder = "/var/task"
  /// Lambda: for the end of an environment.
  private static let shutDownGrace = TimeAmount.seconds(2)

  private struct State {
    var variables: [String: String] = [:]
    var process: ProcessHandle?
    /// Of the invocation that ran last, when its runtime must be ready again.
    var limit = TimeAmount.seconds(0)
    var isOver = false
  }

  private let program: RuntimeProgram
  private let freezes: Bool
  private let loop: any EventLoop
  private let logger: Logger
  private let state = Mutex(State())

  /// An environment that does not run yet.
  ///
  /// - Parameters:
  ///   - freezes: Whether its processes are stopped between invocations, as Lambda's are.
  ///   - group: Serves the Runtime API; one thread is enough for many environments.
  ///   - logger: Told when an initialization fails.
  public init(
    _ program: RuntimeProgram, freezes: Bool = false,
    group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    logger: Logger = Logger(label: "fluoro.functions")
  ) {
    self.program = program
    self.freezes = freezes
    self.logger = logger
    loop = group.next()
  }

  /// Starts the process, and returns when it asks for its first event.
  ///
  /// - Throws: ``LambdaEmitter/FunctionError`` that the runtime reports, or of type `Runtime.InvalidEntrypoint` when
  ///   there is no program; ``LambdaEmitter/RuntimeExit`` when the process ends; ``LambdaEmitter/RuntimeFailure`` when
  ///   the system has no room for it.
  public func initialize(_ context: InitializationContext) async throws {
    let variables = variables(from: context.environment)
    state.withLock { $0.variables = variables }
    try await start(log: context.log)
  }

  public func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] {
    let deadline = context.deadline
    var headers = [
      (name: "Lambda-Runtime-Aws-Request-Id", value: event.requestID),
      (name: "Lambda-Runtime-Deadline-Ms", value: String(deadline.ticks / (Timestamp.ticksPerSecond / 1000))),
      (name: "Lambda-Runtime-Invoked-Function-Arn", value: context.invokedFunctionARN),
    ]
    if !context.traceHeader.isEmpty { headers.append((name: "Lambda-Runtime-Trace-Id", value: context.traceHeader)) }
    if let client = context.clientContext { headers.append((name: "Lambda-Runtime-Client-Context", value: client.oneLine)) }
    defer {
      let left = context.clock.now.duration(to: deadline)
      state.withLock { $0.limit = TimeAmount(max(left, .milliseconds(50))) }
    }
    if let process = state.withLock({ $0.process }) {
      do {
        return try await process.invoke(event, headers: headers, context)
      } catch RuntimeSession.End.goneBefore {
        // Between two invocations, which is no fault of this one.
        await retire(process)
      }
    }
    let process = try await start(log: context.log)
    do {
      return try await process.invoke(event, headers: headers, context)
    } catch RuntimeSession.End.goneBefore {
      throw RuntimeFailure("the function's process ended before it took the event, twice")
    }
  }

  public func freeze() async {
    guard let (process, limit) = state.withLock({ state in state.process.map { ($0, state.limit) } }) else { return }
    await process.freeze(within: limit, stopping: freezes)
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
    let variables = try state.withLock { state in
      guard !state.isOver else { throw CancellationError() }
      return state.variables
    }
    let process = try await ProcessHandle.start(program, variables: variables, on: loop)
    let isOver = state.withLock { state in
      state.process = process
      return state.isOver
    }
    do {
      if isOver { throw CancellationError() }
      try await process.waitUntilReady(log: log)
    } catch {
      logger.info("a function's initialization failed", metadata: ["error": "\(error)"])
      await retire(process, grace: .zero)
      throw error
    }
    return process
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
    variables["_X_AMZN_TRACE_ID"] = nil
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
