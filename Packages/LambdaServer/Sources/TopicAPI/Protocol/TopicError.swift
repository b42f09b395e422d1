import EventSources
import QueryProtocol

/// Why a call was refused, with the code that SNS answers.
struct TopicError: Error, Hashable, CustomStringConvertible {
  enum Code: String, Sendable {
    case batchEntryIDsNotDistinct = "BatchEntryIdsNotDistinct"
    case batchRequestTooLong = "BatchRequestTooLong"
    case emptyBatchRequest = "EmptyBatchRequest"
    case internalError = "InternalError"
    case invalidAction = "InvalidAction"
    case invalidBatchEntryID = "InvalidBatchEntryId"
    case invalidParameter = "InvalidParameter"
    case malformedQueryString = "MalformedQueryString"
    case missingAction = "MissingAction"
    case notFound = "NotFound"
    case parameterValueInvalid = "ParameterValueInvalid"
    case requestTooLarge = "RequestEntityTooLarge"
    case resourceNotFound = "ResourceNotFound"
    case subscriptionLimitExceeded = "SubscriptionLimitExceeded"
    case tagLimitExceeded = "TagLimitExceeded"
    case tooManyEntries = "TooManyEntriesInBatchRequest"
    case topicLimitExceeded = "TopicLimitExceeded"

    /// The HTTP status that goes with it.
    var status: Int {
      switch self {
      case .subscriptionLimitExceeded, .topicLimitExceeded: 403
      case .malformedQueryString, .notFound, .resourceNotFound: 404
      case .requestTooLarge: 413
      case .internalError: 500
      default: 400
      }
    }
  }

  var code: Code
  var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  init(_ error: QueryFormError) {
    self.init(error.isAboutSize ? .requestTooLarge : .malformedQueryString, error.description)
  }

  /// A parameter that is missing or wrong, in the words of SNS.
  static func invalid(_ parameter: String, _ reason: String? = nil) -> TopicError {
    TopicError(.invalidParameter, "Invalid parameter: \(parameter)" + (reason.map { " Reason: \($0)" } ?? ""))
  }

  static let noTopic = TopicError(.notFound, "Topic does not exist")
  static let noSubscription = TopicError(.notFound, "Subscription does not exist")

  var description: String { "\(code.rawValue): \(message)" }

  /// As the protocol's envelope tells it.
  var refusal: QueryRefusal { QueryRefusal(code: code.rawValue, message: message, status: code.status) }
}
