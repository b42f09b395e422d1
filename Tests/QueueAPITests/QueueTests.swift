import EventSources
import Testing
import XRayModel

@Suite struct `The queues of the API` {
  @Test func `are created, found, listed and deleted`() async throws {
    try await Fixture.run { fixture in
      let made = await fixture.call(
        "CreateQueue", ["QueueName": "q", "Attributes": ["VisibilityTimeout": "5"], "tags": ["k": "v"]])
      #expect(made["QueueUrl"]?.string == "http://queues.test:4566/123456789012/q")
      #expect(made.headers.first(name: "Content-Type") == "application/x-amz-json-1.0")
      #expect(await fixture.call("GetQueueUrl", ["QueueName": "q"]).json == made.json)
      let other = await fixture.call("CreateQueue", ["QueueName": "q", "Attributes": ["VisibilityTimeout": "6"]])
      #expect(other.errorType == "QueueNameExists" && other.queryError == "QueueAlreadyExists;Sender")
      _ = await fixture.queue("p")
      #expect(await fixture.call("ListQueues")["QueueUrls"]?.array?.count == 2)
      #expect(await fixture.call("ListQueues", ["QueueNamePrefix": "q"])["QueueUrls"]?.array?.count == 1)
      let page = await fixture.call("ListQueues", ["MaxResults": 1])
      #expect(page["QueueUrls"]?.array?.count == 1)
      let next = try #require(page["NextToken"])
      let last = await fixture.call("ListQueues", ["MaxResults": 1, "NextToken": next])
      #expect(last["QueueUrls"]?[0] == made["QueueUrl"] && last["NextToken"] == nil)
      let url = try #require(made["QueueUrl"])
      #expect(await fixture.call("ListQueueTags", ["QueueUrl": url])["Tags"] == ["k": "v"])
      #expect(await fixture.call("TagQueue", ["QueueUrl": url, "Tags": ["a": "b"]]).json == [:])
      #expect(await fixture.call("UntagQueue", ["QueueUrl": url, "TagKeys": ["k"]]).json == [:])
      #expect(await fixture.call("ListQueueTags", ["QueueUrl": url])["Tags"] == ["a": "b"])
      #expect(await fixture.call("DeleteQueue", ["QueueUrl": url]).json == [:])
      let gone = await fixture.call("GetQueueUrl", ["QueueName": "q"])
      #expect(gone.status == 400 && gone.errorType == "QueueDoesNotExist")
      #expect(gone.queryError == "AWS.SimpleQueueService.NonExistentQueue;Sender")
    }
  }

  @Test func `tell and change their attributes`() async throws {
    try await Fixture.run { fixture in
      let url = await fixture.queue("q", ["DelaySeconds": "3"])
      let dead = await fixture.queue("dead")
      _ = await fixture.call("SendMessage", ["QueueUrl": url, "MessageBody": "m"])
      let all = await fixture.call("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["All"]])["Attributes"]
      #expect(all?["QueueArn"]?.string == "arn:aws:sqs:us-east-1:123456789012:q")
      #expect(all?["CreatedTimestamp"]?.string == "1700000000" && all?["DelaySeconds"]?.string == "3")
      #expect(all?["ApproximateNumberOfMessagesDelayed"]?.string == "1" && all?["FifoQueue"] == nil)
      #expect(await fixture.call("GetQueueAttributes", ["QueueUrl": url]).json == [:])
      let policy = #"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":"3"}"#
      let set = await fixture.call(
        "SetQueueAttributes", ["QueueUrl": url, "Attributes": ["RedrivePolicy": .string(policy)]])
      #expect(set.json == [:])
      let sources = await fixture.call("ListDeadLetterSourceQueues", ["QueueUrl": dead])
      #expect(sources["queueUrls"]?.array == [url])
      let one = await fixture.call("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["RedrivePolicy"]])
      #expect(one["Attributes"]?.object?.members.count == 1)
      let unknown = await fixture.call("GetQueueAttributes", ["QueueUrl": url, "AttributeNames": ["Nope"]])
      #expect(unknown.errorType == "InvalidAttributeName")
      #expect(await fixture.call("PurgeQueue", ["QueueUrl": url]).json == [:])
      #expect(await fixture.call("PurgeQueue", ["QueueUrl": url]).status == 403)
    }
  }

  @Test func `are found by URL, on any host, and by the path of the call`() async throws {
    try await Fixture.run { fixture in
      _ = await fixture.queue()
      for url in ["http://other:1/123456789012/q", "https://x/a/123456789012/q", "/123456789012/q"] {
        #expect(await fixture.call("PurgeQueue", ["QueueUrl": .string(url)]).errorType != "QueueDoesNotExist")
      }
      for url in ["", "q", "http://x/000000000000/q", "http://x/123456789012/r", "http://x/123456789012/q/"] {
        #expect(await fixture.call("PurgeQueue", ["QueueUrl": .string(url)]).errorType == "QueueDoesNotExist")
      }
      #expect(await fixture.call("ListQueueTags", path: "/123456789012/q").status == 200)
      #expect(await fixture.call("ListQueueTags").errorType == "MissingRequiredParameterException")
    }
  }

  @Test(
    arguments: [
      ("AmazonSQS.CreateQueue", "{", "SerializationException"),
      ("AmazonSQS.CreateQueue", "[]", "SerializationException"),
      ("AmazonSQS.CreateQueue", "", "MissingRequiredParameterException"),
      ("AmazonSQS.CreateQueue", #"{"QueueName":1}"#, "SerializationException"),
      ("AmazonSQS.CreateQueue", #"{"QueueName":"q","Attributes":[]}"#, "SerializationException"),
      ("AmazonSQS.CreateQueue", #"{"QueueName":"q","Attributes":{"DelaySeconds":3}}"#, "SerializationException"),
      ("AmazonSQS.CreateQueue", #"{"QueueName":"q q"}"#, "InvalidParameterValueException"),
      ("AmazonSQS.ListQueues", #"{"MaxResults":0}"#, "InvalidParameterValueException"),
      ("AmazonSQS.AddPermission", "{}", "UnsupportedOperation"), ("AmazonSQS.Nope", "{}", "UnknownOperationException"),
      ("Other.CreateQueue", "{}", "UnknownOperationException"),
    ])
  func `refuse calls that cannot be`(target: String, body: String, error: String) async throws {
    try await Fixture.run { fixture in
      let answer = await fixture.call(target: target, body: body)
      #expect(answer.status == 400 && answer.errorType == error && answer["message"]?.string?.isEmpty == false)
    }
  }
}
