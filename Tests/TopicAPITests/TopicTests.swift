import EventSources
import Testing
import TopicAPI
import XRayModel

@Suite struct `A topic over the API` {
  @Test func `is made once, and told of`() async {
    let account = Account()
    let answer = await account.call(
      "CreateTopic",
      [
        "Name": "orders", "Attributes.entry.1.key": "DisplayName", "Attributes.entry.1.value": "Orders & more",
        "Tags.member.1.Key": "team", "Tags.member.1.Value": "shop",
      ])
    #expect(answer["TopicArn"] == Account.orders)
    #expect(answer.xml.hasPrefix("<CreateTopicResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">"))
    #expect(answer.response.headers.first(name: "x-amzn-RequestId") == answer["RequestId"])
    let other = await account.call("CreateTopic", ["Name": "orders", "Tags.member.1.Key": "b"])
    #expect(other.refusal == .invalid)
    let attributes = await account.call("GetTopicAttributes", ["TopicArn": Account.orders]).entries
    #expect(attributes["DisplayName"] == "Orders &amp; more")
    #expect(attributes["Owner"] == "123456789012" && attributes["SubscriptionsConfirmed"] == "0")
    #expect(await account.call("ListTopics").all("TopicArn") == [Account.orders])
  }

  @Test(arguments: ["", "a b", "a.fifo", "ä", String(repeating: "x", count: 257), "a/b"])
  func `is not made of an odd name`(name: String) async {
    #expect(await Account().call("CreateTopic", ["Name": name]).refusal == .invalid)
  }

  @Test func `is changed, tagged and deleted`() async {
    let account = Account()
    await account.call("CreateTopic", ["Name": "orders"])
    let set = await account.call(
      "SetTopicAttributes", ["TopicArn": Account.orders, "AttributeName": "TracingConfig", "AttributeValue": "Active"])
    #expect(set.status == 200 && !set.xml.contains("Result"))
    #expect(
      await account.call("GetTopicAttributes", ["TopicArn": Account.orders]).entries["TracingConfig"] == "Active")
    for (name, value) in [("TracingConfig", "Some"), ("FifoTopic", "true"), ("ArchivePolicy", "{}")] {
      let parameters = ["TopicArn": Account.orders, "AttributeName": name, "AttributeValue": value]
      #expect(await account.call("SetTopicAttributes", parameters).refusal == .invalid)
    }
    let tags = ["ResourceArn": Account.orders, "Tags.member.1.Key": "a", "Tags.member.1.Value": "1"]
    #expect(await account.call("TagResource", tags).xml.contains("<TagResourceResult></TagResourceResult>"))
    await account.call("TagResource", ["ResourceArn": Account.orders, "Tags.member.1.Key": "b"])
    #expect(await account.call("ListTagsForResource", ["ResourceArn": Account.orders]).all("Key") == ["a", "b"])
    await account.call("UntagResource", ["ResourceArn": Account.orders, "TagKeys.member.1": "a"])
    #expect(await account.call("ListTagsForResource", ["ResourceArn": Account.orders]).all("Key") == ["b"])
    #expect(await account.call("DeleteTopic", ["TopicArn": Account.orders]).status == 200)
    #expect(await account.call("DeleteTopic", ["TopicArn": Account.orders]).status == 200)
    #expect(await account.call("GetTopicAttributes", ["TopicArn": Account.orders]).refusal == .notFound)
    #expect(
      await account.call("ListTagsForResource", ["ResourceArn": Account.orders]).refusal
        == Refusal(status: 404, code: "ResourceNotFound"))
  }

  @Test func `is listed by the hundred`() async {
    let account = Account()
    for index in 100..<305 { await account.call("CreateTopic", ["Name": "t\(index)"]) }
    var found: [String] = []
    var token: String?
    repeat {
      let answer = await account.call("ListTopics", token.map { ["NextToken": $0] } ?? [:])
      found += answer.all("TopicArn")
      token = answer["NextToken"]
    } while token != nil
    #expect(found.count == 205 && Set(found).count == 205)
  }

  @Test func `is kept before the answer, or not made`() async {
    struct DiskFull: Error {}
    let account = Account(save: { _ in throw DiskFull() })
    let answer = await account.call("CreateTopic", ["Name": "orders"])
    #expect(answer.refusal == Refusal(status: 500, code: "InternalError"))
    #expect(await account.call("ListTopics").all("TopicArn") == [])
  }

  @Test func `takes no call that is none`() async {
    let account = Account()
    #expect(await account.call("CreatePlatformEndpoint").refusal == Refusal(status: 400, code: "InvalidAction"))
    #expect(await account.call("Publish", ["TopicArn": "orders", "Message": "x"]).refusal == .invalid)
    #expect(account.api.answer(form: Array("Action=%".utf8)).status == 404)
  }

  @Test func `answers whatever comes`() {
    let account = Account()
    let random = RandomSource(seed: 7)
    let words = [
      "Action=", "CreateTopic", "Subscribe", "Publish", "PublishBatch", "&", "=", "%", "%41", "Version=2010-03-31",
      "TopicArn=arn:aws:sns:us-east-1:123456789012:orders", "Name=orders", "Message", "Attributes.entry.1.key",
      "PublishBatchRequestEntries.member.1.Id", ".fifo", "Protocol=sqs", "Endpoint=arn:aws:sqs:::q", "NextToken",
    ]
    for _ in 0..<2000 {
      var body: [UInt8] = []
      for _ in 0..<Int(random.next() % 20) { body += Array(words[Int(random.next() % UInt64(words.count))].utf8) }
      #expect([200, 400, 403, 404, 413].contains(account.api.answer(form: body).status))
    }
  }
}

