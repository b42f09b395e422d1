public import Logging
public import XRayModel
public import XRaySDK

/// What a handler may know about its invocation, beside the event.
public struct LambdaContext: Sendable {
  /// The same for all attempts at one event.
  public let requestID: String
  /// When Lambda ends the process, whatever it is doing.
  public let deadline: Timestamp
  /// The function's ARN as it was invoked, with the version or alias that was named.
  public let invokedFunctionARN: String
  /// The tracing header, as text. `nil` when Lambda gave none.
  public let traceHeader: String?
  /// JSON that a caller sent in `X-Amz-Client-Context`.
  public let clientContext: String?
  /// JSON that mobile clients of AWS send about their user.
  public let cognitoIdentity: String?
  /// Whose invocation it is, for functions that keep tenants apart.
  public let tenantID: String?
  /// The media type of the event, usually `application/json`.
  public let contentType: String?
  /// The function that this process is.
  public let function: FunctionDescription
  /// Records subsegments of this invocation.
  public let xray: XRayRecorder
  /// Writes to standard output, which becomes the function's log. Lines of a sampled invocation have its trace.
  public let logger: Logger

  /// Time until ``deadline``; negative when it has passed.
  public var remainingTime: Duration { xray.clock.now.duration(to: deadline) }
}

/// What Lambda's variables say about the function. Values are `nil` where a variable is missing.
public struct FunctionDescription: Hashable, Sendable {
  /// `AWS_LAMBDA_FUNCTION_NAME`
  public let name: String?
  /// `AWS_LAMBDA_FUNCTION_VERSION`: a number, or `$LATEST`.
  public let version: String?
  /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MB.
  public let memory: Int?
  /// `AWS_LAMBDA_LOG_GROUP_NAME`
  public let logGroup: String?
  /// `AWS_LAMBDA_LOG_STREAM_NAME`
  public let logStream: String?
  /// `AWS_REGION`
  public let region: String?

  init(_ environment: [String: String]) {
    name = environment["AWS_LAMBDA_FUNCTION_NAME"]
    version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
    memory = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"].flatMap { Int($0) }
    logGroup = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
    logStream = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
    region = environment["AWS_REGION"]
  }
}

extension LambdaContext {
  init(_ event: RuntimeEvent, function: FunctionDescription, xray: XRayRecorder, logger: Logger) {
    var logger = logger
    logger[metadataKey: "requestID"] = "\(event.requestID)"
    requestID = event.requestID
    deadline = event.deadline
    invokedFunctionARN = event.invokedFunctionARN
    traceHeader = event.traceHeader
    clientContext = event.clientContext
    cognitoIdentity = event.cognitoIdentity
    tenantID = event.tenantID
    contentType = event.contentType
    self.function = function
    self.xray = xray
    self.logger = logger
  }
}
