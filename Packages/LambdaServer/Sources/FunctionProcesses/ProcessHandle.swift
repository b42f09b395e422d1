import LambdaEmitter
import NIOCore

/// The way to a ``SupervisedProcess`` from tasks: every call waits for its event loop.
struct ProcessHandle: Sendable {
  private let loop: any EventLoop
  private let process: NIOLoopBound<SupervisedProcess>
  /// `AWS_LAMBDA_RUNTIME_API` and its value, by which the processes of this environment are known.
  let mark: String

  static func start(
    _ program: RuntimeProgram, variables: [String: String], on loop: any EventLoop
  ) async throws -> ProcessHandle {
    let process = try await loop.flatSubmit {
      SupervisedProcess.start(program, variables: variables, on: loop)
    }.get()
    let address = try await loop.submit { process.value.address }.get()
    return ProcessHandle(loop: loop, process: process, mark: "AWS_LAMBDA_RUNTIME_API=\(address)")
  }

  /// Returns when the runtime has asked for its first event; `log` has what it wrote until then. A task that is
  /// cancelled kills it.
  func waitUntilReady(log: @escaping @Sendable (String) -> Void) async throws {
    try await killedWhenCancelled { $0.whenReady(log: log) }
  }

  func invoke(
    _ event: InvocationEvent, headers: [(name: String, value: String)], _ context: InvocationContext
  ) async throws -> [UInt8] {
    let response = try await killedWhenCancelled { process in
      let outcome = process.loop.makePromise(of: [UInt8].self)
      process.invoke(
        .init(event: event, headers: headers, outcome: outcome), sink: { context.log($0) },
        memoryWatch: { megabytes throws(RuntimeExit) in try context.useMemory(megabytes: megabytes) })
      return outcome.futureResult
    }
    try context.useMemory(megabytes: try await loop.submit { process.value.residentMegabytes }.get())
    return response
  }

  /// Returns when the runtime is ready for another event, or never will be.
  func freeze(within limit: TimeAmount, stopping: Bool) async {
    try? await killedWhenCancelled { $0.freeze(within: limit, stopping: stopping) }
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
