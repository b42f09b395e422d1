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
      let (queue, dead) = try fixture.queues()
      queue.send(Array("m".utf8), at: fixture.clock.now)
      #expect(try await fixture.service.drain(QueueSource(queue: queue.arn), into: "worker") == 0)
      #expect(dead.messages.map(\.body) == [Array("m".utf8)] && queue.messages.isEmpty)
      #expect(dead.messages.first?.deadLetterSource == queue.arn)
    }
    #expect(times.all.map { $0.since(startOfTime) } == [0, 30, 60])
    #expect(Set(recorder.services.map(\.traceID)).count == 3)
  }

  @Test func `that is a queue gives the function whole records`() async throws {
    let events = Notes<JSONValue>()
    try await Fixture.run { fixture in
      try fixture.function { event, _ in
        events.add(try JSONValue(parsing: event.bytes.span))
        return event.bytes
      }
      var message = NewMessage(Array("hello".utf8))
      message.attributes = [
        "price": MessageAttribute(type: "Number", value: .text("1.5")),
        "image": MessageAttribute(type: "Binary.png", value: .bytes([1, 2])),
      ]
      message.traceHeader = "Root=1-58406520-a006649127e371903a2de979"
      let sent = try fixture.service.queue("arn:queue").send(message, at: fixture.clock.now)
      try await fixture.service.drain(QueueSource(queue: "arn:queue"), into: "worker")
      let record = try #require(events.all.first?["Records"]?[0])
      #expect(record["messageId"]?.string == sent.id)
      #expect(record["receiptHandle"]?.string?.isEmpty == false)
      #expect(record["body"]?.string == "hello" && record["md5OfBody"]?.string == "5d41402abc4b2a76b9719d911017c592")
      #expect(record["attributes"]?["ApproximateReceiveCount"]?.string == "1")
      #expect(record["attributes"]?["SentTimestamp"]?.string == "1700000000000")
      #expect(record["attributes"]?["ApproximateFirstReceiveTimestamp"]?.string == "1700000000000")
      #expect(record["attributes"]?["AWSTraceHeader"]?.string == message.traceHeader)
      #expect(record["messageAttributes"]?["price"]?["stringValue"]?.string == "1.5")
      #expect(record["messageAttributes"]?["price"]?["dataType"]?.string == "Number")
      #expect(record["messageAttributes"]?["image"]?["binaryValue"]?.string == "AQI=")
      #expect(record["eventSource"]?.string == "aws:sqs" && record["eventSourceARN"]?.string == "arn:queue")
      #expect(record["awsRegion"]?.string == "us-east-1")
    }
  }

  @Test func `that is a queue keeps what the function reports as failed`() async throws {
    let calls = Notes<[String]>()
    try await Fixture.run { fixture in
      try fixture.function { event, _ in
        let messages = try Self.messages(event)
        calls.add(messages.map(\.body))
        let bad = messages.filter { $0.body == "bad" }.map { #"{"itemIdentifier":"\#($0.id)"}"# }
        return Array(#"{"batchItemFailures":[\#(bad.joined(separator: ","))]}"#.utf8)
      }
      let (queue, dead) = try fixture.queues(maximumReceiveCount: 2)
      for body in ["1", "bad", "2"] { queue.send(Array(body.utf8), at: fixture.clock.now) }
      var source = QueueSource(queue: queue.arn)
      source.reportsBatchItemFailures = true
      #expect(try await fixture.service.drain(source, into: "worker") == 2)
      #expect(dead.messages.map(\.body) == [Array("bad".utf8)])
    }
    #expect(calls.all == [["1", "bad", "2"], ["bad"]])
  }

  @Test(arguments: [
    ("", 2), ("null", 2), ("{}", 2), (#"{"batchItemFailures":null}"#, 2), (#"{"batchItemFailures":[]}"#, 2),
    ("\"done\"", 0), ("{", 0), (#"{"batchItemFailures":{}}"#, 0),
    (#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, 0),
    (#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, 0), (#"{"batchItemFailures":[{"id":"x"}]}"#, 0),
    (#"{"batchItemFailures":[{"itemIdentifier":"unknown"}]}"#, 0),
  ])
  func `that is a queue understands a function's report`(answer: String, processed: Int) async throws {
    try await Fixture.run { fixture in
      try fixture.function { _, _ in Array(answer.utf8) }
      let (queue, dead) = try fixture.queues(maximumReceiveCount: 1)
      for _ in 0..<2 { queue.send(Array("m".utf8), at: fixture.clock.now) }
      var source = QueueSource(queue: queue.arn)
      source.reportsBatchItemFailures = true
      #expect(try await fixture.service.drain(source, into: "worker") == processed)
      #expect(dead.messages.count == 2 - processed)
    }
  }

  @Test func `that is a queue takes what comes while a batch runs`() async throws {
    let calls = Notes<Timestamp>()
    try await Fixture.run { fixture in
      try fixture.function(milliseconds: 2500) { event, context in
        calls.add(context.clock.now)
        return event.bytes
      }
      let queue = fixture.service.queue("arn:queue")
      queue.send(Array("1".utf8), at: fixture.clock.now)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let processed = try await fixture.service.poll(QueueSource(queue: "arn:queue"), into: "worker")
          #expect(processed == 2)
        }
        try await fixture.clock.sleep(for: .seconds(1))
        queue.send(Array("2".utf8), at: fixture.clock.now)
        try await group.waitForAll()
      }
    }
    #expect(calls.all.count == 2)
    let (first, last) = (calls.all.first ?? startOfTime, calls.all.last ?? startOfTime)
    #expect((0.5..<2).contains(last.since(first)))
  }

  @Test func `that is a queue ends with its function`() async throws {
    try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      let queue = fixture.service.queue("arn:queue")
      queue.send(Array("1".utf8), at: fixture.clock.now)
      async let processed = fixture.service.drain(QueueSource(queue: "arn:queue"), into: "worker")
      try await fixture.clock.sleep(for: .seconds(10))
      try await fixture.service.deleteFunction("worker")
      _ = try? await processed
      #expect(fixture.clock.now.since(startOfTime) < 40 && queue.messages.count == 1)
    }
  }

  @Test func `that is a FIFO queue stops a group at its first failure`() async throws {
    let calls = Notes<[String]>()
    try await Fixture.run { fixture in
      try fixture.function { event, _ in
        let messages = try Self.messages(event)
        calls.add(messages.map(\.body))
        let bad = messages.filter { $0.body == "a2" && calls.all.count == 1 }
          .map { #"{"itemIdentifier":"\#($0.id)"}"# }
        return Array(#"{"batchItemFailures":[\#(bad.joined())]}"#.utf8)
      }
      let queue = fixture.service.queue("arn:queue.fifo")
      for body in ["a1", "a2", "b1", "a3"] {
        var message = NewMessage(Array(body.utf8))
        message.groupID = String(body.prefix(1))
        try queue.send(message, at: fixture.clock.now)
      }
      var source = QueueSource(queue: queue.arn)
      source.reportsBatchItemFailures = true
      #expect(try await fixture.service.drain(source, into: "worker") == 4)
    }
    #expect(calls.all == [["a1", "a2", "a3", "b1"], ["a2", "a3"]])
  }

  @Test func `that is a queue gathers a batch while its window is open`() async throws {
    let calls = Notes<[String]>()
    try await Fixture.run { fixture in
      try fixture.function { event, _ in
        calls.add(try Self.messages(event).map(\.body))
        return event.bytes
      }
      let queue = fixture.service.queue("arn:queue")
      var source = QueueSource(queue: queue.arn)
      source.batchSize = 3
      source.windowSeconds = 10
      try await withThrowingTaskGroup(of: Void.self) { [source] group in
        group.addTask {
          for number in 0..<5 {
            queue.send(Array("\(number)".utf8), at: fixture.clock.now)
            try await fixture.clock.sleep(for: .seconds(4))
          }
        }
        group.addTask {
          for _ in 0..<2 {
            try await fixture.clock.sleep(for: .seconds(5))
            try await fixture.service.drain(source, into: "worker")
          }
        }
        try await group.waitForAll()
      }
    }
    #expect(calls.all == [["0", "1", "2"], ["3", "4"]])
  }

  @Test(arguments: [(nil, 5), (2, 2), (50, 20)] as [(Int?, Int)])
  func `that is a queue runs as many batches at a time as it may`(limit: Int?, peak: Int) async throws {
    let running = Notes<Int>()
    try await Fixture.run { fixture in
      try fixture.function(milliseconds: 1000) { event, _ in
        running.add(1)
        return event.bytes
      }
      let queue = fixture.service.queue("arn:queue")
      for number in 0..<20 { queue.send(Array("\(number)".utf8), at: fixture.clock.now) }
      var source = QueueSource(queue: queue.arn)
      source.batchSize = 1
      source.maximumConcurrency = limit
      let start = fixture.clock.now
      #expect(try await fixture.service.drain(source, into: "worker") == 20)
      let rounds = Double((20 + peak - 1) / peak)
      #expect((rounds...rounds + 2).contains(fixture.clock.now.since(start)))
    }
    #expect(running.all.count == 20)
  }

  /// The messages in an event.
  static func messages(_ event: InvocationEvent) throws -> [(id: String, body: String)] {
    try JSONValue(parsing: event.bytes.span)["Records"]?.array?.compactMap { record in
      guard let id = record["messageId"]?.string, let body = record["body"]?.string else { return nil }
      return (id, body)
    } ?? []
  }
}

extension Fixture {
  /// A queue and the one for its dead letters.
  func queues(maximumReceiveCount: Int = 3) throws -> (queue: EventQueue, dead: EventQueue) {
    let dead = try service.queues.create("dead", at: clock.now)
    let policy = #"{"deadLetterTargetArn":"\#(dead.arn)","maxReceiveCount":\#(maximumReceiveCount)}"#
    return (try service.queues.create("in", attributes: ["RedrivePolicy": policy], at: clock.now), dead)
  }
}
