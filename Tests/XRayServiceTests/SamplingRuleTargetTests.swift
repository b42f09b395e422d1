import Testing
import XRayModel

@testable import XRayService

@Suite struct `Sampling targets` {
  func report(_ rule: String = "Default", client: Int = 1) -> JSONValue {
    [
      "RuleName": .string(rule), "ClientID": .string("00000000000000000000000\(client)"), "Timestamp": .time(0),
      "RequestCount": 20, "SampledCount": 3, "BorrowCount": 2,
    ]
  }

  @Test func `answer each report with a rate and an interval`() async throws {
    let test = try SettingsTestService()
    let targets = try await test.result(
      "/SamplingTargets", ["SamplingStatisticsDocuments": [report(), report("gone")]])
    #expect(targets["SamplingTargetDocuments"]?.array?.count == 1)
    #expect(targets["SamplingTargetDocuments"]?[0]?["RuleName"] == "Default")
    #expect(targets["SamplingTargetDocuments"]?[0]?["FixedRate"] == 0.05)
    #expect(targets["SamplingTargetDocuments"]?[0]?["Interval"] == 10)
    #expect(targets["LastRuleModification"] == 0)
    #expect(
      targets["UnprocessedStatistics"] == [["RuleName": "gone", "ErrorCode": "400", "Message": "Unknown rule"]])
    #expect(targets["UnprocessedBoostStatistics"] == [])
  }

  @Test func `share a reservoir among the clients that report`() async throws {
    let test = try SettingsTestService()
    _ = try await test.result(
      "/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "Default", "ReservoirSize": 10]])
    var quotas: [Int] = []
    for _ in 0..<10 {
      quotas = []
      for client in 1...2 {
        let now = JSONValue.number(JSONNumber(test.clock.now))
        let document = report(client: client).with(["Timestamp": now, "RequestCount": 1000, "BorrowCount": 0])
        let answer = try await test.result("/SamplingTargets", ["SamplingStatisticsDocuments": [document]])
        quotas.append(answer["SamplingTargetDocuments"]?[0]?["ReservoirQuota"]?.number?.integer ?? -1)
      }
      test.clock.advance(by: .seconds(10))
    }
    #expect(quotas == [5, 5])
  }

  @Test func `tell when a rule was last made, changed or deleted`() async throws {
    let test = try SettingsTestService(durable: true)
    func modification() async throws -> JSONValue? {
      try await test.result("/SamplingTargets", ["SamplingStatisticsDocuments": []])["LastRuleModification"]
    }
    let rule: JSONValue = [
      "RuleName": "a", "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*",
      "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    ]
    for (path, request) in [
      ("/CreateSamplingRule", ["SamplingRule": rule]),
      ("/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "a", "FixedRate": 1]]),
      ("/DeleteSamplingRule", ["RuleName": "a"]),
    ] as [(String, JSONValue)] {
      test.clock.advance(by: .milliseconds(1500))
      _ = try await test.result(path, request)
      #expect(try await modification() == .number(JSONNumber(test.clock.now)))
    }
    let reopened = try await test.reopened().result("/SamplingTargets", ["SamplingStatisticsDocuments": []])
    #expect(reopened["LastRuleModification"] == .time(4.5))
  }

  @Test(
    arguments: [
      ["RuleName": .null], ["RuleName": ""], ["RuleName": .text(33)], ["ClientID": .null], ["ClientID": .text(23)],
      ["ClientID": .text(25)], ["Timestamp": .null], ["RequestCount": .null], ["RequestCount": -1],
      ["SampledCount": .null], ["SampledCount": -1], ["BorrowCount": -1],
    ] as [JSONValue])
  func `refuse a malformed report`(change: JSONValue) async throws {
    let test = try SettingsTestService()
    let request: JSONValue = ["SamplingStatisticsDocuments": [report(), report().with(change)]]
    #expect(try await test.failure("/SamplingTargets", request).type == "InvalidRequestException")
  }

  @Test(
    arguments: [
      ["Timestamp": "noon"], ["RequestCount": 1.5], ["RequestCount": "1"], ["RequestCount": 1e30], ["ClientID": 1],
    ] as [JSONValue])
  func `refuse a report with members of another type`(change: JSONValue) async throws {
    let request: JSONValue = ["SamplingStatisticsDocuments": [report().with(change)]]
    #expect(try await SettingsTestService().failure("/SamplingTargets", request).type == "SerializationException")
  }

  @Test func `take 25 reports of either kind at most, and need a list`() async throws {
    let test = try SettingsTestService()
    let reports = JSONValue.array(Array(repeating: report(), count: 26))
    #expect(try await test.failure("/SamplingTargets", [:]).message.contains("SamplingStatisticsDocuments"))
    #expect(
      try await test.failure("/SamplingTargets", ["SamplingStatisticsDocuments": reports]).type
        == "InvalidRequestException")
    let boost: JSONValue = [
      "RuleName": "gone", "ServiceName": "shop", "Timestamp": .time(0), "AnomalyCount": 1, "TotalCount": 2,
      "SampledAnomalyCount": 0,
    ]
    let answer = try await test.result(
      "/SamplingTargets",
      ["SamplingStatisticsDocuments": [], "SamplingBoostStatisticsDocuments": [boost]])
    #expect(answer["UnprocessedBoostStatistics"]?[0]?["Message"] == "Unknown rule")
    for change in [["AnomalyCount": .null], ["ServiceName": .text(65)], ["TotalCount": -1]] as [JSONValue] {
      let failure = try await test.failure(
        "/SamplingTargets",
        ["SamplingStatisticsDocuments": [], "SamplingBoostStatisticsDocuments": [boost.with(change)]])
      #expect(failure.type == "InvalidRequestException")
    }
  }

  @Test func `take the milliseconds that one client sends`() async throws {
    let milliseconds = JSONValue.number(JSONNumber(TestService.now.wholeSeconds * 1000))
    let request: JSONValue = ["SamplingStatisticsDocuments": [report().with(["Timestamp": milliseconds])]]
    let answer = try await SettingsTestService().result("/SamplingTargets", request)
    #expect(answer["UnprocessedStatistics"] == [])
  }

  @Test func `are summed over ten seconds for each rule`() async throws {
    let test = try SettingsTestService()
    _ = try await test.result("/SamplingTargets", ["SamplingStatisticsDocuments": [report(), report(client: 2)]])
    test.clock.advance(by: .seconds(10))
    let summaries = try await test.result("/SamplingStatisticSummaries")["SamplingStatisticSummaries"]
    #expect(
      summaries == [
        ["RuleName": "Default", "Timestamp": .time(0), "RequestCount": 40, "BorrowCount": 4, "SampledCount": 6]
      ])
    #expect(try await test.failure("/SamplingStatisticSummaries", ["NextToken": "x"]).type == "InvalidRequestException")
  }
}
