import Testing
import XRayModel

@testable import EventSources

let start = Timestamp(seconds: 1_700_000_000)

func after(_ seconds: Int) -> Timestamp { start.advanced(by: .seconds(seconds)) }

/// A registry with ids that repeat.
func makeRegistry() -> QueueRegistry { QueueRegistry(random: RandomSource(seed: 1)) }

extension EventQueue {
  func put(_ body: String, group: String? = nil, id: String? = nil, delay: Int? = nil, at second: Int = 0) throws {
    var message = NewMessage(Array(body.utf8))
    (message.groupID, message.deduplicationID, message.delaySeconds) = (group, id, delay)
    try send(message, at: after(second))
  }

  func take(_ count: Int = 10, at second: Int, visibility: Int? = nil) -> [QueueMessage] {
    receive(count, at: after(second), visibility: visibility.map { .seconds($0) })
  }
}

extension QueueMessage {
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// The code of the error that `body` throws.
func refusal(_ body: () throws -> Void) -> QueueError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? QueueError)?.code
  }
}

@Suite struct `A queue` {
  let registry = makeRegistry()

  func queue(_ attributes: [String: String] = [:], name: String = "q") throws -> EventQueue {
    try registry.create(name, attributes: attributes, at: start)
  }

  @Test func `gives its oldest messages first and hides them for the visibility timeout`() throws {
    let queue = try queue(["VisibilityTimeout": "5"])
    for body in ["a", "b", "c"] { try queue.put(body) }
    #expect(queue.take(2, at: 1).map(\.text) == ["a", "b"])
    #expect(queue.take(at: 2).map(\.text) == ["c"])
    #expect(queue.counts(at: after(2)) == EventQueue.Counts(visible: 0, inFlight: 3, delayed: 0))
    #expect(!queue.hasVisible(at: after(5)) && queue.nextVisible == after(6))
    let again = queue.take(at: 6)
    #expect(again.map(\.text) == ["a", "b"] && again.map(\.receiveCount) == [2, 2])
    #expect(again.first?.firstReceived == after(1) && again.first?.sent == start)
  }

  @Test func `deletes by the latest receipt handle only`() throws {
    let queue = try queue(["VisibilityTimeout": "5"])
    try queue.put("a")
    let first = try #require(queue.take(at: 0).first)
    let second = try #require(queue.take(at: 5).first)
    try queue.delete(first.receiptHandle, at: after(5))
    #expect(!queue.isEmpty(at: after(5)))
    // Also once it is visible again.
    try queue.delete(second.receiptHandle, at: after(20))
    #expect(queue.isEmpty(at: after(20)))
    try queue.delete(second.receiptHandle, at: after(20))
    for handle in ["", "x", "1.1", "9.1.\(first.id)", "-1.1.x", "99999999999999999999.1.x"] {
      #expect(refusal { try queue.delete(handle, at: start) } == .receiptHandleIsInvalid)
    }
  }

  @Test func `does not take another queue's receipt handles`() throws {
    let (queue, other) = (try queue(), try self.queue(name: "other"))
    for each in [queue, other] { try each.put("a") }
    let message = try #require(queue.take(at: 0).first)
    #expect(refusal { try other.delete(message.receiptHandle, at: start) } == .receiptHandleIsInvalid)
  }

  @Test func `changes how long a message in flight is hidden`() throws {
    let queue = try queue()
    try queue.put("a")
    let message = try #require(queue.take(at: 0).first)
    try queue.changeVisibility(message.receiptHandle, to: .seconds(100), at: after(10))
    #expect(queue.take(at: 109).isEmpty)
    let again = try #require(queue.take(at: 110).first)
    try queue.changeVisibility(again.receiptHandle, to: .zero, at: after(111))
    #expect(queue.hasVisible(at: after(111)))
    let error = refusal { try queue.changeVisibility(again.receiptHandle, to: .zero, at: after(111)) }
    #expect(error == .messageNotInFlight)
  }

