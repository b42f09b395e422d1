/// Why a runtime gave up: its process ends with a status other than zero, and Lambda starts another one.
public enum LambdaRuntimeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// `AWS_LAMBDA_RUNTIME_API` is missing, or not `host:port`: the program does not run in Lambda.
  case noRuntimeAPI(address: String?)
  /// No connection, or one that ended before the answer was complete.
  case connectionFailed(reason: String)
  /// What came was no answer to `request`, such as `GET /runtime/invocation/next`.
  case malformedAnswer(to: String, reason: String)
  /// Lambda refused `request` with an HTTP status that a runtime must not survive.
  case refused(request: String, status: Int, message: String)
  /// The initialization failed, and Lambda was told.
  case initializationFailed(reason: String)

  public var description: String {
    switch self {
    case .noRuntimeAPI(nil): "AWS_LAMBDA_RUNTIME_API is missing: this is a program for Lambda"
    case .noRuntimeAPI(let address?): "AWS_LAMBDA_RUNTIME_API is \"\(address)\", not host:port"
    case .connectionFailed(let reason): "the Runtime API cannot be reached: \(reason)"
    case .malformedAnswer(let request, let reason): "the answer to \(request) \(reason)"
    case .refused(let request, let status, let message): "\(request) was refused with \(status): \(message)"
    case .initializationFailed(let reason): "the initialization failed: \(reason)"
    }
  }
}
