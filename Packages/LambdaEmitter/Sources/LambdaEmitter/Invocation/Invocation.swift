public import XRayModel

/// How a function is invoked: the header `X-Amz-Invocation-Type`.
public enum InvocationType: String, Hashable, Sendable, CaseIterable {
  case requestResponse = "RequestResponse"
  case event = "Event"
  /// Checks the request and runs nothing.
  case dryRun = "DryRun"

  /// Lambda: the largest payload, 6 MB or 1 MB.
  public var payloadBytesLimit: Int { self == .event ? 1_048_576 : 6_291_456 }
}

/// What the service answers to an invocation.
public struct InvocationResult: Hashable, Sendable {
  /// 200, 202 or 204; a function that fails is answered with 200 as well.
  public var statusCode: Int
  public var payload: [UInt8] = []
  /// `Unhandled` when the function failed: the header `X-Amz-Function-Error`.
  public var functionError: String?
  public var requestID: String
  /// The version that ran, such as `$LATEST` or `3`.
  public var executedVersion: String
  /// The trace and whether it is recorded: the header `X-Amzn-Trace-Id`.
  public var traceHeader: TraceHeader
  /// The log of a synchronous invocation.
  public var logLines: [String] = []
}

/// One accepted request, with what all its attempts share.
struct Invocation: Sendable {
  let function: FunctionVersion
  /// The function's ARN with the qualifier that the caller used.
  let invokedARN: String
  /// That qualifier: a version or an alias.
  var qualifier: String?
  let payload: [UInt8]
  /// JSON of the caller's own, of a synchronous request.
  var clientContext: [UInt8]?
  let requestID: String
  let trace: InvocationTrace
  /// To the producers of a batch.
  var links: [TraceLink] = []
  /// The id of the service's segment.
  let segmentID: EntityID
  let received: Timestamp
  /// Whether it is an event that the service itself gave the function, which nobody waits for.
  var isPosted = false
  /// Of an event that was accepted before this service began.
  var progress: EventProgress?

  /// The service's segment, `AWS::Lambda`, in milliseconds.
  func serviceSegment(end: Timestamp, status: Int, isFault: Bool = false) -> Entity {
    var segment = Entity(
      .segment, id: segmentID, name: function.configuration.name, traceID: trace.id, parentID: trace.parent,
      start: received.inMilliseconds, end: end.inMilliseconds)
    segment.http = HTTPBlock(response: .init(status: status))
    segment.aws = ["request_id": .string(requestID)]
    segment.origin = "AWS::Lambda"
    segment.resourceARN = invokedARN
    segment.isError = (400..<500).contains(status)
    segment.isThrottle = status == 429
    segment.isFault = isFault || status >= 500
    return segment
  }

  /// A subsegment of an asynchronous invocation's segment. It outlives that segment, so it is a document of its own.
  func serviceSubsegment(_ name: String, id: EntityID, from start: Timestamp, to end: Timestamp) -> Entity {
    Entity(
      .subsegment, id: id, name: name, traceID: trace.id, parentID: segmentID, start: start.inMilliseconds,
      end: end.inMilliseconds)
  }
}

extension Timestamp {
  var inMilliseconds: Timestamp { rounded(toTicks: 10_000) }
  var inMicroseconds: Timestamp { rounded(toTicks: 10) }
}

/// What became of one attempt.
enum AttemptOutcome: Sendable {
  /// The function answered, or failed.
  case answered(FunctionAnswer)
  /// It could not run: throttled, or the service failed.
  case refused(LambdaError)

  var hasFailed: Bool { if case .answered(let answer) = self { answer.isError } else { true } }
}

struct FunctionAnswer: Sendable {
  var payload: [UInt8]
  var isError: Bool
  var logLines: [String]
}
