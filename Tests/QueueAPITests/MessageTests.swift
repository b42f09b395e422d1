import EventSources
import NIOHTTP1
import Testing
import XRayModel

private let header = "Root=1-58406520-a006649127e371903a2de979;Parent=4c721bf33e3caf8f;Sampled=1"

@Suite struct `The messages of the API` {
  @Test func `are sent, received and deleted`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue()
      let sent = await fixture.call(
        "SendMessage",
        [
          "QueueUrl": url, "MessageBody": "abc",
          "MessageAttributes": [
            "n": ["DataType": "Number", "StringValue": "1"], "b": ["DataType": "Binary", "BinaryValue": "AAEC"],
            "s": ["DataType": "String.x", "StringValue": "text"],
          ],
        ])
      #expect(sent["MD5OfMessageBody"]?.string == "900150983cd24fb0d6963f7d28e17f72")
      #expect(sent["MD5OfMessageAttributes"]?.string == "09d0d88421e637e7e67c7ac28aea1747")
      let message = try #require(
        await fixture.receive(url, ["AttributeNames": ["All"], "MessageAttributeNames": ["n", "b*", "s.*"]]).first)
      #expect(message["MessageId"] == sent["MessageId"] && message["Body"]?.string == "abc")
      #expect(message["Attributes"]?["ApproximateReceiveCount"]?.string == "1")
      #expect(message["Attributes"]?["SentTimestamp"]?.string == "1700000000000")
      #expect(message["MessageAttributes"]?.object?.members.map(\.key) == ["n", "s"])
      #expect(await fixture.receive(url).isEmpty)
      let handle = try #require(message["ReceiptHandle"])
      let change: JSONValue = ["QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 0]
      #expect(await fixture.call("ChangeMessageVisibility", change).json == [:])
      #expect(await fixture.call("ChangeMessageVisibility", change).errorType == "MessageNotInflight")
      let again = try #require(await fixture.receive(url).first)
      #expect(again["Attributes"] == nil && again["MessageAttributes"] == nil)
      let last = try #require(again["ReceiptHandle"])
      for _ in 0..<2 {
        #expect(await fixture.call("DeleteMessage", ["QueueUrl": url, "ReceiptHandle": last]).json == [:])
      }
      let junk = await fixture.call("DeleteMessage", ["QueueUrl": url, "ReceiptHandle": "junk"])
      #expect(junk.errorType == "ReceiptHandleIsInvalid")
    }
  }

  @Test func `carry the tracing header of the call, or their own`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue()
      let own = header.replacing("4c721bf33e3caf8f", with: "1111111111111111")
      let headers: HTTPHeaders = ["X-Amzn-Trace-Id": header]
      for attributes in [[:], ["AWSTraceHeader": ["DataType": "String", "StringValue": .string(own)]]] as [JSONValue] {
        let sent = await fixture.call(
          "SendMessage", ["QueueUrl": url, "MessageBody": "m", "MessageSystemAttributes": attributes], headers: headers)
        #expect(sent["MD5OfMessageSystemAttributes"] != nil)
      }
      _ = await fixture.call(
        "SendMessageBatch", ["QueueUrl": url, "Entries": [["Id": "1", "MessageBody": "m"]]], headers: headers)
      _ = await fixture.call(
        "SendMessage", ["QueueUrl": url, "MessageBody": "m"], headers: ["X-Amzn-Trace-Id": "none at all"])
      let seen = await fixture.receive(url, ["MessageSystemAttributeNames": ["AWSTraceHeader"]])
      #expect(seen.map { $0["Attributes"]?["AWSTraceHeader"]?.string } == [header, own, header, nil])
    }
  }

  @Test func `of a batch succeed or fail one by one`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue()
      let sent = await fixture.call(
        "SendMessageBatch",
        ["QueueUrl": url, "Entries": [["Id": "a", "MessageBody": "1"], ["Id": "b", "MessageBody": "\u{1}"]]])
      #expect(sent["Successful"]?[0]?["Id"]?.string == "a" && sent["Successful"]?[1] == nil)
      #expect(sent["Failed"]?[0]?["Code"]?.string == "InvalidMessageContents")
      #expect(sent["Failed"]?[0]?["SenderFault"]?.bool == true)
      let handle = try #require(await fixture.receive(url).first?["ReceiptHandle"])
      let entries: JSONValue = [
        ["Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 9],
        ["Id": "b", "ReceiptHandle": "x", "VisibilityTimeout": 9],
      ]
      for operation in ["ChangeMessageVisibilityBatch", "DeleteMessageBatch"] {
        let answer = await fixture.call(operation, ["QueueUrl": url, "Entries": entries])
        #expect(answer["Successful"]?.array == [["Id": "a"]])
        #expect(answer["Failed"]?[0]?["Code"]?.string == "ReceiptHandleIsInvalid")
      }
    }
  }

  @Test(arguments: [
    ("[]", "EmptyBatchRequest"), (#"[{"Id":"a b","MessageBody":"m"}]"#, "InvalidBatchEntryId"),
    (#"[{"Id":"a","MessageBody":"m"},{"Id":"a","MessageBody":"m"}]"#, "BatchEntryIdsNotDistinct"),
    (
      "[" + Array(repeating: #"{"Id":"a","MessageBody":"m"}"#, count: 11).joined(separator: ",") + "]",
      "TooManyEntriesInBatchRequest"
    ),
  ])
  func `are refused as a batch that cannot be`(entries: String, error: String) async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue()
      let body = #"{"QueueUrl":\#(url.rendered()),"Entries":\#(entries)}"#
      let answer = await fixture.call(target: "AmazonSQS.SendMessageBatch", body: body)
      #expect(answer.errorType == error && answer.queryError == "AWS.SimpleQueueService.\(error);Sender")
    }
  }

  @Test func `are refused as a batch that is too large`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue()
      let body = JSONValue.string(String(repeating: "x", count: 600_000))
      let entries: JSONValue = [["Id": "a", "MessageBody": body], ["Id": "b", "MessageBody": body]]
      let answer = await fixture.call("SendMessageBatch", ["QueueUrl": url, "Entries": entries])
      #expect(answer.errorType == "BatchRequestTooLong")
    }
  }

  @Test(arguments: [
    (#"{}"#, "MissingRequiredParameterException"), (#"{"MessageBody":""}"#, "MissingRequiredParameterException"),
    (#"{"MessageBody":"\u0001"}"#, "InvalidMessageContents"),
    (#"{"MessageBody":"m","DelaySeconds":901}"#, "InvalidParameterValueException"),
    (#"{"MessageBody":"m","MessageDeduplicationId":"1"}"#, "InvalidParameterValueException"),
    (
      #"{"MessageBody":"m","MessageAttributes":{"AWS.x":{"DataType":"String","StringValue":"1"}}}"#,
      "InvalidParameterValueException"
    ),
    (
      #"{"MessageBody":"m","MessageAttributes":{"x":{"DataType":"Text","StringValue":"1"}}}"#,
      "InvalidParameterValueException"
    ),
    (
      #"{"MessageBody":"m","MessageAttributes":{"x":{"DataType":"Number","StringValue":"one"}}}"#,
      "InvalidParameterValueException"
    ),
    (#"{"MessageBody":"m","MessageAttributes":{"x":{"DataType":"String"}}}"#, "InvalidParameterValueException"),
    (
      #"{"MessageBody":"m","MessageAttributes":{"x":{"DataType":"Binary","BinaryValue":"*"}}}"#,
      "SerializationException"
    ),
    (
      #"{"MessageBody":"m","MessageSystemAttributes":{"x":{"DataType":"String","StringValue":"1"}}}"#,
      "InvalidParameterValueException"
    ),
  ])
  func `are refused when they cannot be`(message: String, error: String) async throws {
    try await Fixture.run { fixture in
      _ = await fixture.queue()
      let answer = await fixture.call(target: "AmazonSQS.SendMessage", body: message, path: "/123456789012/q")
      #expect(answer.status == 400 && answer.errorType == error)
    }
  }

  @Test func `of a FIFO queue need a group and an id`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue("q.fifo", ["FifoQueue": "true"])
      var message: JSONObject = ["QueueUrl": url, "MessageBody": "m"]
      #expect(await fixture.call("SendMessage", .object(message)).errorType == "MissingRequiredParameterException")
      message["MessageGroupId"] = "g"
      #expect(await fixture.call("SendMessage", .object(message)).errorType == "InvalidParameterValueException")
      message["MessageDeduplicationId"] = "1"
      let first = await fixture.call("SendMessage", .object(message))
      #expect(first["SequenceNumber"]?.string?.count == 20)
      #expect(await fixture.call("SendMessage", .object(message)).json == first.json)
      message["DelaySeconds"] = 1
      #expect(await fixture.call("SendMessage", .object(message)).errorType == "InvalidParameterValueException")
      let seen = try #require(await fixture.receive(url, ["AttributeNames": ["All"]]).first?["Attributes"])
      #expect(seen["MessageGroupId"]?.string == "g" && seen["MessageDeduplicationId"]?.string == "1")
      #expect(seen["SequenceNumber"] == first["SequenceNumber"])
    }
  }

  @Test func `are waited for as long as the call or the queue says`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue("q", ["ReceiveMessageWaitTimeSeconds": "5"])
      #expect(await fixture.receive(url).isEmpty && fixture.clock.now == start.advanced(by: .seconds(5)))
      #expect(await fixture.receive(url, ["WaitTimeSeconds": 0]).isEmpty)
      #expect(fixture.clock.now == start.advanced(by: .seconds(5)))
      async let messages = fixture.receive(url, ["WaitTimeSeconds": 20])
      try await fixture.clock.sleep(for: .seconds(3))
      _ = await fixture.call("SendMessage", ["QueueUrl": url, "MessageBody": "m"])
      #expect(await messages.count == 1 && fixture.clock.now == start.advanced(by: .seconds(8)))
    }
  }

  @Test(arguments: [
    #"{"MaxNumberOfMessages":0}"#, #"{"MaxNumberOfMessages":11}"#, #"{"WaitTimeSeconds":21}"#,
    #"{"VisibilityTimeout":43201}"#,
  ])
  func `are not received beyond the bounds`(input: String) async throws {
    try await Fixture.run { fixture in
      _ = await fixture.queue()
      let answer = await fixture.call(target: "AmazonSQS.ReceiveMessage", body: input, path: "/123456789012/q")
      #expect(answer.errorType == "InvalidParameterValueException")
    }
  }
}
