import Testing
import XRayModel

@testable import XRayService

@Suite struct `Insights of a group` {
  /// Half an hour of a request every two seconds; in the last minutes before now, most of them fail.
  private func makeTrouble(_ test: TestService) async throws {
    _ = try await test.result(
      "/CreateGroup",
      [
        "GroupName": "shop", "FilterExpression": "service(\"shop\")",
        "InsightsConfiguration": ["InsightsEnabled": true],
      ])
    try await test.put(
      (0..<900).map { number in
        TestSegment(number: number, age: 1920 - Double(number) * 2, fault: number > 800 && !number.isMultiple(of: 4))
      })
  }

  /// Watches until the service waits for the next minute.
  private func watch(_ test: TestService) async {
    let service = test.service
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await service.run() }
      while test.clock.sleeperCount == 0 { await Task.yield() }
      group.cancelAll()
    }
  }

  @Test func `are found, told with their events, and survive a restart`() async throws {
    let test = try TestService()
    try await makeTrouble(test)
    await watch(test)

    let range: JSONObject = ["StartTime": .time(-3600), "EndTime": .time(0), "GroupName": "shop"]
    let summaries = try #require(
      try await test.result("/InsightSummaries", .object(range))["InsightSummaries"]?.array)
    try #require(summaries.count == 1)
    #expect(summaries[0]["RootCauseServiceId"]?["Name"] == "shop")
    #expect(summaries[0]["State"] == "ACTIVE")
    #expect(summaries[0]["GroupARN"]?.string?.contains(":group/shop/") == true)
    let id = try #require(summaries[0]["InsightId"])

    let insight = try await test.result("/Insight", ["InsightId": id])
    #expect(insight["Insight"]?["InsightId"] == id)
    let faults = insight["Insight"]?["RootCauseServiceRequestImpactStatistics"]?["FaultCount"]?.number?.integer ?? 0
    #expect((10...75).contains(faults))
    let events = try await test.result("/InsightEvents", ["InsightId": id, "MaxResults": 1])
    #expect(events["InsightEvents"]?.array?.count == 1)
    let graph = try await test.result(
      "/InsightImpactGraph", ["InsightId": id, "StartTime": .time(-3600), "EndTime": .time(0)])
    #expect(graph["Services"]?.array?.contains { $0["Name"] == "shop" } == true)

    let again = try XRayService(store: test.store, directory: test.directory, clock: test.clock)
    let body = JSONValue.object(["InsightId": id]).rendered()
    #expect(await again.answer(path: "/Insight", body: Array(body.utf8)).status == 200)

    var closed = range
    closed["States"] = ["CLOSED"]
    #expect(try await test.result("/InsightSummaries", .object(closed))["InsightSummaries"] == [])
  }

  @Test func `are none where a group does not ask for them`() async throws {
    let test = try TestService()
    try await makeTrouble(test)
    _ = try await test.result(
      "/UpdateGroup", ["GroupName": "shop", "InsightsConfiguration": ["InsightsEnabled": false]])
    await watch(test)
    let answer = try await test.result(
      "/InsightSummaries", ["StartTime": .time(-3600), "EndTime": .time(0), "GroupName": "shop"])
    #expect(answer["InsightSummaries"] == [])
  }

  @Test(
    arguments: [
      ("/Insight", ["InsightId": "x"]), ("/Insight", [:]), ("/InsightEvents", ["InsightId": "' OR 1=1 --"]),
      ("/Insight", ["InsightId": "00000000-0000-0000-0000-000000000000"]),
      ("/InsightSummaries", ["StartTime": 0, "EndTime": 1]),
      ("/InsightSummaries", ["StartTime": 0, "EndTime": 1, "GroupName": "Default", "States": ["OPEN"]]),
      ("/InsightSummaries", ["StartTime": 0, "EndTime": 1, "GroupName": "Default", "States": ["ACTIVE", "CLOSED"]]),
      ("/InsightSummaries", ["StartTime": 0, "EndTime": 1, "GroupName": "Default", "MaxResults": 101]),
      (
        "/InsightImpactGraph",
        ["InsightId": "00000000-0000-0000-0000-000000000000", "StartTime": 0, "EndTime": 30_000]
      ),
    ] as [(String, JSONValue)])
  func `are refused to odd questions`(path: String, body: JSONValue) async throws {
    let test = try TestService()
    #expect(try await test.failure(path, body).type == "InvalidRequestException")
  }
}
