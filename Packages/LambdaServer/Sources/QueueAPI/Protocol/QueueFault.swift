import EventSources
import XRayModel

/// Why a call was refused, as the API tells it.
struct QueueFault: Error, Hashable {
  enum Kind: Hashable {
    case queueDoesNotExist, queueNameExists, invalidAttributeName, invalidAttributeValue, invalidParameterValue
    case invalidMessageContents, receiptHandleIsInvalid, messageNotInFlight, purgeQueueInProgress, overLimit
    case unsupportedOperation, missingParameter, unknownOperation, serialization, internalFailure
    case tooManyEntries, emptyBatch, entryIDsNotDistinct, invalidEntryID, batchTooLong
  }

  var kind: Kind
  var message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  init(_ error: QueueError) {
    let kind: Kind =
      switch error.code {
      case .queueDoesNotExist: .queueDoesNotExist
      case .queueNameExists: .queueNameExists
      case .invalidAttributeName: .invalidAttributeName
      case .invalidAttributeValue: .invalidAttributeValue
      case .invalidParameterValue: .invalidParameterValue
      case .invalidMessageContents: .invalidMessageContents
      case .receiptHandleIsInvalid: .receiptHandleIsInvalid
      case .messageNotInFlight: .messageNotInFlight
      case .purgeQueueInProgress: .purgeQueueInProgress
      case .unsupportedOperation: .unsupportedOperation
      case .overLimit: .overLimit
      case .internalFailure: .internalFailure
      }
    self.init(kind, error.message)
  }

  static func invalid(_ message: String) -> QueueFault { QueueFault(.invalidParameterValue, message) }

  static func missing(_ name: String) -> QueueFault {
    QueueFault(.missingParameter, "The request must contain the parameter \(name).")
  }

  /// The JSON protocol's form.
  var body: JSONValue { ["__type": .string("com.amazonaws.sqs#\(kind.type)"), "message": .string(message)] }
}

extension QueueFault.Kind {
  /// The name in the service's model, and the code of the older query protocol, which clients know, too.
  private var names: (type: String, queryCode: String) {
    let prefix = "AWS.SimpleQueueService."
    return switch self {
    case .queueDoesNotExist: ("QueueDoesNotExist", prefix + "NonExistentQueue")
    case .queueNameExists: ("QueueNameExists", "QueueAlreadyExists")
    case .invalidAttributeName: ("InvalidAttributeName", "InvalidAttributeName")
    case .invalidAttributeValue: ("InvalidAttributeValue", "InvalidAttributeValue")
    case .invalidParameterValue: ("InvalidParameterValueException", "InvalidParameterValue")
    case .invalidMessageContents: ("InvalidMessageContents", "InvalidMessageContents")
    case .receiptHandleIsInvalid: ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid")
    case .messageNotInFlight: ("MessageNotInflight", prefix + "MessageNotInflight")
    case .purgeQueueInProgress: ("PurgeQueueInProgress", prefix + "PurgeQueueInProgress")
    case .overLimit: ("OverLimit", "OverLimit")
    case .unsupportedOperation: ("UnsupportedOperation", prefix + "UnsupportedOperation")
    case .missingParameter: ("MissingRequiredParameterException", "MissingParameter")
    case .unknownOperation: ("UnknownOperationException", "InvalidAction")
    case .serialization: ("SerializationException", "MalformedInput")
    case .internalFailure: ("InternalFailure", "InternalFailure")
    case .tooManyEntries: ("TooManyEntriesInBatchRequest", prefix + "TooManyEntriesInBatchRequest")
    case .emptyBatch: ("EmptyBatchRequest", prefix + "EmptyBatchRequest")
    case .entryIDsNotDistinct: ("BatchEntryIdsNotDistinct", prefix + "BatchEntryIdsNotDistinct")
    case .invalidEntryID: ("InvalidBatchEntryId", prefix + "InvalidBatchEntryId")
    case .batchTooLong: ("BatchRequestTooLong", prefix + "BatchRequestTooLong")
    }
  }

  var type: String { names.type }
  var queryCode: String { names.queryCode }
  var isSendersFault: Bool { self != .internalFailure }

  var status: Int {
    switch self {
    case .internalFailure: 500
    case .purgeQueueInProgress, .overLimit: 403
    default: 400
    }
  }
}

/// Runs what throws an error of a queue and translates that.
func translating<Result>(_ body: () throws(QueueError) -> Result) throws(QueueFault) -> Result {
  do throws(QueueError) { return try body() } catch { throw QueueFault(error) }
}
