import EventSources
import LambdaEmitter
import Testing
import XRayModel

@Suite struct `An event source` {
  static func records(_ count: Int, at moment: Timestamp) -> [StreamRecord] {
    (0..<count).map {
      StreamRecord(
        json: ["kinesis": ["sequenceNumber": .string("\($0)"), "data": "eA=="]], sequenceNumber: "\($0)",
        arrival: moment)
    }
  }

  /// The sequence numbers in an event.
  static func numbers(_ event: InvocationEvent) throws -> [Int] {
    try JSONValue(parsing: event.bytes.span)["Records"]?.array?.compactMap {
      $0["kinesis"]?["sequenceNumber"]?.string.flatMap { Int($0) }
    } ?? []
  }

  @Test func `that is a stream tries a batch again within one service segment`() async throws {
    let calls = Notes<[Int]>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, _ in
        calls.add(try Self.numbers(event))
        if calls.all.count < 3 { throw Broken() }
        return event.bytes
      }
      var source = StreamSource(.kinesis, stream: "arn:stream")
      source.batchSize = 2
      let processed = try await fixture.service.deliver(
        Self.records(3, at: fixture.clock.now), from: source, to: "worker")
      #expect(processed == 3)
    }
    #expect(calls.all == [[0, 1], [0, 1], [0, 1], [2]])
    #expect(recorder.services.count == 2)
    let first = recorder.services[0]
    let own = recorder.functions.filter { $0.parentID == first.id }
    #expect(own.map(\.isFault) == [true, true, false])
    #expect(!first.isFault && first.parentID == nil)
    #expect(own.allSatisfy { $0.start >= first.start && $0.end ?? $0.start <= first.end ?? first.start })
    #expect(Set(recorder.services.map(\.traceID)).count == 2)
  }

  @Test func `that is a stream gives a batch up after its retries and goes on`() async throws {
    let calls = Notes<[Int]>()
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, _ in
        let numbers = try Self.numbers(event)
        calls.add(numbers)
        if numbers.contains(0) { throw Broken() }
        return event.bytes
      }
      var source = StreamSource(.dynamoDB, stream: "arn:stream")
      source.batchSize = 1
      source.maximumRetryAttempts = 1
      source.onFailure = "arn:failed"
      let processed = try await fixture.service.deliver(
        Self.records(2, at: fixture.clock.now), from: source, to: "worker")
      #expect(processed == 1)
      let record = try read(fixture.service.queue("arn:failed").messages.first)
      #expect(record["DDBStreamBatchInfo"]?["startSequenceNumber"] == "0")
    }
    #expect(calls.all == [[0], [0], [1]])
    #expect(recorder.services.map(\.isFault) == [true, false])
  }

  @Test func `that is a stream finds the bad record by halving, or waits for its age`() async throws {
    let calls = Notes<[Int]>()
    try await Fixture.run { fixture in
      try fixture.function { event, _ in
        let numbers = try Self.numbers(event)
        calls.add(numbers)
        if numbers.contains(2) { throw Broken() }
        return event.bytes
      }
      var source = StreamSource(.kinesis, stream: "arn:stream")
      source.bisectsBatchOnError = true
      source.maximumRecordAgeSeconds = 60
      let start = fixture.clock.now
      let processed = try await fixture.service.deliver(Self.records(4, at: start), from: source, to: "worker")
      #expect(processed == 3)
      #expect(fixture.clock.now.since(start) < 65)
    }
    #expect(Array(calls.all.prefix(4)) == [[0, 1, 2, 3], [0, 1], [2, 3], [2]])
    #expect(calls.all.last == [3])
  }

  @Test func `that is a queue begins a new trace with links to the senders`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      let queue = fixture.service.queue("arn:queue")
      let roots = ["1-58406520-a006649127e371903a2de979", "1-58406520-b006649127e371903a2de979"]
      for (index, root) in (roots + roots.prefix(1)).enumerated() {
        queue.send(
          Array("m\(index)".utf8), at: fixture.clock.now,
          traceHeader: "Root=\(root);Parent=4c721bf33e3caf8f;Sampled=\(root == roots[1] ? 0 : 1)")
      }
      #expect(try await fixture.service.drain(QueueSource(queue: "arn:queue"), into: "worker") == 3)
      #expect(queue.messages.isEmpty)
    }
    let invocation = try #require(recorder.functions.first?.part("Invocation"))
    #expect(recorder.services.first?.parentID == nil)
    #expect(invocation.links.map(\.traceID.description) == ["1-58406520-a006649127e371903a2de979"])
    #expect(invocation.links.first?.id?.description == "4c721bf33e3caf8f")
    #expect(invocation.links.first?.attributes["aws.xray.reserved.reference_type"]?.string == "parent")
    #expect(recorder.services.first?.traceID?.description != "1-58406520-a006649127e371903a2de979")
  }

  @Test func `that is a queue brings a failed batch back after its timeout, then gives it up`() async throws {
    let times = Notes<Timestamp>()
    let recorder = try await Fixture.run(timing: .measured) { fixture in
      try fixture.function(milliseconds: 0, initialization: 0) { _, context in
        times.add(context.clock.now)
        throw Broken()
      }
      fixture.service.queue("arn:queue").send(Array("m".utf8), at: fixture.clock.now)
      var source = QueueSource(queue: "arn:queue")
      source.deadLetterTarget = "arn:dead"
      #expect(try await fixture.service.drain(source, into: "worker") == 0)
      #expect(fixture.service.queue("arn:dead").messages.map(\.body) == [Array("m".utf8)])
    }
    #expect(times.all.map { $0.since(startOfTime) } == [0, 30, 60])
    #expect(Set(recorder.services.map(\.traceID)).count == 3)
  }
}
