import Testing
import XRayModel

@testable import XRayService

@Suite struct `Sampling rules` {
  let polling: JSONValue = [
    "RuleName": "polling", "ResourceARN": "*", "Priority": 5000, "FixedRate": 0.003, "ReservoirSize": 0,
    "ServiceName": "Scorekeep", "ServiceType": "*", "Host": "*", "HTTPMethod": "GET", "URLPath": "/api/state/*",
    "Version": 1,
  ]

  func names(_ test: SettingsTestService) async throws -> [String] {
    try await test.result("/GetSamplingRules")["SamplingRuleRecords"]?.array?
      .compactMap { $0["SamplingRule"]?["RuleName"]?.string } ?? []
  }

  @Test func `are made, listed, changed and deleted`() async throws {
    let test = try SettingsTestService()
    let arn = "arn:aws:xray:us-east-1:000000000000:sampling-rule/polling"
    let made = try await test.result("/CreateSamplingRule", ["SamplingRule": polling])["SamplingRuleRecord"]
    #expect(made?["SamplingRule"]?.with(["RuleARN": .null, "Attributes": .null]) == polling)
    #expect(made?["SamplingRule"]?["RuleARN"] == .string(arn))
    #expect(made?["SamplingRule"]?["Attributes"] == [:])
    #expect(made?["CreatedAt"] == .time(0))
    #expect(made?["ModifiedAt"] == .time(0))

    test.clock.advance(by: .seconds(60))
    let changed = try await test.result(
      "/UpdateSamplingRule",
      ["SamplingRuleUpdate": ["RuleARN": .string(arn), "Priority": 9, "Attributes": ["a": "b*"]]])["SamplingRuleRecord"]
    #expect(changed?["SamplingRule"] == made?["SamplingRule"]?.with(["Priority": 9, "Attributes": ["a": "b*"]]))
    #expect(changed?["CreatedAt"] == .time(0))
    #expect(changed?["ModifiedAt"] == .time(60))
    #expect(try await test.result("/GetSamplingRules", ["NextToken": "any"])["SamplingRuleRecords"]?[0] == changed)

    let deleted = try await test.result("/DeleteSamplingRule", ["RuleName": "polling"])
    #expect(deleted["SamplingRuleRecord"] == changed)
    #expect(try await names(test) == ["Default"])
  }

  @Test func `come in the order in which they are tried, the Default rule last`() async throws {
    let test = try SettingsTestService()
    for (name, priority) in [("b", 10), ("z", 9), ("a", 10)] {
      let rule = polling.with(["RuleName": .string(name), "Priority": .number(JSONNumber(priority))])
      _ = try await test.result("/CreateSamplingRule", ["SamplingRule": rule])
    }
    #expect(try await names(test) == ["z", "a", "b", "Default"])
    _ = try await test.result("/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "b", "Priority": 1]])
    #expect(try await names(test) == ["b", "z", "a", "Default"])
  }

  @Test(
    arguments: [
      ["RuleName": .null], ["RuleName": ""], ["RuleName": .text(33)], ["RuleName": "Default"], ["RuleARN": "x"],
      ["ResourceARN": .null], ["ResourceARN": .text(501)], ["Priority": .null], ["Priority": 0], ["Priority": 10_000],
      ["FixedRate": .null], ["FixedRate": -0.1], ["FixedRate": 1.01], ["ReservoirSize": .null], ["ReservoirSize": -1],
      ["ServiceName": .null], ["ServiceName": .text(65)], ["ServiceType": .null], ["ServiceType": .text(65)],
      ["Host": .null], ["Host": .text(65)], ["HTTPMethod": .null], ["HTTPMethod": .text(11)], ["URLPath": .null],
      ["URLPath": .text(129)], ["Version": .null], ["Version": 0], ["Version": 2],
      ["Attributes": ["": "a"]], ["Attributes": ["a": ""]], ["Attributes": ["a": .text(33)]],
      ["Attributes": ["a": .null]],
      ["Attributes": ["a": "1", "b": "1", "c": "1", "d": "1", "e": "1", "f": "1"]],
      ["SamplingRateBoost": [:]], ["SamplingRateBoost": ["MaxRate": 2, "CooldownWindowMinutes": 1]],
      ["SamplingRateBoost": ["MaxRate": 1, "CooldownWindowMinutes": -1]],
    ] as [JSONValue])
  func `that break a rule are not made`(change: JSONValue) async throws {
    let test = try SettingsTestService()
    let failure = try await test.failure("/CreateSamplingRule", ["SamplingRule": polling.with(change)])
    #expect(failure.type == "InvalidRequestException")
    #expect(try await names(test) == ["Default"])
  }

  @Test(
    arguments: [
      ["RuleName": "'; DROP TABLE rules; --"], ["RuleName": .text(32)], ["RuleName": "日本語 <script>"],
      ["ResourceARN": .text(500)], ["Priority": 1], ["Priority": 9999], ["FixedRate": 0], ["FixedRate": 1],
      ["ServiceName": ""], ["Host": "?*.example.com"], ["HTTPMethod": .text(10)], ["URLPath": .text(128)],
      ["ReservoirSize": 2_147_483_647],
      ["Attributes": ["a": .text(32), "b": "1", "c": "1", "d": "1", "e": "?"]],
      ["SamplingRateBoost": ["MaxRate": 0.5, "CooldownWindowMinutes": 0]],
    ] as [JSONValue])
  func `at the edge are made, and stay as they were given`(change: JSONValue) async throws {
    let test = try SettingsTestService(durable: true)
    let rule = polling.with(change)
    let made = try await test.result("/CreateSamplingRule", ["SamplingRule": rule])["SamplingRuleRecord"]
    let arn = "arn:aws:xray:us-east-1:000000000000:sampling-rule/\(rule["RuleName"]?.string ?? "")"
    #expect(made?["SamplingRule"] == made?["SamplingRule"]?.with(rule).with(["RuleARN": .string(arn)]))
    let reopened = try await test.reopened().result("/GetSamplingRules")
    #expect(reopened["SamplingRuleRecords"]?[0] == made)
  }

  @Test func `of an account are 25 beside the Default rule, with names of their own`() async throws {
    let test = try SettingsTestService()
    for number in 0..<25 {
      let rule = polling.with(["RuleName": .string("rule \(number)")])
      _ = try await test.result("/CreateSamplingRule", ["SamplingRule": rule])
    }
    #expect(
      try await test.failure("/CreateSamplingRule", ["SamplingRule": polling]).type == "RuleLimitExceededException")
    let same = try await test.failure(
      "/CreateSamplingRule", ["SamplingRule": polling.with(["RuleName": "rule 3"])])
    #expect(same.type == "InvalidRequestException")
    #expect(same.message.contains("already exists"))
    #expect(try await names(test).count == 26)
  }

