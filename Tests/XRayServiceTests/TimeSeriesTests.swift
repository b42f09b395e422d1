import Testing
import XRayModel

@testable import XRayService

@Suite struct `Time series` {
  private static let lastHour: JSONObject = ["StartTime": .time(-3600), "EndTime": .time(0)]

  private func points(_ answer: JSONValue) -> [JSONValue] { answer["TimeSeriesServiceStatistics"]?.array ?? [] }

  @Test func `count the calls of clients by the minute, newest first`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 3600), TestSegment(number: 2, age: 65, fault: true), TestSegment(number: 3, age: 61),
    ])
    let found = points(try await test.result("/TimeSeriesServiceStatistics", .object(Self.lastHour)))
    #expect(found.map { $0["Timestamp"]?.number?.double } == [-120, -3600].map { TestService.now.seconds + $0 })
    let statistics = found.first?["EdgeSummaryStatistics"]
    #expect(statistics?["TotalCount"] == 2)
    #expect(statistics?["FaultStatistics"]?["TotalCount"] == 1)
    #expect(found.first?["ResponseTimeHistogram"]?[0]?["Count"] == 2)
    #expect(found.first?["ServiceSummaryStatistics"] == nil)
  }

  @Test func `count a service, by five minutes, and of a group alone`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 100, fault: true), TestSegment(number: 2, age: 200),
      TestSegment(number: 3, name: "other", age: 100),
    ])
    _ = try await test.result("/CreateGroup", ["GroupName": "failing", "FilterExpression": "fault"])
    var request = Self.lastHour
    request["EntitySelectorExpression"] = "service(id(name: \"shop\"))"
    request["Period"] = 300
    let all = points(try await test.result("/TimeSeriesServiceStatistics", .object(request)))
    #expect(all.map { $0["ServiceSummaryStatistics"]?["TotalCount"]?.number?.integer } == [2])
    request["GroupName"] = "failing"
    let failing = points(try await test.result("/TimeSeriesServiceStatistics", .object(request)))
    #expect(failing.map { $0["ServiceSummaryStatistics"]?["TotalCount"]?.number?.integer } == [1])
  }

  @Test func `forecast faults from the time before`() async throws {
    let test = try TestService()
    try await test.put(
      (0..<600).map { TestSegment(number: $0, age: 7000 - Double($0) * 10, fault: $0.isMultiple(of: 10)) })
    var request = Self.lastHour
    request["EntitySelectorExpression"] = "service(id(name: \"shop\"))"
    request["ForecastStatistics"] = true
    let found = points(try await test.result("/TimeSeriesServiceStatistics", .object(request)))
    #expect(found.count > 30)
    for point in found {
      let forecast = point["ServiceForecastStatistics"]
      let low = try #require(forecast?["FaultCountLow"]?.number?.integer)
      let high = try #require(forecast?["FaultCountHigh"]?.number?.integer)
      #expect(low <= high && high <= point["ServiceSummaryStatistics"]?["TotalCount"]?.number?.integer ?? 0)
      #expect((point["Timestamp"]?.number?.double ?? 0) >= TestService.now.seconds - 3600)
    }
  }

  @Test func `come in pages that only their query takes`() async throws {
    let test = try TestService()
    try await test.put((0..<1500).map { TestSegment(number: $0, age: 90_060 - Double($0) * 60) })
    var request: JSONObject = ["StartTime": .time(-100_000), "EndTime": .time(0)]
    let first = try await test.result("/TimeSeriesServiceStatistics", .object(request))
    #expect(points(first).count == TimeSeriesQuery.pageSize)
    request["NextToken"] = first["NextToken"]
    let second = try await test.result("/TimeSeriesServiceStatistics", .object(request))
    #expect(points(second).count == 60)
    #expect(second["NextToken"] == nil)
    request["Period"] = 300
    #expect(try await test.failure("/TimeSeriesServiceStatistics", .object(request)).message.hasPrefix("Invalid token"))
  }

  @Test(
    arguments: [
      (["Period": 59], "Time period must be one of [60, 300]"), (["ForecastStatistics": true], "id("),
      (["EntitySelectorExpression": "ok"], "service("),
      (["EntitySelectorExpression": "service(\"a\") { ok }"], "service("),
      (["EntitySelectorExpression": "service("], "column"), (["EntitySelectorExpression": ""], "1 to 500"),
      (["GroupName": "none"], "Group not found."),
    ] as [(JSONObject, String)])
  func `refuse what cannot be counted`(members: JSONObject, message: String) async throws {
    let test = try TestService()
    var request = Self.lastHour
    for member in members.members { request[member.key] = member.value }
    let failure = try await test.failure("/TimeSeriesServiceStatistics", .object(request))
    #expect(failure.type == "InvalidRequestException")
    #expect(failure.message.contains(message), "\(failure.message)")
  }
}
