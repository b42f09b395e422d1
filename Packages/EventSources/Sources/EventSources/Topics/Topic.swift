/// A topic, as it was made: what is published to it is not kept.
public struct Topic: Hashable, Sendable {
  /// 1 to 256 letters, digits, `-` and `_`; the name of a FIFO topic ends with `.fifo`.
  public let name: String
  /// The attributes that were set, by SNS's names, such as `DisplayName` and `ContentBasedDeduplication`.
  public var attributes: [String: String] = [:]
  /// At most 50, by key.
  public var tags: [String: String] = [:]

  /// A topic without attributes.
  public init(name: String) { self.name = name }

  /// Whether it keeps the order of a group's messages, and drops those that come twice.
  public var isFIFO: Bool { name.hasSuffix(".fifo") }
}

/// Who gets what is published to a topic.
public struct TopicSubscription: Hashable, Sendable {
  /// What can be delivered to here.
  public enum Target: String, Hashable, Sendable, CaseIterable {
    case queue = "sqs"
    case function = "lambda"
  }

  /// The last part of its ARN.
  public let id: String
  /// The topic's name.
  public let topic: String
  /// What the endpoint is.
  public let target: Target
  /// The ARN of the queue or the function.
  public let endpoint: String
  /// Whether a queue gets the message itself and not SNS's envelope.
  public var isRaw = false
  /// Which messages it gets; all without one.
  public var filter: FilterPolicy?

  /// A subscription to everything.
  public init(id: String, topic: String, target: Target, endpoint: String) {
    self.id = id
    self.topic = topic
    self.target = target
    self.endpoint = endpoint
  }
}
