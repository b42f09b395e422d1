import EventSources
import LambdaEmitter
import Testing
import TopicAPI
import XRayModel

@Suite struct `A message over the API` {
  private let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

  @Test func `reaches a queue with its trace`() async throws {
    let account = Account()
    _ = await account.subscribedTopic()
    let answer = await account.call(
      "Publish", ["TopicArn": Account.orders, "Message": "héllo", "Subject": "s"], traceHeader: header)
    let message = try #require(account.service.queue(Account.queue()).messages.first)
    #expect(message.traceHeader == header)
    let envelope = try #require(try account.received().first)
    #expect(envelope["Message"] == "héllo")
    #expect(envelope["MessageId"]?.string == answer["MessageId"])
  }

  @Test func `reaches a queue without a trace that cannot be read`() async throws {
    let account = Account()
    _ = await account.subscribedTopic()
    await account.call("Publish", ["TopicArn": Account.orders, "Message": "x"], traceHeader: "Root=?")
    #expect(account.service.queue(Account.queue()).messages.map(\.traceHeader) == [nil])
    #expect(account.service.malformedTraceHeaders == 1)
  }

  @Test func `reaches a function with its trace`() async throws {
    let account = Account()
    await account.call("CreateTopic", ["Name": "orders"])
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    await account.subscribe(Account.orders, "lambda", function)
    let role = "arn:aws:iam::123456789012:role/r"
    account.service.putRole(ExecutionRole(arn: role))
    let (traces, seen) = AsyncStream<String?>.makeStream()
    try account.service.createFunction(FunctionConfiguration(name: "f", role: role)) { event, context in
      seen.yield(context.traceHeader)
      return event.bytes
    }
    _ = try await account.service.serving { _ in
      await account.call("Publish", ["TargetArn": Account.orders, "Message": "x"], traceHeader: header)
    }
    seen.finish()
    var found: [String?] = []
    for await trace in traces { found.append(trace) }
    #expect(found.count == 1)
    #expect(found.first??.hasPrefix("Root=1-5759e988-bd862e3fe1be46a994272793;") == true)
    #expect(account.service.undelivered == [:])
  }

