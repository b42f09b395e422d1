import QueryProtocol

/// Why a call was refused, with the code that IAM answers.
struct IAMError: Error, Hashable, CustomStringConvertible {
  enum Code: String, Sendable {
    case accessDenied = "AccessDenied"
    case deleteConflict = "DeleteConflict"
    case entityAlreadyExists = "EntityAlreadyExists"
    case invalidAction = "InvalidAction"
    case invalidInput = "InvalidInput"
    case limitExceeded = "LimitExceeded"
    case malformedPolicyDocument = "MalformedPolicyDocument"
    case malformedQueryString = "MalformedQueryString"
    case missingAction = "MissingAction"
    case noSuchEntity = "NoSuchEntity"
    case requestTooLarge = "RequestEntityTooLarge"
    case serviceFailure = "ServiceFailure"
    case validation = "ValidationError"

    /// The HTTP status that goes with it.
    var status: Int {
      switch self {
      case .accessDenied: 403
      case .deleteConflict, .entityAlreadyExists, .limitExceeded: 409
      case .malformedQueryString, .noSuchEntity: 404
      case .requestTooLarge: 413
      case .serviceFailure: 500
      case .invalidAction, .invalidInput, .malformedPolicyDocument, .missingAction, .validation: 400
      }
    }
  }

  var code: Code
  var message: String

  init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  var description: String { "\(code.rawValue): \(message)" }
}

extension IAMError {
  init(_ error: QueryFormError) {
    self.init(error.isAboutSize ? .requestTooLarge : .malformedQueryString, error.description)
  }

  /// As the protocol's envelope tells it.
  var refusal: QueryRefusal { QueryRefusal(code: code.rawValue, message: message, status: code.status) }
}
