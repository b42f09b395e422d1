/// Keeps asynchronous events from the moment they are accepted until they are done, over the end of the process.
///
/// A service that has one loses no event when it is stopped or killed: whoever comes after it takes them up where they
/// were. Each event is told of in the order of its life: accepted once, then its progress, then done.
public protocol EventJournal: Sendable {
  /// Takes what was accepted before and is not done, in the order of acceptance; nothing the second time.
  func takePending() -> [AcceptedEvent]

  /// Returns when the event will be there even after a crash of the machine.
  ///
  /// - Throws: What the caller is answered with instead of 202.
  func accept(_ event: AcceptedEvent) async throws(LambdaError)

  /// Returns when this will be known after the end of this process.
  func note(_ progress: EventProgress, of requestID: String)

  /// The event succeeded, or was given up.
  func finish(_ requestID: String)
}