  @Test func `may be different for each protocol`() async throws {
    let account = Account()
    _ = await account.subscribedTopic()
    func publish(_ text: String) async -> Answer {
      await account.call("Publish", ["TopicArn": Account.orders, "Message": text, "MessageStructure": "json"])
    }
    #expect(await publish(#"{"default":"d","sqs":"for queues"}"#).status == 200)
    #expect(try account.received().first?["Message"] == "for queues")
    for text in ["x", "[]", #"{"sqs":"x"}"#] { #expect(await publish(text).refusal == .invalid) }
  }

  @Test func `is itself where delivery is raw`() async throws {
    let account = Account()
    _ = await account.subscribedTopic("orders", ["RawMessageDelivery": "true"])
    await account.call(
      "Publish",
      [
        "TopicArn": Account.orders, "Message": "raw", "MessageAttributes.entry.1.Name": "n",
        "MessageAttributes.entry.1.Value.DataType": "Number", "MessageAttributes.entry.1.Value.StringValue": "7",
      ])
    let message = try #require(account.service.queue(Account.queue()).messages.first)
    #expect(message.body == Array("raw".utf8))
    #expect(message.attributes == ["n": MessageAttribute(type: "Number", value: .text("7"))])
  }

  @Test(arguments: [
    ["Message": ""], ["Message": String(repeating: "x", count: 262_145)], ["Message": "x", "Subject": "a\nb"],
    ["Message": "x", "MessageStructure": "xml"], ["Message": "x", "MessageDeduplicationId": "d"],
    ["Message": "x", "PhoneNumber": "+1"],
  ])
  func `is refused when it is not as SNS wants it`(parameters: [String: String]) async {
    let account = Account()
    await account.call("CreateTopic", ["Name": "orders"])
    let all = parameters.merging(["TopicArn": Account.orders]) { $1 }
    #expect(await account.call("Publish", all).refusal == .invalid)
    #expect(await account.call("Publish", ["TopicArn": Account.orders + "x", "Message": "x"]).refusal == .notFound)
  }

  @Test(arguments: [
    ("n", "Number", "seven"), ("a b", "String", "x"), ("n", "Text", "x"), ("n", "String", ""), (".n", "String", "x"),
    ("n", "", "x"),
  ])
  func `has attributes of known types`(name: String, type: String, value: String) async {
    let account = Account()
    await account.call("CreateTopic", ["Name": "orders"])
    let answer = await account.call(
      "Publish",
      [
        "TopicArn": Account.orders, "Message": "x", "MessageAttributes.entry.1.Name": name,
        "MessageAttributes.entry.1.Value.DataType": type, "MessageAttributes.entry.1.Value.StringValue": value,
      ])
    #expect(answer.refusal == Refusal(status: 400, code: "ParameterValueInvalid"))
  }

  @Test func `of a batch succeeds or fails on its own`() async throws {
    let account = Account()
    _ = await account.subscribedTopic()
    func publish(_ entries: [(String, String)]) async -> Answer {
      var parameters = ["TopicArn": Account.orders]
      for (index, entry) in entries.enumerated() {
        parameters["PublishBatchRequestEntries.member.\(index + 1).Id"] = entry.0
        parameters["PublishBatchRequestEntries.member.\(index + 1).Message"] = entry.1
      }
      return await account.call("PublishBatch", parameters)
    }
    let answer = await publish([("a", "1"), ("b", ""), ("c", "3")])
    #expect(answer.all("Id") == ["a", "c", "b"] && answer.all("MessageId").count == 2)
    #expect(answer["Failed"]?.contains("<SenderFault>true</SenderFault>") == true)
    #expect(try account.received().map { $0["Message"] } == ["1", "3"])
    for (entries, code) in [
      ([], "EmptyBatchRequest"), ([("a", "x"), ("a", "y")], "BatchEntryIdsNotDistinct"),
      ([("a b", "x")], "InvalidBatchEntryId"), ((0..<11).map { ("\($0)", "x") }, "TooManyEntriesInBatchRequest"),
      (
        [("a", String(repeating: "x", count: 200_000)), ("b", String(repeating: "x", count: 100_000))],
        "BatchRequestTooLong"
      ),
    ] {
      #expect(await publish(entries).refusal == Refusal(status: 400, code: code))
    }
  }

  @Test func `to a FIFO topic has a group, and counts once`() async throws {
    let account = Account()
    let arn = Account.orders + ".fifo"
    await account.call(
      "CreateTopic",
      ["Name": "orders.fifo", "Attributes.entry.1.key": "FifoTopic", "Attributes.entry.1.value": "true"])
    #expect(await account.call("GetTopicAttributes", ["TopicArn": arn]).entries["FifoTopic"] == "true")
    #expect(
      await account.subscribe(arn, "lambda", "arn:aws:lambda:us-east-1:123456789012:function:f").refusal == .invalid)
    await account.subscribe(arn, "sqs", Account.queue("q.fifo"))
    func publish(_ others: [String: String]) async -> Answer {
      await account.call("Publish", ["TopicArn": arn, "Message": "x"].merging(others) { $1 })
    }
    #expect(await publish([:]).refusal == .invalid)
    #expect(await publish(["MessageGroupId": "g"]).refusal == .invalid)
    let first = await publish(["MessageGroupId": "g", "MessageDeduplicationId": "d"])
    let second = await publish(["MessageGroupId": "g", "MessageDeduplicationId": "d"])
    #expect(first["SequenceNumber"] == "10000000000000000001")
    #expect(first["MessageId"] == second["MessageId"])
    await account.call(
      "SetTopicAttributes",
      ["TopicArn": arn, "AttributeName": "ContentBasedDeduplication", "AttributeValue": "true"])
    #expect(await publish(["MessageGroupId": "g"]).status == 200)
    #expect(await publish(["MessageGroupId": "g"]).status == 200)
    let messages = account.service.queue(Account.queue("q.fifo")).messages
    #expect(messages.count == 2)
    #expect(messages.map(\.groupID) == ["g", "g"] && messages.first?.deduplicationID == "d")
  }
}
