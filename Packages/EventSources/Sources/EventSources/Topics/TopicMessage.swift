public import XRayModel

/// What is published to a topic.
public struct TopicMessage: Hashable, Sendable {
  /// What subscribers get that have no body of their own in ``bodies``.
  public var body: String
  /// At most 100 characters.
  public var subject: String?
  /// Message attributes, by name.
  public var attributes: [String: MessageAttribute] = [:]
  /// Bodies for subscribers of one kind, which they get instead of ``body``.
  public var bodies: [TopicSubscription.Target: String] = [:]
  /// Of messages to FIFO topics: what belongs together, in order.
  public var groupID: String?
  /// Of messages to FIFO topics: those with the same one within five minutes are one.
  public var deduplicationID: String?
  /// The publisher's, whose `Parent` is the segment or subsegment that published.
  public var traceHeader: String?

  /// A message without attributes.
  public init(body: String) { self.body = body }

  /// SNS: the largest message, with its attributes.
  public static let bytesLimit = 262_144

  /// Bytes of the largest body that a subscriber gets, and of the attributes' names, types and values.
  public var bytes: Int { bodies.values.reduce(body.utf8.count) { max($0, $1.utf8.count) } + attributes.bytes }
}

/// What publishing a message has made of it.
public struct PublishedMessage: Hashable, Sendable {
  /// A UUID.
  public var id: String
  /// When it was published.
  public var time: Timestamp
  /// Of FIFO topics: 20 digits, greater with each message.
  public var sequenceNumber: String?
}
