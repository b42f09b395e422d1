/// A dead letter, a record of a destination or a notification that its target did not get.
public struct UndeliveredMessage: Hashable, Sendable, CustomStringConvertible {
  /// Why it was not delivered.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    case unknownTopic = "there is no such topic"
    case unknownFunction = "there is no such function"
    case unsupported = "targets of this kind are not emulated"
    case tooLarge = "the message is too large for the target"
    case refusedByQueue = "the queue has no room for it"
    case recursion = "the function has had its own events 16 times, or more than 32 functions are in a row"
    case refused = "no more events are accepted"
  }

  public var reason: Reason
  /// The target's ARN, cut to 400 characters.
  public var target: String

  /// - Parameter target: The target's ARN.
  public init(reason: Reason, target: String) {
    self.reason = reason
    self.target = target
  }

  public var description: String { "nothing was delivered to \(target): \(reason.rawValue)" }
}

extension LambdaService {
  /// Messages that their targets did not get.
  public var undelivered: [UndeliveredMessage.Reason: Int] { state.withLock { $0.undelivered } }

  func leaveUndelivered(_ reason: UndeliveredMessage.Reason, _ target: String) {
    state.withLock { $0.undelivered[reason, default: 0] += 1 }
    tellUndelivered(UndeliveredMessage(reason: reason, target: String(target.prefix(400))))
  }
}
