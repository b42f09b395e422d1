// Sources may be used from any thread, but are not marked so.
@preconcurrency import Dispatch
public import XRaySDK

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the `main.swift` of a function calls, as its last line.
extension LambdaRuntime {
  /// Runs a function over bytes until SIGTERM. See ``run(tracing:initialize:)``.
  public static func run(
    tracing: TracingOptions = [], file: String = #fileID, line: Int = #line,
    _ handle: @escaping @Sendable (_ event: [UInt8], _ context: LambdaContext) async throws -> [UInt8]
  ) async {
    await run(FunctionHandler(file: file, line: line, handle), tracing: tracing)
  }

  /// Runs a function that has nothing to initialize until SIGTERM. See ``run(tracing:initialize:)``.
  public static func run(_ handler: FunctionHandler, tracing: TracingOptions = []) async {
    await run(tracing: tracing) { _ in handler }
  }

  /// Initializes a function and runs it until SIGTERM.
  ///
  /// An error of `initialize` is told to Lambda and ends the process with status 1, and so does an answer of Lambda
  /// that no runtime may survive, such as 403 and 500. Why, is in the log then.
  ///
  /// - Parameter initialize: Opens what all invocations share, and makes the handler. Lambda gives it 10 s.
  public static func run(
    tracing: TracingOptions = [], initialize: @escaping @Sendable (_ xray: XRayRecorder) async throws -> FunctionHandler
  ) async {
    let runtime = LambdaRuntime(tracing: tracing, initialize: initialize)
    do {
      try await runtime.serveUntilTerminated()
    } catch {
      standardLogger.critical("\(error)")
      fflush(nil)
      exit(EXIT_FAILURE)
    }
  }

  private func serveUntilTerminated() async throws {
    let terminations = await Self.terminations()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await serve() }
      group.addTask { for await _ in terminations { return } }
      try await group.next()
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  /// Begins to watch for SIGTERM, which from then on does not end the process by itself.
  private static func terminations() async -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let source = DispatchSource.makeSignalSource(signal: SIGTERM)
    source.setEventHandler { continuation.yield() }
    await withCheckedContinuation { watching in
      source.setRegistrationHandler { watching.resume() }
      source.resume()
    }
    continuation.onTermination = { _ in source.cancel() }
    return stream
  }
}
