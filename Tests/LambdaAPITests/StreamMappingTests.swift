import EventSources
import LambdaEmitter
import NIOHTTP1
import Synchronization
import Testing
import XRayModel

@testable import LambdaAPI

private let mappings = "/2015-03-31/event-source-mappings"
private let streamARN = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
private let failedARN = "arn:aws:sqs:us-east-1:123456789012:failed"

extension Fixture {
  /// A stream, the function, and what feeds it.
  fileprivate func map(_ more: JSONObject = [:], shards: Int = 1) async throws -> Answer {
    if streams.stream(named: "s") == nil {
      try streams.create(StreamDefinition(name: "s", shardCount: shards, created: clock.now))
      await create()
    }
    var request: JSONObject = [
      "EventSourceArn": .string(streamARN), "FunctionName": "orders", "StartingPosition": "TRIM_HORIZON",
    ]
    for member in more.members { request[member.key] = member.value }
    return await call(.POST, mappings, .object(request))
  }

  fileprivate func put(_ text: String) throws {
    _ = try streams.stream(named: "s")?.put(
      StreamInput(data: Array(text.utf8), partitionKey: "k", hashKey: 0), at: clock.now)
  }

  /// Runs `body` while functions are fed.
  fileprivate func feeding(_ body: () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await api.run() }
      try await body()
      group.cancelAll()
    }
  }
}