@Suite struct `A subscription over the API` {
  @Test func `is confirmed at once, told of, and ended`() async throws {
    let account = Account()
    let arn = try #require(await account.subscribedTopic())
    #expect(arn.hasPrefix(Account.orders + ":"))
    #expect(await account.subscribe()["SubscriptionArn"] == arn, "once for each endpoint")
    let listed = await account.call("ListSubscriptionsByTopic", ["TopicArn": Account.orders])
    #expect((listed["SubscriptionArn"], listed["Protocol"]) == (arn, "sqs"))
    #expect(await account.call("ListSubscriptions").all("Endpoint") == [Account.queue()])
    let attributes = await account.call("GetSubscriptionAttributes", ["SubscriptionArn": arn]).entries
    #expect(attributes["PendingConfirmation"] == "false" && attributes["RawMessageDelivery"] == "false")
    #expect(await account.call("Unsubscribe", ["SubscriptionArn": arn]).status == 200)
    #expect(await account.call("GetSubscriptionAttributes", ["SubscriptionArn": arn]).refusal == .notFound)
  }

  @Test(arguments: ["http", "https", "email", "sms", "application", "firehose", "x"])
  func `is refused where nothing can be delivered`(target: String) async {
    let account = Account()
    await account.call("CreateTopic", ["Name": "orders"])
    let answer = await account.subscribe(Account.orders, target, "https://example.com")
    #expect(answer.refusal == .invalid && answer.message?.contains("Protocol") == true)
  }

  @Test func `needs a topic and an endpoint of its kind`() async {
    let account = Account()
    #expect(await account.subscribe().refusal == .notFound)
    await account.call("CreateTopic", ["Name": "orders"])
    #expect(await account.subscribe(Account.orders, "lambda").refusal == .invalid)
    #expect(await account.subscribe(Account.orders, "sqs", Account.queue("q.fifo")).refusal == .invalid)
    #expect(await account.subscribe(attributes: ["RedrivePolicy": "{}"]).refusal == .invalid)
    #expect(await account.subscribe(attributes: ["FilterPolicy": "{"]).refusal == .invalid)
  }

  @Test func `filters as it is told, and told anew`() async throws {
    let account = Account()
    let arn = try #require(await account.subscribedTopic("orders", ["FilterPolicy": #"{"kind":["a"]}"#]))
    func publish(_ kind: String) async {
      await account.call(
        "Publish",
        [
          "TopicArn": Account.orders, "Message": #"{"kind":"b"}"#, "MessageAttributes.entry.1.Name": "kind",
          "MessageAttributes.entry.1.Value.DataType": "String", "MessageAttributes.entry.1.Value.StringValue": kind,
        ])
    }
    await publish("b")
    #expect(try account.received().count == 0)
    await publish("a")
    #expect(try account.received().count == 1)
    func set(_ name: String, _ value: String) async -> Answer {
      await account.call(
        "SetSubscriptionAttributes", ["SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value])
    }
    #expect(await set("FilterPolicyScope", "MessageBody").status == 200)
    await publish("a")
    #expect(try account.received().count == 1)
    #expect(await set("FilterPolicy", #"{"kind":["b"]}"#).status == 200)
    await publish("a")
    #expect(try account.received().count == 2)
    #expect(await set("FilterPolicy", "{}").status == 200)
    await publish("z")
    #expect(try account.received().count == 3)
  }
}
