public import XRayModel

/// What a sender says of a message.
public struct NewMessage: Hashable, Sendable {
  /// UTF-8.
  public var body: [UInt8]
  public var attributes: [String: MessageAttribute] = [:]
  /// The system attribute `AWSTraceHeader`: its `Parent` is the segment or subsegment that sent the message.
  public var traceHeader: String?
  /// Instead of the queue's own delay: 0 to 900 seconds.
  public var delaySeconds: Int?
  /// Messages of one group are received in their order; only of FIFO queues.
  public var groupID: String?
  /// What is sent with the same id within five minutes is one message; only of FIFO queues.
  public var deduplicationID: String?

  /// A message of a body alone.
  public init(_ body: [UInt8]) { self.body = body }
}

/// A message in a queue, as its receiver sees it.
public struct QueueMessage: Hashable, Sendable {
  /// A UUID.
  public internal(set) var id: String
  /// UTF-8.
  public internal(set) var body: [UInt8]
  public internal(set) var attributes: [String: MessageAttribute]
  /// The system attribute `AWSTraceHeader`.
  public internal(set) var traceHeader: String?
  public internal(set) var sent: Timestamp
  /// `nil` before the first receipt.
  public internal(set) var firstReceived: Timestamp?
  /// How often it was received, this time included.
  public internal(set) var receiveCount = 0
  /// Deletes the message, or changes its visibility; empty before the first receipt.
  public internal(set) var receiptHandle = ""
  public internal(set) var groupID: String?
  public internal(set) var deduplicationID: String?
  /// Twenty digits, larger for later messages; only of FIFO queues.
  public internal(set) var sequenceNumber: String?
  /// The ARN of the queue from which it was moved as a dead letter.
  public internal(set) var deadLetterSource: String?

  init(_ new: NewMessage, id: String, sent: Timestamp) {
    self.id = id
    self.sent = sent
    body = new.body
    attributes = new.attributes
    traceHeader = new.traceHeader
    groupID = new.groupID
    deduplicationID = new.deduplicationID
  }

  /// Bytes of the body and the attributes, as limits count them.
  public var bytes: Int { body.count + attributes.bytes }
  /// The MD5 digest of the body, in hexadecimal digits.
  public var bodyMD5: String { MD5.digest(body) }
}

extension NewMessage {
  /// Bytes of the body and the attributes, as limits count them.
  public var bytes: Int { body.count + attributes.bytes }
  /// The MD5 digest of the body, in hexadecimal digits.
  public var bodyMD5: String { MD5.digest(body) }
}

/// What a sender is answered.
public struct SentMessage: Hashable, Sendable {
  /// A UUID; of a duplicate, the first one's.
  public var id: String
  /// Only of FIFO queues.
  public var sequenceNumber: String?
}

extension QueueMessage {
  /// The attributes that the queue itself gives a message, as receivers see them; times are milliseconds since 1970.
  public var systemAttributes: [String: String] {
    var attributes = [
      "SenderId": Self.senderID,
      "SentTimestamp": String(sent.ticks / 10_000),
      "ApproximateReceiveCount": String(receiveCount),
    ]
    attributes["ApproximateFirstReceiveTimestamp"] = firstReceived.map { String($0.ticks / 10_000) }
    attributes["AWSTraceHeader"] = traceHeader
    attributes["MessageGroupId"] = groupID
    attributes["MessageDeduplicationId"] = deduplicationID
    attributes["SequenceNumber"] = sequenceNumber
    attributes["DeadLetterQueueSourceArn"] = deadLetterSource
    return attributes
  }

  /// Ours: nobody is authenticated.
  private static let senderID = "AIDALOCAL"
}
