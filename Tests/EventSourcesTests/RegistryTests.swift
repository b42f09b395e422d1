import EventSources
import Synchronization
import Testing
import XRayModel

@Suite struct `A registry of queues` {
  @Test func `creates a queue once`() throws {
    let registry = makeRegistry()
    let queue = try registry.create("q", attributes: ["DelaySeconds": "5"], tags: ["a": "b"], at: start)
    #expect(queue.arn == "arn:aws:sqs:us-east-1:123456789012:q" && queue.tags == ["a": "b"])
    #expect(try registry.create("q", at: start) === queue)
    #expect(try registry.create("q", attributes: ["DelaySeconds": "5"], at: start) === queue)
    let error = refusal { try registry.create("q", attributes: ["DelaySeconds": "6"], at: start) }
    #expect(error == .queueNameExists)
    try registry.delete(queue)
    #expect(registry.queue(named: "q") == nil)
  }

  @Test(
    arguments: [
      ("q", ["DelaySeconds": "901"], .invalidAttributeValue),
      ("q", ["VisibilityTimeout": "-1"], .invalidAttributeValue),
      ("q", ["MaximumMessageSize": "1023"], .invalidAttributeValue), ("q", ["Nope": "1"], .invalidAttributeName),
      ("q", ["ContentBasedDeduplication": "true"], .invalidAttributeName),
      ("q", ["RedrivePolicy": "{"], .invalidAttributeValue),
      ("q", ["RedrivePolicy": #"{"deadLetterTargetArn":"arn:none","maxReceiveCount":3}"#], .invalidAttributeValue),
      ("q", ["FifoQueue": "true"], .invalidParameterValue), ("q.fifo", [:], .invalidParameterValue),
      ("", [:], .invalidParameterValue), ("a b", [:], .invalidParameterValue),
      (String(repeating: "a", count: 81), [:], .invalidParameterValue),
    ] as [(String, [String: String], QueueError.Code)])
  func `refuses queues that cannot be`(name: String, attributes: [String: String], code: QueueError.Code) throws {
    #expect(refusal { try makeRegistry().create(name, attributes: attributes, at: start) } == code)
  }

  @Test func `makes a queue that is named as a target, and shows it once it has a message`() throws {
    let registry = makeRegistry()
    let queue = registry.queue(registry.arn("dead"), at: start)
    #expect(registry.list().isEmpty && registry.queue(named: "dead") == nil)
    queue.send([65], at: start)
    #expect(registry.queue(named: "dead") === queue)
    // Who creates it then finds the messages in it.
    #expect(try registry.create("dead", attributes: ["VisibilityTimeout": "1"], at: start) === queue)
    #expect(queue.settings.visibilityTimeoutSeconds == 1 && queue.messages.count == 1)
  }

  @Test func `lets no queue be its own dead letter queue`() throws {
    let registry = makeRegistry()
    let queue = try registry.create("q", at: start)
    let policy = #"{"deadLetterTargetArn":"\#(queue.arn)","maxReceiveCount":1}"#
    let error = refusal { try registry.set(["RedrivePolicy": policy], of: queue, at: start) }
    #expect(error == .invalidAttributeValue && queue.settings.redrive == nil)
  }

  @Test func `lists by prefix and in pages`() throws {
    let registry = makeRegistry()
    for name in ["b2", "a1", "b1", "b3"] { try registry.create(name, at: start) }
    #expect(registry.list().map(\.name) == ["a1", "b1", "b2", "b3"])
    #expect(registry.list(prefix: "b", limit: 2).map(\.name) == ["b1", "b2"])
    #expect(registry.list(prefix: "b", after: "b2", limit: 2).map(\.name) == ["b3"])
  }

  @Test func `is there again from what was kept`() throws {
    let kept = Mutex(QueueDefinitions())
    let registry = QueueRegistry(random: RandomSource(seed: 1)) { definitions in kept.withLock { $0 = definitions } }
    let dead = try registry.create("dead.fifo", attributes: ["FifoQueue": "true"], at: start)
    let policy = #"{"deadLetterTargetArn":"\#(dead.arn)","maxReceiveCount":4}"#
    let queue = try registry.create(
      "q.fifo", attributes: ["FifoQueue": "true", "RedrivePolicy": policy, "Policy": "{}", "DelaySeconds": "3"],
      at: start)
    try registry.set(["VisibilityTimeout": "7"], of: queue, at: after(1))
    try registry.changeTags(of: queue) { $0["k"] = "v" }
    try registry.delete(try registry.create("gone", at: start))
    var writer = JSONWriter(pretty: true)
    kept.withLock { $0.write(to: &writer) }
    let definitions = try QueueDefinitions(json: JSONValue(parsing: writer.bytes.span))
    #expect(definitions == kept.withLock { $0 })
    let again = QueueRegistry(random: RandomSource(seed: 1), definitions: definitions)
    #expect(again.list().map(\.name) == ["dead.fifo", "q.fifo"])
    let copy = try #require(again.queue(named: "q.fifo"))
    #expect(copy.settings == queue.settings && copy.tags == ["k": "v"])
    #expect(copy.created == start && copy.modified == after(1))
  }

  @Test func `changes nothing that cannot be kept`() throws {
    struct Full: Error {}
    let registry = QueueRegistry(random: RandomSource(seed: 1)) { _ in throw Full() }
    #expect(refusal { try registry.create("q", at: start) } == .internalFailure)
    #expect(registry.list().isEmpty)
  }

  @Test(arguments: [
    "{}", #"{"version":1}"#, #"{"version":1,"queues":[{}]}"#,
    #"{"version":1,"queues":[{"name":"a b","created":1,"modified":1,"attributes":{},"tags":{}}]}"#,
    #"{"version":1,"queues":[{"name":"q","created":1,"modified":1,"attributes":{"X":"1"},"tags":{}}]}"#,
    #"{"version":1,"queues":[{"name":"q","created":1,"modified":1,"attributes":{},"tags":{"a":1}}]}"#,
  ])
  func `is not read from what is damaged`(text: String) throws {
    let json = try JSONValue(parsing: Array(text.utf8).span)
    #expect(throws: QueueDamage.self) { try QueueDefinitions(json: json) }
  }
}

@Suite struct `A message's digests` {
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    (String(repeating: "1234567890", count: 8), "57edf4a22be3c955ac49da2e2107b67a"),
    (String(repeating: "a", count: 55), "ef1772b6dff9a122358552954ad0df65"),
    (String(repeating: "a", count: 64), "014842d480b571495a4a0363793f7367"),
  ])
  func `are MD5's`(text: String, digest: String) { #expect(NewMessage(Array(text.utf8)).bodyMD5 == digest) }

  @Test func `of attributes are those that clients compute`() {
    let attributes: [String: MessageAttribute] = [
      "n": MessageAttribute(type: "Number", value: .text("1")),
      "b": MessageAttribute(type: "Binary", value: .bytes([0, 1, 2])),
      "s": MessageAttribute(type: "String.x", value: .text("text")),
    ]
    #expect(attributes.md5 == "09d0d88421e637e7e67c7ac28aea1747")
  }

  @Test(arguments: ["", "AA==", "AAE=", "AAEC", "+/+/"])
  func `and bytes survive base64`(text: String) {
    #expect(MessageAttribute(type: "Binary", base64: text)?.base64 == text)
  }

  @Test(arguments: ["A", "AA", "A===", "AA=A", "AAAAA", "A*==", "===="])
  func `and what is no base64 is none`(text: String) { #expect(MessageAttribute(type: "Binary", base64: text) == nil) }
}