  @Test func `are named by either name or ARN`() async throws {
    let test = try SettingsTestService()
    let arn = try await test.result("/CreateSamplingRule", ["SamplingRule": polling])["SamplingRuleRecord"]?[
      "SamplingRule"]?["RuleARN"]
    for (name, message) in [
      ([:], "either RuleName or RuleARN"),
      (["RuleName": "polling", "RuleARN": arn ?? .null], "either RuleName or RuleARN"),
      (["RuleName": "Polling"], "There is no sampling rule Polling"), (["RuleARN": "x"], "There is no sampling rule x"),
    ] as [(JSONValue, String)] {
      for (path, request) in [("/UpdateSamplingRule", ["SamplingRuleUpdate": name]), ("/DeleteSamplingRule", name)] {
        let failure = try await test.failure(path, request)
        #expect(failure.type == "InvalidRequestException")
        #expect(failure.message.contains(message), "\(failure.message)")
      }
    }
    #expect(try await test.failure("/UpdateSamplingRule", [:]).type == "InvalidRequestException")
    #expect(try await test.failure("/CreateSamplingRule", [:]).type == "InvalidRequestException")
  }

  @Test(
    arguments: [
      ["Priority": 0], ["Priority": 10_000], ["FixedRate": 2], ["ReservoirSize": -1], ["HTTPMethod": .text(11)],
      ["Attributes": ["a": ""]],
    ] as [JSONValue])
  func `keep to their bounds when they are changed`(change: JSONValue) async throws {
    let test = try SettingsTestService()
    _ = try await test.result("/CreateSamplingRule", ["SamplingRule": polling])
    let update = change.with(["RuleName": "polling"])
    let failure = try await test.failure("/UpdateSamplingRule", ["SamplingRuleUpdate": update])
    #expect(failure.type == "InvalidRequestException")
  }

  @Test func `lose their boost with a change that does not name it`() async throws {
    let test = try SettingsTestService()
    let boost: JSONValue = ["MaxRate": 0.5, "CooldownWindowMinutes": 10]
    let rule = polling.with(["SamplingRateBoost": boost, "Attributes": ["a": "b"]])
    _ = try await test.result("/CreateSamplingRule", ["SamplingRule": rule])
    let kept = try await test.result(
      "/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "polling", "SamplingRateBoost": boost]])
    #expect(kept["SamplingRuleRecord"]?["SamplingRule"]?["SamplingRateBoost"] == boost)
    let lost = try await test.result("/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "polling"]])
    #expect(lost["SamplingRuleRecord"]?["SamplingRule"]?["SamplingRateBoost"] == nil)
    #expect(lost["SamplingRuleRecord"]?["SamplingRule"]?["Attributes"] == ["a": "b"])
  }

  @Test func `include one that is always there`() async throws {
    let test = try SettingsTestService()
    let record = try await test.result("/GetSamplingRules")["SamplingRuleRecords"]?[0]
    #expect(
      record == [
        "SamplingRule": [
          "RuleName": "Default", "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
          "ResourceARN": "*", "Priority": 10_000, "FixedRate": 0.05, "ReservoirSize": 1, "ServiceName": "*",
          "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": [:],
        ],
        "CreatedAt": 0, "ModifiedAt": 0,
      ])
    #expect(try await test.failure("/DeleteSamplingRule", ["RuleName": "Default"]).type == "InvalidRequestException")
    let changed = try await test.result(
      "/UpdateSamplingRule", ["SamplingRuleUpdate": ["RuleName": "Default", "FixedRate": 0.01, "ReservoirSize": 0]])
    #expect(changed["SamplingRuleRecord"]?["SamplingRule"]?["FixedRate"] == 0.01)
    #expect(changed["SamplingRuleRecord"]?["SamplingRule"]?["Priority"] == 10_000)
    for change in [["Priority": 5], ["Host": "*"], ["Attributes": [:]]] as [JSONValue] {
      let update = change.with(["RuleName": "Default"])
      let failure = try await test.failure("/UpdateSamplingRule", ["SamplingRuleUpdate": update])
      #expect(failure.message.contains("Only FixedRate and ReservoirSize"))
    }
  }
}
