/// What a queue does with messages that are not processed.
public struct RedrivePolicy: Hashable, Sendable {
  /// The ARN of the dead letter queue.
  public var target: String
  /// 1 to 1,000: how often a message is received before it is a dead letter.
  public var maximumReceiveCount: Int

  public init(target: String, maximumReceiveCount: Int) {
    self.target = target
    self.maximumReceiveCount = maximumReceiveCount
  }
}

/// How a queue works.
public struct QueueSettings: Hashable, Sendable {
  /// 0 to 900: how long each message is hidden at first.
  public var delaySeconds = 0
  /// 0 to 43,200: how long a message is hidden once it was received.
  public var visibilityTimeoutSeconds = 30
  /// 60 to 1,209,600: how old a message becomes.
  public var retentionSeconds = 345_600
  /// 1,024 to 1,048,576, body and attributes together.
  public var maximumMessageBytes = 1_048_576
  /// 0 to 20: how long a receiver waits that does not say so itself.
  public var receiveWaitSeconds = 0
  public var redrive: RedrivePolicy?
  /// First in, first out; the names of such queues end in `.fifo`.
  public let isOrdered: Bool
  /// Whether messages without a deduplication id have the digest of their body as one.
  public var deduplicatesByContent = false
  /// Whether deduplication ids count within their group only.
  public var deduplicatesByGroup = false
  /// What is kept and told and has no effect here, such as `Policy` and `KmsMasterKeyId`.
  public var others: [String: String] = [:]

  /// The settings of a new queue.
  public init(isOrdered: Bool = false) { self.isOrdered = isOrdered }

  /// How long a message is hidden once it was received.
  public var visibilityTimeout: Duration { .seconds(visibilityTimeoutSeconds) }
}