  @Test func `delays messages by its own delay or by theirs`() throws {
    let queue = try queue(["DelaySeconds": "10"])
    try queue.put("late")
    try queue.put("now", delay: 0)
    #expect(queue.counts(at: start) == EventQueue.Counts(visible: 1, inFlight: 0, delayed: 1))
    #expect(queue.take(at: 9).map(\.text) == ["now"])
    #expect(queue.take(at: 10).map(\.text) == ["late"])
  }

  @Test func `forgets messages that are too old, also those in flight`() throws {
    let queue = try queue(["MessageRetentionPeriod": "60"])
    for body in ["a", "b"] { try queue.put(body) }
    try queue.put("c", at: 1)
    #expect(queue.take(1, at: 0, visibility: 500).count == 1)
    #expect(queue.counts(at: after(59)) == EventQueue.Counts(visible: 2, inFlight: 1, delayed: 0))
    #expect(queue.take(at: 60).map(\.text) == ["c"])
    #expect(queue.counts(at: after(60)).inFlight == 1)
  }

  @Test func `moves messages that were received too often, with their ids`() throws {
    let dead = try queue(name: "dead")
    let queue = try queue([
      "RedrivePolicy": #"{"deadLetterTargetArn":"\#(dead.arn)","maxReceiveCount":"2"}"#, "VisibilityTimeout": "1",
    ])
    try queue.put("a")
    let id = queue.messages.first?.id
    #expect(queue.take(at: 0).count == 1 && queue.take(at: 1).count == 1)
    #expect(dead.messages.isEmpty && queue.take(at: 2).isEmpty && queue.isEmpty(at: after(2)))
    let letter = try #require(dead.take(at: 2).first)
    #expect(letter.id == id && letter.deadLetterSource == queue.arn && letter.sent == start)
    #expect(registry.deadLetterSources(of: dead.arn).map(\.name) == ["q"])
  }

  @Test func `refuses what it has no room for, and drops dead letters`() throws {
    let queue = try queue()
    let body = [UInt8](repeating: 65, count: 1 << 20)
    var sent = 0
    while refusal({ try queue.send(NewMessage(body), at: start) }) == nil { sent += 1 }
    #expect(sent == 63 && queue.sent == 63)
    queue.send(body, at: start)
    #expect(queue.dropped == 1)
    #expect(refusal { try queue.send(NewMessage(body), at: start) } == .overLimit)
    #expect(refusal { try queue.send(NewMessage(body + [65]), at: start) } == .invalidParameterValue)
  }

  @Test func `is purged once a minute`() throws {
    let queue = try queue()
    try queue.put("a")
    try queue.purge(at: start)
    #expect(queue.isEmpty(at: start))
    #expect(refusal { try queue.purge(at: after(59)) } == .purgeQueueInProgress)
    try queue.purge(at: after(60))
  }

  @Test func `gives no more bytes than it is asked for`() throws {
    let queue = try queue()
    for body in ["1234", "5678", "9"] { try queue.put(body) }
    #expect(queue.receive(10, at: start, bytes: 7).map(\.text) == ["1234"])
    #expect(queue.take(at: 0).map(\.text) == ["5678", "9"])
  }

  @Test func `works with a hundred thousand messages`() throws {
    let queue = try queue()
    for number in 0..<100_000 { try queue.put("\(number)") }
    var received: [QueueMessage] = []
    while case let batch = queue.take(10, at: 0), !batch.isEmpty { received += batch }
    #expect(received.count == 100_000 && received.map(\.text) == (0..<100_000).map(String.init))
    for message in received.suffix(50_000) { try queue.delete(message.receiptHandle, at: start) }
    #expect(queue.counts(at: after(30)) == EventQueue.Counts(visible: 50_000, inFlight: 0, delayed: 0))
  }
}

@Suite struct `A FIFO queue` {
  let registry = makeRegistry()

