import EventSources
import LambdaEmitter
import Testing
import XRayModel
import XRaySampler

private func arn(_ service: String, _ name: String) -> String { "arn:aws:\(service):us-east-1:123456789012:\(name)" }

extension Fixture {
  /// Says where records of the function's events go.
  fileprivate func destinations(of name: String = "worker", success: String? = nil, failure: String? = nil) throws {
    var events = EventInvokeConfiguration()
    events.onSuccess = success
    events.onFailure = failure
    events.maximumRetryAttempts = 0
    try service.putEventInvokeConfiguration(events, for: name)
  }

  fileprivate func topic(_ name: String = "orders", _ subscriptions: TopicSubscription...) throws {
    try service.topics.change(failure: { $0 }) { records in
      records.put(Topic(name: name))
      for subscription in subscriptions { records.put(subscription) }
    }
  }
}

private func subscription(_ id: String, _ target: TopicSubscription.Target, _ endpoint: String) -> TopicSubscription {
  TopicSubscription(id: id, topic: "orders", target: target, endpoint: endpoint)
}

@Suite struct `A destination` {
  @Test func `that is a function gets the record as its event, in the same trace`() async throws {
    let events = Notes<JSONValue>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in Array(#""done""#.utf8) }
      try fixture.function("after") { event, _ in
        events.add(try JSONValue(parsing: event.bytes.span))
        return event.bytes
      }
      try fixture.destinations(success: arn("lambda", "function:after"))
      _ = try await fixture.service.invoke("worker", payload: Array(#"{"order":7}"#.utf8), type: .event)
    }
    #expect(events.all.count == 1)
    #expect(events.all.first?["requestPayload"]?["order"] == 7)
    #expect(events.all.first?["responsePayload"] == "done")
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
    let worker = try #require(recorder.services.first { $0.name == "worker" })
    let after = try #require(recorder.services.first { $0.name == "after" })
    #expect(after.parentID == worker.id)
    #expect(after.http?.response?.status == 202)
    let dwell = try #require(recorder.named("Dwell Time").first { $0.parentID == after.id })
    #expect(after.start == dwell.start && dwell.end ?? dwell.start > after.end ?? after.start)
  }

  @Test func `that is a topic reaches its queues and functions, in the same trace`() async throws {
    let events = Notes<JSONValue>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      try fixture.function("alarm") { event, _ in
        events.add(try JSONValue(parsing: event.bytes.span))
        return event.bytes
      }
      try fixture.topic(
        "orders", subscription("a", .queue, arn("sqs", "failed")),
        subscription("b", .function, arn("lambda", "function:alarm")))
      try fixture.destinations(failure: arn("sns", "orders"))
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      let message = try #require(fixture.service.queue(arn("sqs", "failed")).messages.first)
      let envelope = try read(message)
      let record = try JSONValue(parsing: envelope["Message"]?.string ?? "")
      #expect(record["requestContext"]?["condition"] == "RetriesExhausted")
      let header = try TraceHeader(parsing: message.traceHeader ?? "")
      let worker = fixture.recorder.services.first { $0.name == "worker" }
      #expect(header.root == worker?.traceID && header.parent == worker?.id && header.sampling == .sampled)
    }
    #expect(events.all.first?["Records"]?[0]?["Sns"]?["TopicArn"] == .string(arn("sns", "orders")))
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
    #expect(recorder.functions.map(\.name) == ["worker", "alarm"])
  }

  @Test func `that is a topic gets dead letters with their attributes`() async throws {
    try await Fixture.run { fixture in
      var raw = subscription("a", .queue, arn("sqs", "dead"))
      raw.isRaw = true
      raw.filter = try FilterPolicy(parsing: #"{"ErrorCode":["200"]}"#)
      try fixture.topic("orders", raw)
      try fixture.function {
        $0.deadLetterTarget = arn("sns", "orders")
      } handler: { _, _ in
        throw Broken()
      }
      try fixture.destinations()
      let result = try await fixture.service.invoke("worker", payload: Array("[1]".utf8), type: .event)
      await fixture.service.settle()
      let message = try #require(fixture.service.queue(arn("sqs", "dead")).messages.first)
      #expect(message.body == Array("[1]".utf8))
      #expect(message.attributes["RequestID"]?.text == result.requestID)
      #expect(fixture.service.undelivered == [:])
    }
  }

  @Test(arguments: [
    (arn("lambda", "function:nobody"), UndeliveredMessage.Reason.unknownFunction),
    (arn("lambda", "layer:worker"), .unknownFunction),
    ("arn:aws:lambda:eu-west-1:123456789012:function:worker", .unknownFunction),
    (arn("sns", "nobody"), .unknownTopic), (arn("events", "event-bus/default"), .unsupported),
    ("arn:aws:s3:::bucket", .unsupported),
  ])
  func `that is not there or not emulated is counted`(
    target: String, reason: UndeliveredMessage.Reason
  ) async throws {
    try await Fixture.run { fixture in
      try fixture.function()
      try fixture.destinations(success: target)
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      #expect(fixture.service.undelivered == [reason: 1])
    }
  }

  @Test func `that a record is too large for is counted`() async throws {
    try await Fixture.run { fixture in
      let answer = Array(("\"" + String(repeating: "x", count: 1_048_576) + "\"").utf8)
      try fixture.topic()
      try fixture.function { _, _ in answer }
      for target in [arn("sns", "orders"), arn("lambda", "function:worker")] {
        try fixture.destinations(success: target)
        _ = try await fixture.service.invoke("worker", type: .event)
        await fixture.service.settle()
      }
      #expect(fixture.service.undelivered == [.tooLarge: 2])
    }
  }

  @Test func `that is the function itself is stopped after sixteen rounds`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in [] }
      try fixture.destinations(success: arn("lambda", "function:worker"))
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      #expect(fixture.service.undelivered == [.recursion: 1])
    }
    #expect(recorder.functions.count == 17)
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
  }

  @Test func `that leads back over a topic ends, at the latest when its records are too large`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.topic("orders", subscription("a", .function, arn("lambda", "function:worker")))
      try fixture.function { _, _ in [] }
      try fixture.destinations(success: arn("sns", "orders"))
      _ = try await fixture.service.invoke("worker", type: .event)
      await fixture.service.settle()
      // Each round puts the record before it into a text: quotes are escaped twice as often each time.
      #expect(fixture.service.undelivered == [.tooLarge: 1])
    }
    #expect(recorder.functions.count > 5 && recorder.functions.count < 17)
  }

  @Test func `that is one of a ring of many functions is stopped when the ring is long`() async throws {
    try await Fixture.run { fixture in
      for index in 0..<40 {
        try fixture.function("f\(index)") { _, _ in [] }
        try fixture.destinations(of: "f\(index)", success: arn("lambda", "function:f\((index + 1) % 40)"))
      }
      _ = try await fixture.service.invoke("f0", type: .event)
      await fixture.service.settle()
      #expect(fixture.service.undelivered == [.recursion: 1])
    }
  }

  @Test func `gives the same documents for the same seed`() async throws {
    func run() async throws -> [[UInt8]] {
      try await Fixture.run(seed: 7) { fixture in
        try fixture.topic(
          "orders", subscription("a", .queue, arn("sqs", "q")),
          subscription("b", .function, arn("lambda", "function:after")))
        try fixture.function()
        try fixture.function("after")
        try fixture.destinations(success: arn("sns", "orders"))
        for _ in 0..<5 { _ = try await fixture.service.invoke("worker", type: .event) }
      }.documents
    }
    let first = try await run()
    #expect(first.count > 20)
    #expect(try await run() == first)
  }

  @Test(arguments: [1, 2])
  func `that is a function is accepted when the journal has its event`(limit: Int) async throws {
    let journal = Diary(limit: limit)
    let recorder = Recorder()
    try await Simulation.run(from: startOfTime) { clock in
      let service = LambdaService(
        clock: clock, random: RandomSource(seed: 1), sampler: FixedSampler.always, emitter: recorder, journal: journal)
      let fixture = Fixture(service: service, clock: clock, recorder: recorder, random: RandomSource(seed: 2))
      service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      try await service.serving { service in
        try fixture.function()
        try fixture.function("after")
        try fixture.destinations(success: arn("lambda", "function:after"))
        _ = try await service.invoke("worker", type: .event)
      }
      #expect(service.undelivered == (limit == 1 ? [.refused: 1] : [:]))
    }
    #expect(journal.accepted.all.count == limit)
    #expect(Set(journal.finished.all) == Set(journal.accepted.all))
    #expect(recorder.services.map { $0.http?.response?.status } == [202, limit == 1 ? 500 : 202])
    #expect(recorder.functions.count == limit)
  }

  @Test func `after the service's end is counted`() async throws {
    let told = Notes<UndeliveredMessage>()
    let service = LambdaService(
      clock: StillClock(), random: RandomSource(seed: 1), emitter: Recorder(), tellUndelivered: told.add)
    service.putRole(ExecutionRole(arn: roleARN))
    try service.createFunction(FunctionConfiguration(name: "worker", role: roleARN)) { event, _ in event.bytes }
    try service.topics.change(failure: { $0 }) { records in
      records.put(Topic(name: "orders"))
      records.put(subscription("a", .function, arn("lambda", "function:worker")))
    }
    service.close()
    #expect(service.publish(TopicMessage(body: "x"), to: arn("sns", "orders")) != nil)
    #expect(service.undelivered == [.refused: 1])
    #expect(told.all == [UndeliveredMessage(reason: .refused, target: arn("lambda", "function:worker"))])
  }
}

/// A clock that stands still.
private struct StillClock: WallClock {
  var now: Timestamp { startOfTime }
  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {}
}

/// A journal that takes a few events.
private final class Diary: EventJournal {
  let accepted = Notes<String>()
  let finished = Notes<String>()
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func takePending() -> [AcceptedEvent] { [] }
  func accept(_ event: AcceptedEvent) async throws(LambdaError) {
    guard accepted.all.count < limit else { throw LambdaError(.service, "full") }
    accepted.add(event.requestID)
  }
  func note(_ progress: EventProgress, of requestID: String) {}
  func finish(_ requestID: String) { finished.add(requestID) }
}
