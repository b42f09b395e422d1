import EventSources
import LambdaEmitter
import Testing
import XRayModel

/// A stream, what feeds from it, and what its function saw.
private struct Feeding: Sendable {
  let fixture: Fixture
  let stream: EventStream
  let stop = StopSignal()
  let calls = Notes<[String]>()
  let positions = Notes<Int>()
  let tries = Notes<Bool>()

  static let arn = "arn:aws:kinesis:us-east-1:123456789012:stream/s"

  init(_ fixture: Fixture, shards: Int = 1) {
    self.fixture = fixture
    stream = EventStream(
      StreamDefinition(name: "s", shardCount: shards, created: fixture.clock.now), arn: Self.arn, at: fixture.clock.now)
  }

  var source: StreamSource { StreamSource(.kinesis, stream: Self.arn) }

  @discardableResult
  func put(_ text: String, key: String = "k", hashKey: UInt128 = 0, traceHeader: String? = nil) throws -> ShardRecord {
    try stream.put(
      StreamInput(data: Array(text.utf8), partitionKey: key, hashKey: hashKey, traceHeader: traceHeader),
      at: fixture.clock.now
    ).record
  }

  /// The function, which notes the texts of each batch.
  func function(_ answer: @escaping @Sendable ([String], InvocationEvent) async throws -> String = { _, _ in "null" })
    throws
  {
    let calls = calls
    try fixture.function { event, _ in
      let texts = Self.texts(event)
      calls.add(texts)
      return Array(try await answer(texts, event).utf8)
    }
  }

  static func texts(_ event: InvocationEvent) -> [String] {
    let records = (try? JSONValue(parsing: event.bytes.span))?["Records"]?.array ?? []
    return records.compactMap { record in
      record["kinesis"]?["data"]?.string.flatMap { Base64.bytes($0) }.map { String(decoding: $0, as: UTF8.self) }
    }
  }

  func feed(_ source: StreamSource, shard: Int = 0, from position: Int = 0) async throws {
    try await fixture.service.feed(
      "worker", from: source, shard: shard, of: stream, at: position, until: stop
    ) { note in
      switch note {
      case .tried(let hasFailed): tries.add(hasFailed)
      case .reached(let position): positions.add(position)
      }
    }
  }

  /// Feeds while `body` runs, then stops and waits.
  func run(_ source: StreamSource, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for shard in 0..<stream.shardCount { group.addTask { try await feed(source, shard: shard) } }
      try await body()
      stop.stop()
      try await group.waitForAll()
    }
    #expect(stream.waiterCount == 0)
  }
}

