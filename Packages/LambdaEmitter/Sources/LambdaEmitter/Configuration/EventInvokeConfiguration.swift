/// What becomes of events that a function is given asynchronously.
public struct EventInvokeConfiguration: Hashable, Sendable {
  /// Attempts after the first one, 0 to 2, when the function fails.
  public var maximumRetryAttempts = 2
  /// How old an event may become, 60 to 21,600 seconds.
  public var maximumEventAgeSeconds = 21_600
  /// The ARN of the queue, topic or function that gets a record of each event that succeeded.
  public var onSuccess: String?
  /// The ARN of the queue, topic or function that gets a record of each event that was given up.
  public var onFailure: String?

  public init() {}

  func validate() throws(LambdaError) {
    guard (0...2).contains(maximumRetryAttempts) else {
      throw LambdaError(.invalidParameterValue, "maximum retry attempts \(maximumRetryAttempts) must be 0 to 2")
    }
    guard (60...21_600).contains(maximumEventAgeSeconds) else {
      throw LambdaError(
        .invalidParameterValue, "maximum event age \(maximumEventAgeSeconds) must be 60 to 21,600 seconds")
    }
  }
}
