/// Why a queue refuses something.
public struct QueueError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The errors of SQS, and ours for a queue without room.
  public enum Code: Hashable, Sendable {
    case queueDoesNotExist, queueNameExists, invalidAttributeName, invalidAttributeValue, invalidParameterValue
    case invalidMessageContents, receiptHandleIsInvalid, messageNotInFlight, purgeQueueInProgress, unsupportedOperation
    /// There is no room: for bytes in a queue, or for another queue.
    case overLimit
    /// A change could not be kept.
    case internalFailure
  }

  public var code: Code
  public var message: String
  public var description: String { "\(code): \(message)" }

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}
