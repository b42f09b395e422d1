import EventSources
import Testing
import XRayModel

private let ordersARN = "arn:aws:sns:us-east-1:123456789012:orders"

private func records(_ change: (inout TopicRecords) -> Void = { _ in }) -> TopicRecords {
  var records = TopicRecords()
  records.put(Topic(name: "orders"))
  change(&records)
  return records
}

private func subscription(
  _ id: String = "s1", topic: String = "orders", target: TopicSubscription.Target = .queue,
  endpoint: String = "arn:aws:sqs:us-east-1:123456789012:q", _ change: (inout TopicSubscription) -> Void = { _ in }
) -> TopicSubscription {
  var subscription = TopicSubscription(id: id, topic: topic, target: target, endpoint: endpoint)
  change(&subscription)
  return subscription
}

@Suite struct `A topic` {
  @Test func `is known by the ARN of its account and region`() {
    let records = records { $0.put(subscription()) }
    #expect(records.topic(ordersARN)?.name == "orders")
    for other in [
      "arn:aws:sns:eu-west-1:123456789012:orders", "arn:aws:sns:us-east-1:1:orders", "orders", "",
      "arn:aws:sqs:us-east-1:123456789012:orders",
    ] {
      #expect(records.topic(other) == nil)
    }
    #expect(records.subscription("\(ordersARN):s1")?.id == "s1")
    #expect(records.subscription("arn:aws:sns:us-east-1:123456789012:others:s1") == nil)
  }

  @Test func `tells who gets a message, and takes its subscriptions with it when it is deleted`() throws {
    let registry = TopicRegistry(
      records: records {
        $0.put(subscription("a"))
        $0.put(subscription("b", topic: "others"))
      })
    let random = RandomSource(seed: 1)
    let result = try #require(registry.publish(TopicMessage(body: "x"), to: ordersARN, at: start, random: random))
    #expect(result.notifications.map(\.subscription.id) == ["a"])
    #expect(result.message.time == start && result.message.sequenceNumber == nil)
    try registry.change(failure: { $0 }, { $0.removeTopic("orders") })
    #expect(registry.publish(TopicMessage(body: "x"), to: ordersARN, at: start, random: random) == nil)
    #expect(registry.current.subscriptions.keys.sorted() == ["b"])
  }

  @Test func `of the FIFO kind numbers messages and takes each once in five minutes`() throws {
    var records = TopicRecords()
    records.put(Topic(name: "orders.fifo"))
    records.put(subscription(topic: "orders.fifo", endpoint: "arn:aws:sqs:us-east-1:123456789012:q.fifo"))
    let registry = TopicRegistry(records: records)
    let random = RandomSource(seed: 1)
    func publish(_ id: String, at seconds: Int64) throws -> (PublishedMessage, Int) {
      var message = TopicMessage(body: "x")
      message.groupID = "g"
      message.deduplicationID = id
      let result = try #require(
        registry.publish(
          message, to: ordersARN + ".fifo", at: start.advanced(by: .seconds(seconds)), random: random))
      return (result.message, result.notifications.count)
    }
    let first = try publish("a", at: 0)
    #expect(first.0.sequenceNumber == "10000000000000000001" && first.1 == 1)
    let again = try publish("a", at: 299)
    #expect(again.0 == first.0 && again.1 == 0)
    let second = try publish("b", at: 299)
    #expect(second.0.sequenceNumber == "10000000000000000002")
    let later = try publish("a", at: 300)
    #expect(later.0.id != first.0.id && later.1 == 1)
  }

  @Test func `is kept before a change counts`() {
    struct DiskFull: Error {}
    let registry = TopicRegistry(records: records(), save: { _ in throw DiskFull() })
    #expect(throws: DiskFull.self) { try registry.change(failure: { $0 }, { $0.removeTopic("orders") }) }
    #expect(registry.current.topics.count == 1)
  }

  @Test func `comes back from JSON with its subscriptions`() throws {
    let policy = try FilterPolicy(parsing: #"{"a":{"b":[1]}}"#, scope: .body)
    let before = records {
      var topic = Topic(name: "news")
      topic.attributes = ["DisplayName": "News"]
      topic.tags = ["a": "b"]
      $0.put(topic)
      $0.put(
        subscription {
          $0.isRaw = true
          $0.filter = policy
        })
      $0.put(subscription("s2", target: .function, endpoint: "arn:aws:lambda:us-east-1:123456789012:function:f"))
    }
    var writer = JSONWriter(pretty: true)
    before.write(to: &writer)
    #expect(try TopicRecords(json: JSONValue(parsing: writer.text)) == before)
    for member in ["name", "attributes", "protocol", "endpoint", "raw", "scope", "topic", "region", "subscriptions"] {
      let damaged = writer.text.replacing("\"\(member)\":", with: "\"\(member)\": 7, \"was\":")
      #expect(throws: TopicDamage.self, "\(member)") { try TopicRecords(json: JSONValue(parsing: damaged)) }
    }
  }
}

@Suite struct `A notification` {
  private func notification(_ subscription: TopicSubscription, _ message: TopicMessage) throws -> TopicNotification {
    let registry = TopicRegistry(records: records { $0.put(subscription) })
    let result = try #require(registry.publish(message, to: ordersARN, at: start, random: RandomSource(seed: 1)))
    return try #require(result.notifications.first)
  }

  private var message: TopicMessage {
    var message = TopicMessage(body: "hello \"you\"")
    message.subject = "greeting"
    message.attributes = ["n": MessageAttribute(type: "Number", value: .text("7"))]
    return message
  }