  func queue(_ attributes: [String: String] = [:]) throws -> EventQueue {
    let attributes = attributes.merging(["FifoQueue": "true", "VisibilityTimeout": "10"]) { $1 }
    return try registry.create("q.fifo", attributes: attributes, at: start)
  }

  @Test func `holds a group back while one of its messages is in flight`() throws {
    let queue = try queue()
    for body in ["a1", "a2", "b1", "a3"] { try queue.put(body, group: String(body.prefix(1)), id: body) }
    let first = queue.take(2, at: 0)
    #expect(first.map(\.text) == ["a1", "a2"])
    #expect(queue.take(at: 0).map(\.text) == ["b1"])
    try queue.delete(first[0].receiptHandle, at: start)
    #expect(!queue.hasVisible(at: start) && queue.counts(at: start).visible == 1)
    try queue.delete(first[1].receiptHandle, at: start)
    #expect(queue.take(at: 1).map(\.text) == ["a3"])
  }

  @Test func `brings messages back in their order`() throws {
    let queue = try queue()
    for body in ["1", "2", "3"] { try queue.put(body, group: "g", id: body) }
    let first = queue.take(2, at: 0)
    try queue.changeVisibility(first[1].receiptHandle, to: .zero, at: after(1))
    #expect(!queue.hasVisible(at: after(1)))
    #expect(queue.take(at: 10).map(\.text) == ["1", "2", "3"])
    #expect(refusal { try queue.delete(first[0].receiptHandle, at: after(10)) } == nil)
    #expect(queue.messages.count == 3)
    let numbers = queue.messages.compactMap(\.sequenceNumber)
    #expect(numbers == numbers.sorted() && numbers.allSatisfy { $0.count == 20 })
  }

  @Test func `no longer deletes what is visible again`() throws {
    let queue = try queue()
    try queue.put("1", group: "g", id: "1")
    let message = try #require(queue.take(at: 0).first)
    #expect(refusal { try queue.delete(message.receiptHandle, at: after(10)) } == .invalidParameterValue)
  }

  @Test func `takes what was sent within five minutes as one message`() throws {
    let queue = try queue(["ContentBasedDeduplication": "true"])
    try queue.put("a", group: "g")
    try queue.put("a", group: "h", at: 299)
    try queue.put("b", group: "g", id: queue.messages.first?.deduplicationID, at: 299)
    #expect(queue.messages.map(\.text) == ["a"])
    #expect(
      queue.messages.first?.deduplicationID == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")
    try queue.put("a", group: "g", at: 300)
    #expect(queue.messages.count == 2)
  }

  @Test func `may tell duplicates by group`() throws {
    let queue = try queue(["DeduplicationScope": "messageGroup"])
    for group in ["g", "h", "g"] { try queue.put("x", group: group, id: "1") }
    #expect(queue.messages.compactMap(\.groupID) == ["g", "h"])
  }

  @Test func `keeps its order when its delay becomes shorter`() throws {
    let queue = try queue(["DelaySeconds": "10"])
    try queue.put("1", group: "g", id: "1")
    try registry.set(["DelaySeconds": "0"], of: queue, at: start)
    try queue.put("2", group: "g", id: "2")
    #expect(queue.take(at: 9).isEmpty)
    #expect(queue.take(at: 10).map(\.text) == ["1", "2"])
  }

  @Test func `moves dead letters to a FIFO queue`() throws {
    let dead = try registry.create("dead.fifo", attributes: ["FifoQueue": "true"], at: start)
    let queue = try queue(["RedrivePolicy": #"{"deadLetterTargetArn":"\#(dead.arn)","maxReceiveCount":1}"#])
    for body in ["1", "2"] { try queue.put(body, group: "g", id: body) }
    #expect(queue.take(1, at: 0).map(\.text) == ["1"])
    #expect(queue.take(at: 10).map(\.text) == ["2"])
    #expect(dead.messages.map(\.text) == ["1"] && dead.messages.first?.groupID == "g")
  }
}
