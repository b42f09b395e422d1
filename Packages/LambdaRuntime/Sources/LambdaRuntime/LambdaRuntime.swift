public import Logging
import NIOPosix
import XRayModel
public import XRaySDK

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The client of Lambda's Runtime API: asks for events, gives them to a handler, and tells Lambda what came of them.
///
/// A function is a program whose `main.swift` ends with ``run(tracing:file:line:_:)`` or one of its siblings. In a
/// program that is more than that, make a value and call ``serve()``.
public struct LambdaRuntime: Sendable {
  /// Makes the handler, with the recorder that the handler's invocations will have.
  public typealias Initialization = @Sendable (_ xray: XRayRecorder) async throws -> FunctionHandler

  private let tracing: TracingOptions
  private let environment: [String: String]
  private let recorder: XRayRecorder?
  private let logger: Logger
  private let setTraceVariable: @Sendable (String?) -> Void
  private let initialize: Initialization

  /// A runtime that has done nothing yet.
  ///
  /// - Parameters:
  ///   - tracing: What is sent beyond what Lambda's own runtimes send.
  ///   - environment: Lambda's variables; `AWS_LAMBDA_RUNTIME_API` must be among them.
  ///   - recorder: Records what handlers do. By default one that sends to `AWS_XRAY_DAEMON_ADDRESS`.
  ///   - logger: Of the contexts, and of the runtime itself. By default standard output, with the trace of a line.
  ///   - initialize: Runs once, before the first event.
  public init(
    tracing: TracingOptions = [], environment: [String: String] = ProcessEnvironment.current,
    recorder: XRayRecorder? = nil, logger: Logger = LambdaRuntime.standardLogger,
    initialize: @escaping Initialization
  ) {
    self.init(
      tracing: tracing, environment: environment, recorder: recorder, logger: logger,
      setTraceVariable: LambdaRuntime.setTraceVariable, initialize: initialize)
  }

  init(
    tracing: TracingOptions, environment: [String: String], recorder: XRayRecorder?, logger: Logger,
    setTraceVariable: @escaping @Sendable (String?) -> Void, initialize: @escaping Initialization
  ) {
    self.tracing = tracing
    self.environment = environment
    self.recorder = recorder
    self.logger = logger
    self.setTraceVariable = setTraceVariable
    self.initialize = initialize
  }

  /// Writes lines to standard output. Those of a sampled invocation have its trace.
  public static let standardLogger = Logger(label: "lambda") { label in
    StreamLogHandler.standardOutput(label: label, metadataProvider: .xray)
  }

  /// Initializes, and takes one event after the other until the task is cancelled.
  ///
  /// A handler that is at work then is cancelled, too, and what it answers is still told.
  ///
  /// For other languages' code and SDKs in the same process, `_X_AMZN_TRACE_ID` has the header of the present
  /// invocation. Variables belong to the whole process: do not read them in threads that outlive an invocation.
  public func serve() async throws(LambdaRuntimeError) {
    // One connection needs one thread.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let connection = try APIConnection(address: environment["AWS_LAMBDA_RUNTIME_API"], group: group)
    do {
      try await serve(connection)
    } catch {
      await end(connection, group)
      throw error
    }
    await end(connection, group)
  }

  private func serve(_ connection: APIConnection) async throws(LambdaRuntimeError) {
    let api = RuntimeAPI(
      connection, workingDirectory: environment["LAMBDA_TASK_ROOT"] ?? "", logger: logger)
    let (handler, recorder) = try await initialized(api)
    let function = FunctionDescription(environment)
    while !Task.isCancelled, let event = try await api.next() {
      setTraceVariable(event.traceHeader)
      let context = LambdaContext(event, function: function, xray: recorder, logger: logger)
      let result = await recorder.withInvocation(header: event.traceHeader) {
        await outcome(of: handler, event.body, context)
      }
      // Lambda stops the process when it has the answer: the log must be out by then.
      fflush(nil)
      switch result {
      case .answer(let body): try await api.answer(event.requestID, body)
      case .failed(let report): try await api.fail(event.requestID, report)
      }
    }
  }

  private func end(_ connection: APIConnection, _ group: MultiThreadedEventLoopGroup) async {
    await connection.close()
    try? await group.shutdownGracefully()
  }

  private func initialized(_ api: RuntimeAPI) async throws(LambdaRuntimeError) -> (FunctionHandler, XRayRecorder) {
    let failure: any Error
    do {
      let recorder = try self.recorder ?? XRayRecorder(environment: environment, logger: logger)
      let header = tracing.contains(.initialization) ? environment[TraceHeader.environmentName] : nil
      let handler = try await recorder.withInvocation(header: header) { try await initialize(recorder) }
      return (handler, recorder)
    } catch {
      failure = error
    }
    fflush(nil)
    do {
      try await api.failInitialization(ErrorReport(failure))
    } catch {
      // What is thrown is another story then.
      logger.error("the initialization failed: \(failure)")
      throw error
    }
    throw .initializationFailed(reason: "\(failure)")
  }

  // MARK: One invocation

  private enum Outcome: Sendable {
    case answer([UInt8])
    case failed(ErrorReport)
  }

  private func outcome(of handler: FunctionHandler, _ event: [UInt8], _ context: LambdaContext) async -> Outcome {
    // Is cancelled and awaited when the handler has returned.
    async let _ = sendProgress(before: context.deadline, context.xray)
    do {
      let body = try await handler.handle(event, context)
      if body.count <= RuntimeAPI.answerBytesLimit { return .answer(body) }
      return failure(.answerTooLarge(body.count, site: handler.site), context)
    } catch {
      return failure(ErrorReport(error, site: handler.site), context)
    }
  }

  private func failure(_ report: ErrorReport, _ context: LambdaContext) -> Outcome {
    context.logger.error("\(report.type): \(report.message)")
    return .failed(report)
  }

  private func sendProgress(before deadline: Timestamp, _ recorder: XRayRecorder) async {
    guard tracing.contains(.progressBeforeDeadline) else { return }
    let reserve = min(max(recorder.clock.now.duration(to: deadline) / 20, .milliseconds(100)), .seconds(1))
    do {
      try await recorder.clock.sleep(until: deadline.advanced(by: .zero - reserve), tolerance: nil)
      recorder.sendProgress()
    } catch {
      // The invocation was over before.
    }
  }

  private static let setTraceVariable: @Sendable (String?) -> Void = { header in
    if let header {
      setenv(TraceHeader.environmentName, header, 1)
    } else {
      unsetenv(TraceHeader.environmentName)
    }
  }
}