@Suite struct `An event source mapping of a stream` {
  @Test func `has everything that AWS's has`() async throws {
    try await Fixture.run { fixture in
      let made = try await fixture.map([
        "MaximumRetryAttempts": 3, "MaximumRecordAgeInSeconds": 60, "BisectBatchOnFunctionError": true,
        "ParallelizationFactor": 2, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": ["OnFailure": ["Destination": .string(failedARN)]],
        "FilterCriteria": ["Filters": [["Pattern": #"{"data":{"n":[1]}}"#]]], "MaximumBatchingWindowInSeconds": 5,
      ])
      #expect(made.status == 202 && made["State"] == "Enabled" && made["BatchSize"] == 100)
      #expect(made["StartingPosition"] == "TRIM_HORIZON" && made["MaximumRetryAttempts"] == 3)
      #expect(made["MaximumRecordAgeInSeconds"] == 60 && made["BisectBatchOnFunctionError"] == true)
      #expect(made["ParallelizationFactor"] == 2 && made["FunctionResponseTypes"] == ["ReportBatchItemFailures"])
      #expect(made["DestinationConfig"]?["OnFailure"]?["Destination"]?.string == failedARN)
      #expect(made["FilterCriteria"]?["Filters"]?[0]?["Pattern"]?.string == #"{"data":{"n":[1]}}"#)
      #expect(made["LastProcessingResult"] == "No records processed")
      let path = mappings + "/" + (made["UUID"]?.string ?? "")
      let changed = await fixture.call(
        .PUT, path,
        [
          "MaximumRetryAttempts": -1, "FilterCriteria": [:], "DestinationConfig": ["OnFailure": [:]],
          "FunctionResponseTypes": [], "BatchSize": 7,
        ])
      #expect(changed["MaximumRetryAttempts"] == -1 && changed["FilterCriteria"] == nil && changed["BatchSize"] == 7)
      #expect(changed["FunctionResponseTypes"] == [] && changed["MaximumRecordAgeInSeconds"] == 60)
      #expect(await fixture.call(.PUT, path, ["StartingPosition": "LATEST"]).status == 400)
      // It is kept.
      let saved = try #require(fixture.saved.bytes)
      #expect(try FunctionState(json: saved).mappings == fixture.api.current.mappings)
      #expect(try FunctionState(json: saved).json == saved)
      #expect(await fixture.call(.DELETE, path)["State"] == "Deleting")
    }
  }

  @Test(arguments: [
    (#"{}"#, 400), (#"{"StartingPosition":"NOW"}"#, 400), (#"{"StartingPosition":"AT_TIMESTAMP"}"#, 400),
    (#"{"StartingPosition":"LATEST","StartingPositionTimestamp":1}"#, 400),
    (#"{"StartingPosition":"AT_TIMESTAMP","StartingPositionTimestamp":9e12}"#, 400),
    (#"{"StartingPosition":"AT_TIMESTAMP","StartingPositionTimestamp":1.6e9}"#, 202),
    (#"{"StartingPosition":"LATEST","MaximumRecordAgeInSeconds":59}"#, 400),
    (#"{"StartingPosition":"LATEST","MaximumRecordAgeInSeconds":-1}"#, 202),
    (#"{"StartingPosition":"LATEST","MaximumRetryAttempts":10001}"#, 400),
    (#"{"StartingPosition":"LATEST","ParallelizationFactor":11}"#, 400),
    (#"{"StartingPosition":"LATEST","TumblingWindowInSeconds":10}"#, 400),
    (#"{"StartingPosition":"LATEST","TumblingWindowInSeconds":0}"#, 202),
    (#"{"StartingPosition":"LATEST","ScalingConfig":{"MaximumConcurrency":2}}"#, 400),
    (#"{"StartingPosition":"LATEST","BatchSize":10000}"#, 202),
    (#"{"StartingPosition":"LATEST","DestinationConfig":{"OnFailure":{"Destination":"x"}}}"#, 400),
    (#"{"StartingPosition":"LATEST","EventSourceArn":"arn:aws:kinesis:us-east-1:123456789012:stream/none"}"#, 400),
    (
      #"{"StartingPosition":"LATEST","EventSourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/1"}"#, 400
    ),
  ])
  func `is refused when it cannot be`(text: String, status: Int) async throws {
    let more = try #require(try JSONValue(parsing: text).object)
    try await Fixture.run { fixture in
      try fixture.streams.create(StreamDefinition(name: "s", shardCount: 1, created: fixture.clock.now))
      await fixture.create()
      var request: JSONObject = ["EventSourceArn": .string(streamARN), "FunctionName": "orders"]
      for member in more.members { request[member.key] = member.value }
      let answer = await fixture.call(.POST, mappings, .object(request))
      #expect(answer.status == status, "\(answer.text)")
    }
  }

  @Test func `feeds its function, and tells how that went`() async throws {
    try await Fixture.run { fixture in
      let made = try await fixture.map(["BatchSize": 2, "StartingPosition": "LATEST"], shards: 2)
      let path = mappings + "/" + (made["UUID"]?.string ?? "")
      try await fixture.feeding {
        for number in 0..<3 { try fixture.put("\(number)") }
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2)
        #expect(await fixture.call(.GET, path)["LastProcessingResult"] == "OK")
        _ = await fixture.call(.PUT, path, ["Enabled": false])
        try fixture.put("3")
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2)
        _ = await fixture.call(.PUT, path, ["Enabled": true, "BatchSize": 10])
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 3)
        _ = await fixture.call(.DELETE, path)
        try fixture.put("4")
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 3 && fixture.streams.stream(named: "s")?.waiterCount == 0)
        #expect(fixture.api.progress.withLock { $0.isEmpty })
      }
    }
  }

  @Test func `says what the matter is with its function and its stream`() async throws {
    try await Fixture.run { fixture in
      let made = try await fixture.map([
        "MaximumRetryAttempts": 1, "DestinationConfig": ["OnFailure": ["Destination": .string(failedARN)]],
      ])
      let path = mappings + "/" + (made["UUID"]?.string ?? "")
      try await fixture.feeding {
        _ = await fixture.call(.DELETE, orders)
        try fixture.put("x")
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(await fixture.call(.GET, path)["LastProcessingResult"] == "PROBLEM: Function call failed")
        await fixture.create()
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(await fixture.call(.GET, path)["LastProcessingResult"] == "OK")
        try fixture.streams.delete("s")
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(await fixture.call(.GET, path)["LastProcessingResult"] == "PROBLEM: Stream not found")
        try fixture.streams.create(StreamDefinition(name: "s", shardCount: 1, created: fixture.clock.now))
        try fixture.put("y")
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2)
      }
    }
  }

  @Test func `goes on after a restart with what comes then`() async throws {
    let (folder, saved) = (TemporaryFolder(), SavedFunctions())
    try await Fixture.run(folder: folder, saved: saved) { fixture in
      _ = try await fixture.map(["StartingPosition": "LATEST"])
    }
    try await Fixture.run(folder: folder, saved: saved) { fixture in
      try fixture.streams.create(StreamDefinition(name: "s", shardCount: 1, created: fixture.clock.now))
      try fixture.put("before it runs")
      try await fixture.feeding {
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 1)
      }
    }
  }
}

/// The data of all records that a function got.
private final class SeenRecords: Sendable {
  private let kept = Mutex<[String]>([])
  var all: [String] { kept.withLock { $0 } }

  @Sendable func runtime(_: FunctionConfiguration, _: String) -> @Sendable () -> any FunctionRuntime {
    {
      ClosureRuntime { event, context in
        let records = try JSONValue(parsing: event.bytes.span)["Records"]?.array ?? []
        try await context.clock.sleep(for: .milliseconds(30))
        for record in records {
          guard let data = record["kinesis"]?["data"]?.string, let bytes = Base64.bytes(data) else { continue }
          self.kept.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
        }
        return Array("null".utf8)
      }
    }
  }
}

@Suite struct `A mapping that is changed again and again` {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `neither loses a record nor gives one twice`(seed: UInt64) async throws {
    let seen = SeenRecords()
    try await Fixture.run(runtimes: seen.runtime) { fixture in
      let random = RandomSource(seed: seed)
      let made = try await fixture.map()
      let path = mappings + "/" + (made["UUID"]?.string ?? "")
      try await fixture.feeding {
        for number in 0..<300 {
          try fixture.put("\(number)")
          switch random.next() % 6 {
          case 0: _ = await fixture.call(.PUT, path, ["Enabled": .bool(random.next() % 2 == 0)])
          case 1: _ = await fixture.call(.PUT, path, ["BatchSize": .number(JSONNumber(Int(random.next() % 20) + 1))])
          case 2:
            _ = await fixture.call(
              .PUT, path, ["MaximumBatchingWindowInSeconds": .number(JSONNumber(Int(random.next() % 2)))])
          case 3: break
          default: try await fixture.clock.sleep(for: .milliseconds(Int(random.next() % 120)))
          }
        }
        _ = await fixture.call(.PUT, path, ["Enabled": true, "BatchSize": 100])
        try await fixture.clock.sleep(for: .seconds(30))
        #expect(seen.all == (0..<300).map { "\($0)" })
      }
    }
  }
}

@Suite struct `A queue's filters` {
  @Test func `delete what they do not let through`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let arn = "arn:aws:sqs:us-east-1:123456789012:in"
      _ = await fixture.call(
        .POST, mappings,
        [
          "EventSourceArn": .string(arn), "FunctionName": "orders", "BatchSize": 1,
          "FilterCriteria": ["Filters": [["Pattern": #"{"body":{"n":[{"numeric":[">",1]}]}}"#]]],
        ])
      let queue = fixture.service.queue(arn)
      try await fixture.feeding {
        for number in 0..<4 { queue.send(Array(#"{"n":\#(number)}"#.utf8), at: fixture.clock.now) }
        queue.send(Array("plain".utf8), at: fixture.clock.now)
        try await fixture.clock.sleep(for: .seconds(5))
        #expect(fixture.service.logs.count == 2 && queue.messages.isEmpty)
      }
    }
  }
}
