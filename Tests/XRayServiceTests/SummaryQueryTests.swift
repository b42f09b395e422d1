import Testing
import XRayModel

@testable import XRayService

@Suite struct `Trace summaries` {
  private static let lastHour: JSONObject = ["StartTime": .time(-3600), "EndTime": .time(0)]

  private func ids(_ answer: JSONValue) -> [String] {
    answer["TraceSummaries"]?.array?.compactMap { $0["Id"]?.string } ?? []
  }

  private func ids(_ numbers: [Int]) -> [String] { numbers.map(TestSegment.traceID) }

  @Test func `come newest first, within the range, which is open at its end`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 3600), TestSegment(number: 2, age: 1800), TestSegment(number: 3, age: 0),
      TestSegment(number: 4, age: 3601),
    ])
    let answer = try await test.result("/TraceSummaries", .object(Self.lastHour))
    #expect(ids(answer) == ids([2, 1]))
    #expect(answer["TracesProcessedCount"] == 2)
    #expect(answer["ApproximateTime"]?.number?.double == TestService.now.seconds - 1800)
    #expect(answer["NextToken"] == nil)
    #expect(answer["TraceSummaries"]?[0]?["MatchedEventTime"] == nil)
  }

  @Test func `page without gaps or repeats while traces come in`() async throws {
    let test = try TestService()
    try await test.put((0..<250).map { TestSegment(number: $0, age: 3000 - Double($0)) })
    var seen: [String] = []
    var request = Self.lastHour
    var pages = 0
    repeat {
      let answer = try await test.result("/TraceSummaries", .object(request))
      seen += ids(answer)
      request["NextToken"] = answer["NextToken"]
      pages += 1
      try await test.put([TestSegment(number: 1000 + pages, age: 10)])
    } while request["NextToken"] != nil
    #expect(seen == ids((0..<250).reversed()))
    #expect(pages == 3)
  }

  @Test func `refuse a token of another query, and one that is none`() async throws {
    let test = try TestService()
    try await test.put((0..<101).map { TestSegment(number: $0, age: 3000 - Double($0)) })
    let token = try #require(try await test.result("/TraceSummaries", .object(Self.lastHour))["NextToken"])
    var other = Self.lastHour
    other["NextToken"] = token
    other["FilterExpression"] = "ok"
    #expect(try await test.failure("/TraceSummaries", .object(other)).message.hasPrefix("Invalid token"))
    other["FilterExpression"] = nil
    #expect(try await test.call("/TraceSummaries", .object(other)).status == 200)
    for nonsense in ["", "x", "00", String(repeating: "0", count: 3000), (token.string ?? "") + "00"] {
      other["NextToken"] = .string(nonsense)
      #expect(try await test.failure("/TraceSummaries", .object(other)).type == "InvalidRequestException")
    }
  }

  @Test func `are those that a filter picks`() async throws {
    let test = try TestService()
    var tagged = TestSegment(number: 2, age: 20)
    tagged.annotations = ["tenant": "blue"]
    try await test.put([TestSegment(number: 1, age: 30, fault: true), tagged])
    _ = try await test.result(
      "/CreateGroup", ["GroupName": "blue", "FilterExpression": "annotation.tenant = \"blue\""])
    for (expression, expected) in [
      ("fault", [1]), ("annotation.tenant = \"blue\"", [2]), ("group.name = \"blue\"", [2]), ("", [2, 1]),
      ("!group.name = \"blue\"", [1]),
    ] {
      var request = Self.lastHour
      request["FilterExpression"] = .string(expression)
      #expect(ids(try await test.result("/TraceSummaries", .object(request))) == ids(expected), "\(expression)")
    }
  }

  @Test(arguments: [
    ("responsetime >", "column 15"), ("name = x", "column 1"), ("service(\"a\"", "column 12"),
    ("group.name = \"none\"", "none"),
  ])
  func `tell where an expression is wrong`(expression: String, place: String) async throws {
    let test = try TestService()
    var request = Self.lastHour
    request["FilterExpression"] = .string(expression)
    let failure = try await test.failure("/TraceSummaries", .object(request))
    #expect(failure.type == "InvalidRequestException")
    #expect(failure.message.contains(place), "\(failure.message)")
  }

  @Test func `by activity are those that began before and were still busy`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 10_000, duration: 7000), TestSegment(number: 2, age: 10_000, duration: 6000),
      TestSegment(number: 3, age: 3700, duration: 101), TestSegment(number: 4, age: 100, duration: 5),
      TestSegment(number: 5, age: 3650, duration: 49),
    ])
    var request = Self.lastHour
    request["TimeRangeType"] = "Event"
    let answer = try await test.result("/TraceSummaries", .object(request))
    #expect(ids(answer) == ids([4, 3, 1]))
    let events = answer["TraceSummaries"]?.array?.compactMap { $0["MatchedEventTime"]?.number?.double }
    #expect(events == [-100, -3600, -3600].map { TestService.now.seconds + $0 })
  }

  @Test func `by service are those of which a segment ended in the range`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 10_000, duration: 7000), TestSegment(number: 2, age: 1000, duration: 2000),
      TestSegment(number: 3, age: 1000, duration: 2000),
      TestSegment(number: 4, name: "orders", age: 1000, duration: 10, calledBy: 3),
    ])
    var request = Self.lastHour
    request["TimeRangeType"] = "Service"
    #expect(ids(try await test.result("/TraceSummaries", .object(request))) == ids([3, 1]))
  }

  @Test func `can be a fixed share, the same each time`() async throws {
    let test = try TestService()
    try await test.put((0..<100).map { TestSegment(number: $0, age: 3000 - Double($0)) })
    var request = Self.lastHour
    request["TimeRangeType"] = "Event"
    request["Sampling"] = true
    request["SamplingStrategy"] = ["Name": "FixedRate", "Value": 0.3]
    let some = ids(try await test.result("/TraceSummaries", .object(request)))
    #expect((10...50).contains(some.count))
    #expect(ids(try await test.result("/TraceSummaries", .object(request))) == some)
    request["SamplingStrategy"] = ["Name": "FixedRate", "Value": 1.5]
    #expect(try await test.failure("/TraceSummaries", .object(request)).type == "InvalidRequestException")
    request["SamplingStrategy"] = ["Name": "FixedRate", "Value": 0.5]
    request["TimeRangeType"] = "TraceId"
    #expect(try await test.failure("/TraceSummaries", .object(request)).message.contains("Event"))
  }

  @Test func `take times in every form`() async throws {
    let test = try TestService()
    try await test.put([TestSegment(number: 1, age: 60)])
    for (start, end) in [
      (JSONValue.time(-60), JSONValue.time(0)), ("1795262340", "1795262400.0"),
      ("2026-11-21T11:59:00Z", "2026-11-21T12:00:00.000Z"), ("2026-11-21T12:59:00+01:00", "2026-11-21T13:00:00+01:00"),
      ("Sat, 21 Nov 2026 11:59:00 GMT", "Sat, 21 Nov 2026 12:00:00 GMT"), ("2026-11-21", "2026-11-22"),
    ] {
      let answer = try await test.result("/TraceSummaries", ["StartTime": start, "EndTime": end])
      #expect(ids(answer) == ids([1]), "\(start)")
    }
  }

  @Test(
    arguments: [
      "", "x", "2026-13-01", "2026-11-21T25:61", true, [], "1e400", -1, 1e300, "9999999999999",
      "Sat, 21 Foo 2026 11:59:00 GMT",
    ] as [JSONValue])
  func `refuse what is no time`(value: JSONValue) async throws {
    let test = try TestService()
    let failure = try await test.failure("/TraceSummaries", ["StartTime": value, "EndTime": .time(0)])
    #expect(failure.type == "SerializationException")
  }
}
