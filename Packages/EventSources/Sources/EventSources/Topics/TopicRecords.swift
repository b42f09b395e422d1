/// The topics and subscriptions of one account in one region: a value, which the owner keeps where it likes.
public struct TopicRecords: Hashable, Sendable {
  /// The twelve digits of the account that the ARNs name.
  public let account: String
  /// The region that the ARNs name.
  public let region: String
  /// By name.
  public internal(set) var topics: [String: Topic] = [:]
  /// By id.
  public internal(set) var subscriptions: [String: TopicSubscription] = [:]

  /// An account without topics.
  public init(account: String = "123456789012", region: String = "us-east-1") {
    self.account = account
    self.region = region
  }

  /// The ARN of a topic, be it there or not.
  public func arn(ofTopic name: String) -> String { "arn:aws:sns:\(region):\(account):\(name)" }

  /// The ARN of a subscription.
  public func arn(of subscription: TopicSubscription) -> String {
    "\(arn(ofTopic: subscription.topic)):\(subscription.id)"
  }

  /// The topic `arn` of this account and region.
  public func topic(_ arn: String) -> Topic? { resource(arn).flatMap { topics[$0] } }

  /// The subscription `arn` of this account and region.
  public func subscription(_ arn: String) -> TopicSubscription? {
    guard let parts = resource(arn)?.split(separator: ":"), parts.count == 2,
      let subscription = subscriptions[String(parts[1])], subscription.topic == parts[0]
    else { return nil }
    return subscription
  }

  /// The subscriptions of the topic `name`, by id.
  public func subscriptions(ofTopic name: String) -> [TopicSubscription] {
    subscriptions.values.filter { $0.topic == name }.sorted { $0.id < $1.id }
  }

  /// Makes a topic, or replaces it.
  public mutating func put(_ topic: Topic) { topics[topic.name] = topic }

  /// Makes a subscription, or replaces it. Without its topic it gets nothing.
  public mutating func put(_ subscription: TopicSubscription) { subscriptions[subscription.id] = subscription }

  /// Takes a topic away, with its subscriptions.
  public mutating func removeTopic(_ name: String) {
    topics[name] = nil
    subscriptions = subscriptions.filter { $0.value.topic != name }
  }

  /// Takes a subscription away.
  public mutating func removeSubscription(_ id: String) { subscriptions[id] = nil }

  private func resource(_ text: String) -> String? {
    guard let arn = ARN(text), arn.service == "sns", arn.region == region, arn.account == account else { return nil }
    return arn.resource
  }
}
