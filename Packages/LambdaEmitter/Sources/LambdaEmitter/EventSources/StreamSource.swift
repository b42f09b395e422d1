public import EventSources
public import XRayModel

/// How a function is fed from a stream.
public struct StreamSource: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case kinesis = "aws:kinesis"
    case dynamoDB = "aws:dynamodb"
  }

  public var kind: Kind
  /// The stream's ARN.
  public var stream: String
  /// 1 to 10,000 records. A batch also has at most 6 MB as the function gets it.
  public var batchSize = 100
  /// How long a batch may wait to become full, from its first record on: 0 to 300 seconds.
  public var windowSeconds = 0
  /// Retries of a batch that fails; `nil` retries until its records are too old. Tries that do not
  /// reach the function, because it is throttled, do not count.
  public var maximumRetryAttempts: Int?
  /// How old a record may become before it is given up: 60 to 604,800 seconds; `nil` is as long as its stream keeps it.
  public var maximumRecordAgeSeconds: Int? = 86_400
  /// Whether a batch that fails is halved, so that one bad record does not hold up the others.
  public var bisectsBatchOnError = false
  /// Whether the function says which records of a batch have failed: what lies before the first of them is done with.
  public var reportsBatchItemFailures = false
  /// Batches of one shard at a time, 1 to 10: records of one partition key stay in order.
  public var parallelizationFactor = 1
  /// Records that are not let through count as processed.
  public var filters = EventFilters()
  /// The ARN of the queue that is told of batches that were given up.
  public var onFailure: String?

  public init(_ kind: Kind, stream: String) {
    self.kind = kind
    self.stream = stream
  }

  /// Lambda: the largest event of a batch.
  static let eventBytesLimit = 6 * 1024 * 1024

  func check() throws(LambdaError) {
    guard (1...10_000).contains(batchSize) else {
      throw LambdaError(.invalidParameterValue, "batch size \(batchSize) must be 1 to 10,000")
    }
    guard (1...10).contains(parallelizationFactor) else {
      throw LambdaError(.invalidParameterValue, "parallelization factor \(parallelizationFactor) must be 1 to 10")
    }
  }
}

/// One record of a stream.
public struct StreamRecord: Hashable, Sendable {
  /// The record as the function gets it: an object with the members of its source.
  public var json: JSONObject
  public var sequenceNumber: String
  public var arrival: Timestamp
  /// The producer's `X-Amzn-Trace-Id`, where it is known.
  public var traceHeader: String?

  public init(json: JSONObject, sequenceNumber: String, arrival: Timestamp, traceHeader: String? = nil) {
    self.json = json
    self.sequenceNumber = sequenceNumber
    self.arrival = arrival
    self.traceHeader = traceHeader
  }
}
