import XRayModel

/// A message on its way from a topic to one subscriber.
public struct TopicNotification: Hashable, Sendable {
  /// What was published.
  public let message: TopicMessage
  /// Its id and time.
  public let published: PublishedMessage
  /// The topic that it was published to.
  public let topicARN: String
  let region: String
  /// Who gets it.
  public let subscription: TopicSubscription
  /// The subscription's ARN.
  public let subscriptionARN: String

  private var body: String { message.bodies[subscription.target] ?? message.body }

  /// SQS: attributes of a message.
  static let attributeLimit = 10

  /// What a queue gets: SNS's envelope, or the message itself with its attributes when delivery is raw. `nil` when it has
  /// more attributes than messages of queues may have.
  public var queueMessage: NewMessage? {
    guard !subscription.isRaw || message.attributes.count <= Self.attributeLimit else { return nil }
    var new = NewMessage(subscription.isRaw ? Array(body.utf8) : envelope)
    if subscription.isRaw { new.attributes = message.attributes }
    new.traceHeader = message.traceHeader
    if subscription.endpoint.hasSuffix(".fifo") {
      new.groupID = message.groupID
      new.deduplicationID = message.deduplicationID
    }
    return new
  }

  private var envelope: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      writeMembers(to: &json, urlSuffix: "URL")
      if !message.attributes.isEmpty { writeAttributes(to: &json) }
    }
    return json.bytes
  }

  /// The event that a function gets.
  public var functionEvent: [UInt8] {
    var json = JSONWriter()
    json.object { json in
      json.key("Records")
      json.array { json in
        json.object { json in
          json.member("EventSource", "aws:sns")
          json.member("EventVersion", "1.0")
          json.member("EventSubscriptionArn", subscriptionARN)
          json.key("Sns")
          json.object { json in
            writeMembers(to: &json, urlSuffix: "Url")
            if message.subject == nil { json.member("Subject", JSONValue.null) }
            writeAttributes(to: &json)
          }
        }
      }
    }
    return json.bytes
  }

  /// Nobody signs here: the signature is a text that says so, and nothing is at the certificate's address.
  private func writeMembers(to json: inout JSONWriter, urlSuffix: String) {
    let host = "https://sns.\(region).amazonaws.com"
    json.member("Type", "Notification")
    json.member("MessageId", published.id)
    if let number = published.sequenceNumber { json.member("SequenceNumber", number) }
    json.member("TopicArn", topicARN)
    if let subject = message.subject { json.member("Subject", subject) }
    json.member("Message", body)
    json.member("Timestamp", published.time.iso8601)
    json.member("SignatureVersion", "1")
    json.member("Signature", "bm90IHNpZ25lZA==")
    json.member("SigningCert\(urlSuffix)", "\(host)/SimpleNotificationService-0000000000000000000000.pem")
    json.member("Unsubscribe\(urlSuffix)", "\(host)/?Action=Unsubscribe&SubscriptionArn=\(subscriptionARN)")
  }

  private func writeAttributes(to json: inout JSONWriter) {
    json.key("MessageAttributes")
    json.object { json in
      for (name, attribute) in message.attributes.sorted(by: { $0.key < $1.key }) {
        json.key(name)
        json.object { json in
          json.member("Type", attribute.type)
          json.member("Value", attribute.text ?? attribute.base64 ?? "")
        }
      }
    }
  }
}
