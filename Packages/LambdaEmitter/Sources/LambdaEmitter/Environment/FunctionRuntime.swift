/// One execution environment's runtime: the code of a function, ready to be called.
///
/// Lambda makes one for each environment, initializes it once, gives it one invocation after the other, never
/// two at a time, and shuts it down.
public protocol FunctionRuntime: Sendable {
  /// Runs what lies outside the handler. An error thrown here is an error of initialization.
  func initialize(_ context: InitializationContext) async throws

  /// Runs the handler once and returns its response.
  ///
  /// Throws ``FunctionError`` for an error that the function reports, ``RuntimeExit`` when its process is gone,
  /// ``RuntimeFailure`` when the service could not run it at all; any other error is reported by its type.
  /// When the task is cancelled the function's time is up: return soon, what is returned no longer counts.
  func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8]

  /// Called after each response; returns when the runtime is ready for the next invocation. What it takes is part
  /// of the invocation's Overhead.
  func freeze() async

  /// Whether nothing in the environment works on after ``freeze()``. Where something does, the answer does not wait for
  /// it, the invocation goes on until ``settle()`` returns, and the environment takes no other.
  var isSettled: Bool { get }

  /// Returns when nothing works any more. What it takes is part of the invocation's Overhead.
  ///
  /// Throws when the environment is lost: ``RuntimeExit`` when something in it failed, any other error when it took too
  /// long.
  func settle() async throws

  /// What was measured of the invocation that ended last; `nil` where nothing is.
  var spans: InvocationSpans? { get }

  /// Tells what the service knows. Returns at once, and makes the event only when somebody wants it.
  func report(_ event: @autoclosure () -> PlatformEvent)

  /// Hands over what the function has sent to its daemon and nobody has read yet. Called when the function's time is
  /// up, before its daemon takes nothing more.
  func flush() async

  /// Called once, when the environment ends: after a crash or a timeout, or because it is no longer needed.
  func shutDown() async
}

extension FunctionRuntime {
  public func initialize(_ context: InitializationContext) async throws {}
  public func freeze() async {}
  public var isSettled: Bool { true }
  public func settle() async throws {}
  public var spans: InvocationSpans? { nil }
  public func report(_ event: @autoclosure () -> PlatformEvent) {}
  public func flush() async {}
  public func shutDown() async {}
}

/// What a function is invoked with.
public struct InvocationEvent: Hashable, Sendable {
  /// JSON.
  public var bytes: [UInt8]
  public var requestID: String

  public init(bytes: [UInt8], requestID: String) {
    self.bytes = bytes
    self.requestID = requestID
  }
}

/// A function as a closure, with another one for what would stand outside the handler.
public struct ClosureRuntime: FunctionRuntime {
  public typealias Handler = @Sendable (InvocationEvent, InvocationContext) async throws -> [UInt8]
  public typealias Initializer = @Sendable (InitializationContext) async throws -> Void

  private let initializer: Initializer
  private let handler: Handler

  public init(initialize: @escaping Initializer = { _ in }, handler: @escaping Handler) {
    self.initializer = initialize
    self.handler = handler
  }

  public func initialize(_ context: InitializationContext) async throws { try await initializer(context) }

  public func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] {
    try await handler(event, context)
  }
}
