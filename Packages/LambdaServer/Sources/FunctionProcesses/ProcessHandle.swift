import LambdaEmitter
import NIOCore

/// The way to a ``SupervisedProcess`` from tasks: every call waits for its event loop.
struct ProcessHandle: Sendable {
  private let loop: any EventLoop
  private let process: NIOLoopBound<SupervisedProcess>
  /// `AWS_LAMBDA_RUNTIME_API` and its value, by which the processes of this environment are known.
  let mark: String

  static func start(
    _ program: RuntimeProgram, variables: [String: String], daemon: InitializationContext? = nil,
    surroundings: ExtensionHost.Surroundings = ExtensionHost.Surroundings(), on loop: any EventLoop
  ) async throws -> ProcessHandle {
    let process = try await loop.flatSubmit {
      SupervisedProcess.start(program, variables: variables, daemon: daemon, surroundings: surroundings, on: loop)
    }.get()
    let address = try await loop.submit { process.value.address }.get()
    return ProcessHandle(loop: loop, process: process, mark: "AWS_LAMBDA_RUNTIME_API=\(address)")
  }

  /// Starts the programs, and returns when the runtime and its extensions have asked for their first event; `log` has
  /// what they wrote until then. A task that is cancelled kills the runtime. To be called once.
  func waitUntilReady(log: @escaping @Sendable (String) -> Void = { _ in }) async throws {
    try await killedWhenCancelled { $0.initialize(log: log) }
  }

  /// Whether somebody subscribed to the environment's telemetry.
  func isObserved() async -> Bool {
    let process = process
    return (try? await loop.submit { process.value.host.telemetry.isHeard }.get()) ?? false
  }

  /// Tells the environment what the service knows, after what it was asked before and before what it is asked next.
  func report(_ event: PlatformEvent) {
    let process = process
    loop.execute { process.value.report(event) }
  }

  func invoke(
    _ event: InvocationEvent, headers: [(name: String, value: String)], _ context: InvocationContext
  ) async throws -> [UInt8] {
    let extensions = ExtensionMessage.Invocation(
      requestID: event.requestID, deadline: context.deadline, invokedFunctionARN: context.invokedFunctionARN,
      traceHeader: context.environmentTraceHeader)
    let response = try await killedWhenCancelled { process in
      let outcome = process.loop.makePromise(of: [UInt8].self)
      process.invoke(
        .init(event: event, headers: headers, outcome: outcome), for: extensions, sink: { context.log($0) },
        memoryWatch: { megabytes throws(RuntimeExit) in try context.useMemory(megabytes: megabytes) })
      return outcome.futureResult
    }
    try context.useMemory(megabytes: try await loop.submit { process.value.residentMegabytes }.get())
    return response
  }

  /// Returns when the runtime is ready for another event, or never will be: whether the extensions are, too, and what
  /// was measured.
  func freeze(within limit: TimeAmount, stopping: Bool) async -> (isSettled: Bool, spans: InvocationSpans?) {
    do {
      return try await killedWhenCancelled { process in
        let bound = NIOLoopBound(process, eventLoop: process.loop)
        return process.freeze(within: limit, stopping: stopping).map {
          (bound.value.host.registry.isReady, bound.value.spans)
        }
      }
    } catch {
      // The next invocation begins with another process.
      return (true, nil)
    }
  }

  /// Returns when the extensions are ready for another event, with what was measured.
  func settle(within limit: TimeAmount, stopping: Bool) async throws -> InvocationSpans? {
    try await killedWhenCancelled { process in
      let bound = NIOLoopBound(process, eventLoop: process.loop)
      return process.settle(within: limit, stopping: stopping).map { bound.value.spans }
    }
  }

  /// Hands over the documents that the process has sent until now.
  func flush() async {
    let (process, loop) = (process, loop)
    try? await loop.flatSubmit { process.value.flush() }.get()
  }

  /// Returns when the process is gone, with its group, its port and its files. Runs to its end in cancelled tasks too.
  func stop(grace: TimeAmount) async {
    let (process, loop) = (process, loop)
    try? await loop.flatSubmit { process.value.stop(grace: grace) }.get()
  }

  private func killedWhenCancelled<Value: Sendable>(
    _ work: @escaping @Sendable (SupervisedProcess) -> EventLoopFuture<Value>
  ) async throws -> Value {
    let (process, loop) = (process, loop)
    do {
      return try await withTaskCancellationHandler {
        try await loop.flatSubmit { work(process.value) }.get()
      } onCancel: {
        loop.execute { process.value.kill(.cancelled) }
      }
    } catch RuntimeSession.End.exited(let exit) {
      throw exit
    } catch RuntimeSession.End.cancelled {
      throw CancellationError()
    }
  }
}
