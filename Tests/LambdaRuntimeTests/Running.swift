import Logging
import Synchronization
import Testing
import XRayModel
import XRaySDK

@testable import LambdaRuntime

/// Values of `_X_AMZN_TRACE_ID` in the order in which the runtime set them, instead of the process's own.
final class TraceVariable: Sendable {
  private let values = Mutex<[String?]>([])
  var history: [String?] { values.withLock { $0 } }
  func set(_ value: String?) { values.withLock { $0.append(value) } }
}

/// A runtime whose recorder keeps the documents here.
struct Rig {
  static let header = "Root=1-6b015f5a-f395b0ce4ed24c2cbf3e82ed;Parent=b40d1e57569d4fbe;Sampled=1"
  static let traced: StubAPI.Reply = .event("r-1", headers: ["Lambda-Runtime-Trace-Id": header])

  let emitter = CollectingEmitter()
  let clock = VirtualClock(start: Timestamp(seconds: 1_795_252_059))
  let variable = TraceVariable()
  let recorder: XRayRecorder
  var tracing: TracingOptions = []
  var environment = [
    "LAMBDA_TASK_ROOT": "/var/task", "AWS_LAMBDA_FUNCTION_NAME": "shop", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/shop",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/21/[$LATEST]abc", "AWS_REGION": "eu-central-1",
  ]

  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init() {
    recorder = XRayRecorder(
      environment: environment, clock: clock, random: RandomSource(seed: 1), emitter: emitter, logger: Self.quiet)
  }

  func runtime(_ stub: StubAPI?, initialize: @escaping LambdaRuntime.Initialization) -> LambdaRuntime {
    var environment = environment
    environment["AWS_LAMBDA_RUNTIME_API"] = stub?.address
    return LambdaRuntime(
      tracing: tracing, environment: environment, recorder: recorder, logger: Self.quiet,
      setTraceVariable: variable.set, initialize: initialize)
  }

  /// Serves until `stub` was told of so many results.
  @discardableResult
  func serve(
    _ stub: StubAPI, posts: Int, initialize: @escaping LambdaRuntime.Initialization
  ) async throws -> [StubAPI.Call] {
    let runtime = runtime(stub, initialize: initialize)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await runtime.serve() }
      group.addTask { try await eventually { stub.posts.count >= posts } }
      try await group.next()
      group.cancelAll()
      try await group.waitForAll()
    }
    return stub.posts
  }

  /// The same with a handler over bytes.
  @discardableResult
  func serve(
    _ stub: StubAPI, posts: Int,
    handler: @escaping @Sendable ([UInt8], LambdaContext) async throws -> [UInt8]
  ) async throws -> [StubAPI.Call] {
    try await serve(stub, posts: posts) { _ in FunctionHandler(file: "shop/main.swift", line: 7, handler) }
  }
}

struct TooLong: Error {}

/// Waits for a condition; for as long as even a busy machine may need.
func eventually(_ condition: @Sendable () -> Bool) async throws {
  let deadline = ContinuousClock.now.advanced(by: .seconds(600))
  while !condition() {
    if ContinuousClock.now > deadline { throw TooLong() }
    try await Task.sleep(for: .milliseconds(1))
  }
}

struct OrderError: CausedError, CustomStringConvertible {
  var description: String
  var cause: (any Error)?

  init(_ description: String, cause: (any Error)? = nil) {
    self.description = description
    self.cause = cause
  }
}
