import EventSources
import NIOCore
import NIOHTTP1
import Testing
import XRayModel

@Suite struct `The query protocol of the API` {
  /// What a form is answered: the status, and the XML without its request's id.
  private func call(_ fixture: Fixture, _ form: String, path: String = "/") async -> (status: Int, xml: String) {
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: ["Host": "h"])
    let answer = await fixture.api.answer(.init(head: head, body: ByteBuffer(string: form + "&Version=2012-11-05")))
    return (Int(answer.status.code), String(buffer: answer.body))
  }

  @Test func `does what the JSON protocol does`() async throws {
    try await Fixture.run { fixture in
      let made = await call(
        fixture,
        "Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0&Tag.1.Key=k&Tag.1.Value=v")
      #expect(made.status == 200)
      #expect(
        made.xml.contains(
          "<CreateQueueResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><CreateQueueResult>"
            + "<QueueUrl>http://h/123456789012/q</QueueUrl></CreateQueueResult><ResponseMetadata><RequestId>"))
      let path = "/123456789012/q"
      #expect(
        await call(fixture, "Action=ListQueueTags", path: path).xml.contains("<Tag><Key>k</Key><Value>v</Value></Tag>"))
      let sent = await call(
        fixture,
        "Action=SendMessage&MessageBody=a%3Cb&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number"
          + "&MessageAttribute.1.Value.StringValue=1", path: path)
      #expect(sent.xml.contains("<MD5OfMessageAttributes>"))
      let batch = await call(
        fixture,
        "Action=SendMessageBatch&SendMessageBatchRequestEntry.1.Id=x&SendMessageBatchRequestEntry.1.MessageBody=m"
          + "&SendMessageBatchRequestEntry.2.Id=y", path: path)
      #expect(batch.xml.contains("<SendMessageBatchResultEntry><Id>x</Id>"))
      #expect(batch.xml.contains("<BatchResultErrorEntry><Id>y</Id><SenderFault>true</SenderFault>"))
      let received = await call(
        fixture,
        "Action=ReceiveMessage&MaxNumberOfMessages=10&AttributeName.1=ApproximateReceiveCount&MessageAttributeName.1=All",
        path: path)
      #expect(
        received.xml.contains("<Body>a&lt;b</Body><Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value>"))
      #expect(received.xml.contains("<MessageAttribute><Name>n</Name><Value><DataType>Number</DataType>"))
      #expect(received.xml.components(of: "<Message>") == 2)
      #expect(
        await call(fixture, "Action=ReceiveMessage", path: path).xml.contains(
          "<ReceiveMessageResult></ReceiveMessageResult>"))
    }
  }

  @Test(arguments: [
    ("Action=GetQueueUrl&QueueName=none", "AWS.SimpleQueueService.NonExistentQueue"), ("Action=Nope", "InvalidAction"),
    ("", "InvalidAction"), ("Action=ListQueues&MaxResults=many", "MalformedInput"), ("Action=%", "MalformedInput"),
    ("Action=SendMessageBatch&QueueUrl=http://h/123456789012/q", "AWS.SimpleQueueService.EmptyBatchRequest"),
    ("Action=SetQueueAttributes&Attribute.1.Value=1", "MalformedInput"),
  ])
  func `refuses calls that cannot be`(form: String, code: String) async throws {
    try await Fixture.run { fixture in
      _ = await fixture.queue()
      let answer = await call(fixture, form)
      #expect(answer.status == 400 && answer.xml.contains("<Type>Sender</Type><Code>\(code)</Code>"))
    }
  }
}

extension String {
  /// How often `part` is in the text.
  fileprivate func components(of part: String) -> Int { ranges(of: part).count }
}
