/// Why the Lambda service refused a request, with the status and the names that its API answers.
public struct LambdaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The exception's name in the API, as in the header `x-amzn-ErrorType`.
  public enum Code: String, Hashable, Sendable {
    case invalidParameterValue = "InvalidParameterValueException"
    case invalidRequestContent = "InvalidRequestContentException"
    case requestTooLarge = "RequestTooLargeException"
    case resourceConflict = "ResourceConflictException"
    case resourceNotFound = "ResourceNotFoundException"
    case tooManyRequests = "TooManyRequestsException"
    /// The service itself failed: an environment could not be started, or the service is closing.
    case service = "ServiceException"

    /// The HTTP status that goes with it.
    public var statusCode: Int {
      switch self {
      case .invalidParameterValue, .invalidRequestContent: 400
      case .resourceNotFound: 404
      case .resourceConflict: 409
      case .requestTooLarge: 413
      case .tooManyRequests: 429
      case .service: 500
      }
    }
  }

  /// Why a request was throttled: the member `Reason`.
  public enum ThrottleReason: String, Hashable, Sendable {
    case concurrentInvocations = "ConcurrentInvocationLimitExceeded"
    case reservedConcurrentInvocations = "ReservedFunctionConcurrentInvocationLimitExceeded"
    case invocationRate = "FunctionInvocationRateLimitExceeded"
    case reservedInvocationRate = "ReservedFunctionInvocationRateLimitExceeded"
  }

  public var code: Code
  public var message: String
  /// Only of ``Code/tooManyRequests``.
  public var reason: ThrottleReason?

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// A throttled request: `Rate Exceeded.`
  public init(throttled reason: ThrottleReason) {
    self.init(.tooManyRequests, "Rate Exceeded.")
    self.reason = reason
  }

  public var statusCode: Int { code.statusCode }
  /// `Service` for failures of the service, `User` for everything else: the member `Type`.
  public var fault: String { code == .service ? "Service" : "User" }
  public var description: String { "\(code.rawValue): \(message)" + (reason.map { " (\($0.rawValue))" } ?? "") }
}