  @Test func `is SNS's envelope in a queue`() throws {
    let notification = try notification(subscription(), message)
    let queued = try #require(notification.queueMessage)
    let json = try JSONValue(parsing: queued.body.span)
    #expect(json["Type"] == "Notification")
    #expect(json["Message"] == "hello \"you\"")
    #expect(json["Subject"] == "greeting")
    #expect(json["MessageId"] == .string(notification.published.id))
    #expect(json["TopicArn"] == .string(ordersARN))
    #expect(json["Timestamp"] == "2023-11-14T22:13:20.000Z")
    #expect(json["MessageAttributes"]?["n"] == ["Type": "Number", "Value": "7"])
    #expect(json["UnsubscribeURL"]?.string?.hasSuffix("SubscriptionArn=\(ordersARN):s1") == true)
    for member in ["SignatureVersion", "Signature", "SigningCertURL"] { #expect(json[member]?.string != nil) }
    #expect(queued.attributes.isEmpty)
  }

  @Test func `is the message itself when delivery is raw`() throws {
    var message = message
    let raw = subscription { $0.isRaw = true }
    let queued = try notification(raw, message).queueMessage
    #expect(queued?.body == Array("hello \"you\"".utf8))
    #expect(queued?.attributes == message.attributes)
    for index in 0..<10 { message.attributes["a\(index)"] = "x" }
    #expect(try notification(raw, message).queueMessage == nil)
  }

  @Test func `is SNS's event for a function, which may have a body of its own`() throws {
    var message = TopicMessage(body: "for all")
    message.bodies = [.function: "for functions"]
    let function = subscription(target: .function, endpoint: "arn:aws:lambda:us-east-1:123456789012:function:f")
    let event = try JSONValue(parsing: try notification(function, message).functionEvent.span)
    let record = try #require(event["Records"]?[0])
    #expect(record["EventSource"] == "aws:sns")
    #expect(record["EventSubscriptionArn"] == .string("\(ordersARN):s1"))
    #expect(record["Sns"]?["Message"] == "for functions")
    #expect(record["Sns"]?["Subject"] == .null)
    #expect(record["Sns"]?["MessageAttributes"] == [:])
    #expect(record["Sns"]?["UnsubscribeUrl"] != nil)
  }
}

@Suite struct `A filter policy` {
  private func message(_ attributes: [String: (String, String)], _ body: String = "x") -> TopicMessage {
    var message = TopicMessage(body: body)
    message.attributes = attributes.mapValues { MessageAttribute(type: $0.0, value: .text($0.1)) }
    return message
  }

  private var order: TopicMessage {
    message([
      "store": ("String", "example_corp"), "price": ("Number", "210.5"), "tags": ("String.Array", #"["new","red",3]"#),
      "odd": ("String.Array", "no list"),
    ])
  }

  @Test(arguments: [
    (#"{"store":["example_corp"]}"#, true), (#"{"store":["others","example_corp"]}"#, true),
    (#"{"store":["example"]}"#, false), (#"{"store":[{"prefix":"example"}]}"#, true),
    (#"{"store":[{"suffix":"corp"}]}"#, true), (#"{"store":[{"equals-ignore-case":"Example_Corp"}]}"#, true),
    (#"{"store":[{"anything-but":["example_corp"]}]}"#, false), (#"{"store":[{"anything-but":"b"}]}"#, true),
    (#"{"store":[{"anything-but":{"prefix":"example"}}]}"#, false), (#"{"price":[210.5]}"#, true),
    (#"{"price":[{"numeric":[">",200,"<=",210.5]}]}"#, true), (#"{"price":[{"numeric":["<",210.5]}]}"#, false),
    (#"{"price":["210.5"]}"#, false), (#"{"tags":["red"]}"#, true), (#"{"tags":[3]}"#, true),
    (#"{"tags":["blue"]}"#, false), (#"{"store":[{"exists":true}]}"#, true), (#"{"nothing":[{"exists":false}]}"#, true),
    (#"{"store":[{"exists":false}]}"#, false), (#"{"nothing":[{"anything-but":"a"}]}"#, false),
    (#"{"odd":[{"exists":true}]}"#, false), (#"{"store":["example_corp"],"price":[1]}"#, false),
    (#"{"$or":[{"store":["x"]},{"price":[210.5]}]}"#, true),
  ])
  func `looks at attributes`(policy: String, isAdmitted: Bool) throws {
    #expect(try FilterPolicy(parsing: policy).admits(order) == isAdmitted)
  }

  @Test(arguments: [
    (#"{"a":{"b":["x"]}}"#, true), (#"{"a":{"b":["y"]}}"#, false), (#"{"list":[2]}"#, true),
    (#"{"flag":[true]}"#, true), (#"{"none":[null]}"#, true),
  ])
  func `looks at the body`(policy: String, isAdmitted: Bool) throws {
    let policy = try FilterPolicy(parsing: policy, scope: .body)
    let body = #"{"a":{"b":"x"},"list":[1,2],"flag":true,"none":null}"#
    #expect(policy.admits(message([:], body)) == isAdmitted)
    #expect(!policy.admits(message([:], "no JSON")))
    #expect(!policy.admits(message([:], "[1]")))
  }

  @Test(arguments: [
    "", "[]", "7", "{", #"{"a":"x"}"#, #"{"a":[]}"#, #"{"a":{"b":["x"]}}"#, #"{"a":[{"like":"x"}]}"#,
    #"{"a":[{"numeric":["~",1]}]}"#, #"{"a":[["x"]]}"#, #"{"a":[1],"b":[1],"c":[1],"d":[1],"e":[1],"f":[1]}"#,
    #"{"a":[1,2,3,4,5,6],"b":[1,2,3,4,5,6],"c":[1,2,3,4,5]}"#,
  ])
  func `that SNS would refuse is refused`(policy: String) {
    #expect(throws: EventPatternError.self) { try FilterPolicy(parsing: policy) }
  }
}
