import XRayModel

/// How long the parts of an invocation take that are the service's own; each is drawn anew within its range.
///
/// Initialization and the handler are measured, not drawn.
public struct InvocationTiming: Hashable, Sendable {
  /// From the receipt of a request to the search for an environment.
  public var routing: Milliseconds
  /// Until a new environment exists.
  public var environmentCreation: Milliseconds
  /// The first part of initialization: the runtime's process starts.
  public var runtimeStart: Milliseconds
  /// Until a ready environment has the request.
  public var handoff: Milliseconds
  /// From the start of the function's segment to that of its Invocation.
  public var rendering: Milliseconds
  /// From the response until the runtime asks for the next invocation.
  public var overhead: Milliseconds
  /// Until the response has left the service.
  public var responseReturn: Milliseconds
  /// From the receipt of an asynchronous request to its answer, 202.
  public var acceptance: Milliseconds
  /// From that answer to the first attempt, while nothing hinders it.
  public var queueing: Milliseconds

  /// How long initialization may take before an invocation; longer, and it is done again within the invocation's own
  /// time. Lambda: 10 seconds.
  public var initializationLimit = Duration.seconds(10)

  public typealias Milliseconds = ClosedRange<Double>

  /// What published traces of Lambda functions show.
  public static let recorded = InvocationTiming(
    routing: 3...8, environmentCreation: 150...750, runtimeStart: 80...250, handoff: 0.9...1.4,
    rendering: 0.07...0.3, overhead: 0.2...0.6, responseReturn: 1...3.2, acceptance: 8...16, queueing: 15...45)

  /// Nothing but initialization and the handler takes time: for functions whose own processes take theirs.
  public static let measured = InvocationTiming(
    routing: 0...0, environmentCreation: 0...0, runtimeStart: 0...0, handoff: 0...0, rendering: 0...0,
    overhead: 0...0, responseReturn: 0...0, acceptance: 0...0, queueing: 0...0)
}