@Suite struct `A function that is fed from a stream` {
  @Test func `gets records as Kinesis's, as they come`() async throws {
    let events = Notes<JSONValue>()
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function { _, event in
        events.add(try JSONValue(parsing: event.bytes.span))
        return "null"
      }
      try await feeding.run(feeding.source) {
        let record = try feeding.put("hello", key: "p")
        try await fixture.clock.sleep(for: .seconds(2))
        let event = try #require(events.all.first?["Records"]?[0])
        #expect(event["eventID"]?.string == "shardId-000000000000:" + record.sequenceNumber)
        #expect(event["kinesis"]?["data"] == "aGVsbG8=" && event["kinesis"]?["partitionKey"] == "p")
        #expect(event["eventSource"] == "aws:kinesis" && event["eventSourceARN"]?.string == Feeding.arn)
        #expect(event["eventName"] == "aws:kinesis:record" && event["invokeIdentityArn"]?.string == roleARN)
        try feeding.put("b")
        try await fixture.clock.sleep(for: .seconds(2))
      }
      #expect(feeding.calls.all == [["hello"], ["b"]])
      #expect(feeding.positions.all == [1, 2] && feeding.tries.all == [false, false])
    }
  }

  @Test func `waits for a batch to become full, but not longer than its window`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function()
      var source = feeding.source
      source.batchSize = 3
      source.windowSeconds = 60
      try await feeding.run(source) {
        for text in ["a", "b", "c", "d"] {
          try feeding.put(text)
          try await fixture.clock.sleep(for: .seconds(5))
        }
        #expect(feeding.calls.all == [["a", "b", "c"]])
        try await fixture.clock.sleep(for: .seconds(60))
        #expect(feeding.calls.all == [["a", "b", "c"], ["d"]])
      }
    }
  }

  @Test func `is asked again from the first record on that it reports as failed`() async throws {
    let recorder = try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      let numbers = Notes<String>()
      try feeding.function { texts, _ in
        guard texts.count > 1 else { return #"{"batchItemFailures": []}"# }
        let items = numbers.all.suffix(2).map { #"{"itemIdentifier": "\#($0)"}"# }
        return #"{"batchItemFailures": [\#(items.reversed().joined(separator: ","))]}"#
      }
      for text in ["a", "b", "c"] { numbers.add(try feeding.put(text).sequenceNumber) }
      var source = feeding.source
      source.reportsBatchItemFailures = true
      source.maximumRetryAttempts = 1
      source.onFailure = "arn:failed"
      try await feeding.run(source) { try await fixture.clock.sleep(for: .seconds(30)) }
      // "a" is done; "b" and "c" fail twice and are given up.
      #expect(feeding.calls.all == [["a", "b", "c"], ["b", "c"], ["b", "c"]])
      let info = try read(fixture.service.queue("arn:failed").messages.first)["KinesisBatchInfo"]
      #expect(info?["startSequenceNumber"]?.string == numbers.all[1] && info?["batchSize"]?.number?.integer == 2)
      #expect(feeding.positions.all == [3])
    }
    #expect(recorder.services.map(\.isFault) == [false, false])
  }

  @Test(arguments: [
    ("", true), ("null", true), ("{}", true), (#"{"batchItemFailures": null}"#, true), ("[]", false), ("no", false),
    (#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, false), (#"{"batchItemFailures": [{"id": "1"}]}"#, false),
    (#"{"batchItemFailures": [{"itemIdentifier": "1"}]}"#, false), (#"{"batchItemFailures": 1}"#, false),
  ])
  func `answers for the whole batch when it reports nothing that makes sense`(answer: String, isDone: Bool) async throws
  {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function { _, _ in answer }
      try feeding.put("a")
      var source = feeding.source
      source.reportsBatchItemFailures = true
      source.maximumRetryAttempts = 0
      source.onFailure = "arn:failed"
      try await feeding.run(source) { try await fixture.clock.sleep(for: .seconds(30)) }
      #expect(fixture.service.queue("arn:failed").messages.isEmpty == isDone)
    }
  }

  @Test func `loses one bad record when batches are halved, and its owner is told which`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function { texts, _ in
        if texts.contains("bad") { throw Broken() }
        return "null"
      }
      var bad: ShardRecord?
      for text in ["a", "b", "bad", "c", "d"] {
        let record = try feeding.put(text)
        if text == "bad" { bad = record }
      }
      var source = feeding.source
      source.bisectsBatchOnError = true
      source.maximumRetryAttempts = 1
      source.onFailure = "arn:failed"
      try await feeding.run(source) { try await fixture.clock.sleep(for: .seconds(60)) }
      let succeeded = feeding.calls.all.filter { !$0.contains("bad") }.flatMap { $0 }
      #expect(succeeded == ["a", "b", "c", "d"])
      let messages = fixture.service.queue("arn:failed").messages
      #expect(messages.count == 1)
      let record = try read(messages.first)
      #expect(record["requestContext"]?["condition"] == "RetryAttemptsExhausted")
      #expect(record["requestContext"]?["approximateInvokeCount"] == 2)
      #expect(record["responseContext"]?["functionError"] == "Unhandled")
      let info = record["KinesisBatchInfo"]
      #expect(info?["shardId"] == "shardId-000000000000" && info?["batchSize"] == 1)
      #expect(info?["startSequenceNumber"]?.string == bad?.sequenceNumber)
      #expect(info?["endSequenceNumber"]?.string == bad?.sequenceNumber)
      #expect(info?["streamArn"]?.string == Feeding.arn)
      #expect(info?["approximateArrivalOfFirstRecord"]?.string == bad?.arrival.iso8601)
    }
  }

  @Test func `does not get records that are too old`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function()
      try feeding.put("old")
      try await fixture.clock.sleep(for: .seconds(61))
      try feeding.put("new")
      var source = feeding.source
      source.maximumRecordAgeSeconds = 60
      source.onFailure = "arn:failed"
      try await feeding.run(source) { try await fixture.clock.sleep(for: .seconds(5)) }
      #expect(feeding.calls.all == [["new"]])
      let record = try read(fixture.service.queue("arn:failed").messages.first)
      #expect(record["requestContext"]?["condition"] == "RecordAgeExceeded" && record["responseContext"] == nil)
    }
  }

  @Test func `is throttled without losing retries`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function()
      try fixture.service.reserveConcurrency(0, for: "worker")
      try feeding.put("a")
      var source = feeding.source
      source.maximumRetryAttempts = 0
      try await feeding.run(source) {
        try await fixture.clock.sleep(for: .seconds(20))
        #expect(feeding.tries.all.allSatisfy { $0 } && feeding.tries.all.count > 3)
        try fixture.service.reserveConcurrency(nil, for: "worker")
        try await fixture.clock.sleep(for: .seconds(40))
      }
      #expect(feeding.calls.all == [["a"]] && feeding.tries.all.last == false)
    }
  }

  @Test func `gets what its filters let through`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function()
      var source = feeding.source
      source.filters = try EventFilters(parsing: [
        #"{"data":{"n":[{"numeric":[">",1]}]}}"#, #"{"partitionKey":["vip"]}"#,
      ])
      try await feeding.run(source) {
        for number in 0..<4 { try feeding.put(#"{"n":\#(number)}"#) }
        try feeding.put("plain")
        try feeding.put("plain", key: "vip")
        _ = try feeding.stream.put(
          StreamInput(data: [0xFF, 0xFE], partitionKey: "k", hashKey: 0), at: fixture.clock.now)
        try await fixture.clock.sleep(for: .seconds(5))
      }
      #expect(feeding.calls.all.flatMap { $0 } == [#"{"n":2}"#, #"{"n":3}"#, "plain"])
      #expect(feeding.positions.all.last == 7)
    }
  }

  @Test func `gets shards beside each other, and records of a partition key in order within one`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture, shards: 2)
      try feeding.function { texts, _ in
        // One key's records fail for a while; they hold up their own shard only.
        if texts.contains("a0"), fixture.clock.now.since(startOfTime) < 20 { throw Broken() }
        return "null"
      }
      var source = feeding.source
      source.batchSize = 2
      source.parallelizationFactor = 4
      try await feeding.run(source) {
        for number in 0..<3 {
          for key in ["a", "b", "c", "d"] { try feeding.put("\(key)\(number)", key: key) }
          try feeding.put("z\(number)", key: "z", hashKey: .max)
        }
        try await fixture.clock.sleep(for: .seconds(10))
        #expect(feeding.calls.all.contains { $0.contains("z2") } && !feeding.calls.all.contains { $0.contains("a2") })
        try await fixture.clock.sleep(for: .seconds(60))
      }
      for key in ["a", "b", "c", "d", "z"] {
        var seen: [String] = []
        for text in feeding.calls.all.flatMap({ $0 }) where text.hasPrefix(key) && !seen.contains(text) {
          seen.append(text)
        }
        #expect(seen == ["\(key)0", "\(key)1", "\(key)2"])
      }
    }
  }

  @Test func `has links to producers that were traced`() async throws {
    let recorder = try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      try feeding.function()
      try feeding.put("a", traceHeader: "Root=1-58406520-a006649127e371903a2de979;Parent=4c721bf33e3caf8f;Sampled=1")
      try feeding.put("b", traceHeader: "Root=1-58406520-b006649127e371903a2de979;Parent=4c721bf33e3caf8f;Sampled=0")
      try feeding.put("c")
      try await feeding.run(feeding.source) { try await fixture.clock.sleep(for: .seconds(5)) }
    }
    let links = try #require(recorder.functions.first?.part("Invocation")).links
    #expect(links.map(\.traceID.description) == ["1-58406520-a006649127e371903a2de979"])
  }

  @Test func `is stopped between two tries, and goes on where it was`() async throws {
    try await Fixture.run { fixture in
      let feeding = Feeding(fixture)
      let isWhole = Notes<Bool>()
      try feeding.function { texts, _ in
        if texts == ["b"], isWhole.all.isEmpty { throw Broken() }
        return "null"
      }
      for text in ["a", "b", "c"] { try feeding.put(text) }
      var source = feeding.source
      source.batchSize = 1
      try await feeding.run(source) { try await fixture.clock.sleep(for: .seconds(20)) }
      #expect(feeding.positions.all == [1, 1])
      isWhole.add(true)
      let again = Feeding(fixture)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { [source] in
          try await fixture.service.feed("worker", from: source, shard: 0, of: feeding.stream, at: 1, until: again.stop)
        }
        try await fixture.clock.sleep(for: .seconds(5))
        again.stop.stop()
        try await group.waitForAll()
      }
      #expect(feeding.calls.all.suffix(2) == [["b"], ["c"]])
    }
  }

  @Test func `waits while it is not there, and ends with its stream`() async throws {
    try await Fixture.run { fixture in
      let registry = StreamRegistry(account: "1", region: "r", at: fixture.clock.now)
      try registry.create(StreamDefinition(name: "s", shardCount: 1, created: fixture.clock.now))
      let stream = try #require(registry.stream(named: "s"))
      let calls = Notes<String>()
      async let feeding: Void = fixture.service.feed(
        "worker", from: StreamSource(.kinesis, stream: stream.arn), shard: 0, of: stream, at: 0, until: StopSignal())
      _ = try stream.put(StreamInput(data: [0x61], partitionKey: "k", hashKey: 0), at: fixture.clock.now)
      try await fixture.clock.sleep(for: .seconds(10))
      try fixture.function { event, _ in
        calls.add("called")
        return event.bytes
      }
      try await fixture.clock.sleep(for: .seconds(10))
      #expect(calls.all == ["called"])
      try registry.delete("s")
      try await feeding
    }
  }
}
