import Testing
import XRayModel

@testable import XRayService

@Suite struct `Groups` {
  let slow: JSONValue = ["GroupName": "slow", "FilterExpression": "responsetime > 5"]

  @Test func `are made, read, listed, changed and deleted`() async throws {
    let test = try SettingsTestService()
    let made = try await test.result("/CreateGroup", slow)["Group"]
    #expect(made?["GroupName"] == "slow")
    #expect(made?["FilterExpression"] == "responsetime > 5")
    #expect(made?["InsightsConfiguration"] == ["InsightsEnabled": false, "NotificationsEnabled": false])
    let arn = try #require(made?["GroupARN"]?.string)
    #expect(arn.wholeMatch(of: /arn:aws:xray:us-east-1:000000000000:group\/slow\/[A-Z2-7]{52}/) != nil)

    #expect(try await test.result("/GetGroup", ["GroupName": "slow"])["Group"] == made)
    #expect(try await test.result("/GetGroup", ["GroupARN": .string(arn)])["Group"] == made)
    let listed = try await test.result("/Groups")["Groups"]?.array
    #expect(listed?.count == 2)
    #expect(listed?.first?["GroupName"] == "Default")
    #expect(listed?.first?["FilterExpression"] == nil)
    #expect(listed?.last == made)

    let changed = try await test.result(
      "/UpdateGroup", ["GroupARN": .string(arn), "FilterExpression": "fault", "InsightsConfiguration": .null])["Group"]
    #expect(changed == made?.with(["FilterExpression": "fault"]))
    #expect(try await test.result("/DeleteGroup", ["GroupName": "slow"]) == [:])
    #expect(try await test.result("/Groups")["Groups"]?.array?.count == 1)
  }

  @Test func `made again under the same name are others`() async throws {
    let test = try SettingsTestService()
    let first = try await test.result("/CreateGroup", slow)["Group"]?["GroupARN"]
    _ = try await test.result("/DeleteGroup", ["GroupName": "slow"])
    #expect(try await test.result("/CreateGroup", slow)["Group"]?["GroupARN"] != first)
  }

  @Test(
    arguments: [
      (["FilterExpression": "fault"], "Value null at 'GroupName' must not be null"),
      (["GroupName": "", "FilterExpression": "fault"], "1 to 32 characters"),
      (["GroupName": .text(33), "FilterExpression": "fault"], "1 to 32 characters"),
      (["GroupName": "a b", "FilterExpression": "fault"], "letters, digits and hyphens"),
      (["GroupName": "'; DROP TABLE--", "FilterExpression": "fault"], "letters, digits and hyphens"),
      (["GroupName": "Default", "FilterExpression": "fault"], "already exists"),
      (["GroupName": "a"], "Filter Expression is empty"),
      (["GroupName": "a", "FilterExpression": ""], "Filter Expression is empty"),
      (["GroupName": "a", "FilterExpression": "  "], "Filter Expression is empty"),
      (["GroupName": "a", "FilterExpression": "responsetime >"], "column 15: expected"),
      (["GroupName": "a", "FilterExpression": .text(20_001)], "at most 20000 bytes"),
      (["GroupName": "a", "FilterExpression": "group.name = \"b\""], "there is no group \"b\""),
      (["GroupName": "a", "FilterExpression": "group.name = \"a\""], "refers to itself"),
      (
        ["GroupName": "a", "FilterExpression": "fault", "InsightsConfiguration": ["NotificationsEnabled": true]],
        "NotificationsEnabled can only be true"
      ),
    ] as [(JSONValue, String)])
  func `that break a rule are not made`(request: JSONValue, message: String) async throws {
    let test = try SettingsTestService()
    let failure = try await test.failure("/CreateGroup", request)
    #expect(failure.type == "InvalidRequestException")
    #expect(failure.message.contains(message), "\(failure.message)")
    #expect(try await test.result("/Groups")["Groups"]?.array?.count == 1)
  }

  @Test(
    arguments: [
      ["GroupName": 1, "FilterExpression": "fault"], ["GroupName": "a", "FilterExpression": []],
      ["GroupName": "a", "FilterExpression": "fault", "InsightsConfiguration": "on"],
      ["GroupName": "a", "FilterExpression": "fault", "InsightsConfiguration": ["InsightsEnabled": "true"]],
      ["GroupName": "a", "FilterExpression": "fault", "Tags": ["Key"]],
    ] as [JSONValue])
  func `with members of another type are refused`(request: JSONValue) async throws {
    #expect(try await SettingsTestService().failure("/CreateGroup", request).type == "SerializationException")
  }

  @Test func `cannot refer to each other in a circle`() async throws {
    let test = try SettingsTestService()
    _ = try await test.result("/CreateGroup", ["GroupName": "a", "FilterExpression": "fault"])
    _ = try await test.result("/CreateGroup", ["GroupName": "b", "FilterExpression": "group.name = \"a\" AND error"])
    let failure = try await test.failure(
      "/UpdateGroup", ["GroupName": "a", "FilterExpression": "group.name = \"b\""])
    #expect(failure.type == "InvalidRequestException")
    #expect(failure.message.contains("refers to itself"), "\(failure.message)")
    #expect(try await test.result("/GetGroup", ["GroupName": "a"])["Group"]?["FilterExpression"] == "fault")
  }

  @Test func `of an account are 25, the Default group included`() async throws {
    let test = try SettingsTestService()
    for number in 1..<25 {
      _ = try await test.result("/CreateGroup", slow.with(["GroupName": .string("slow-\(number)")]))
    }
    #expect(try await test.failure("/CreateGroup", slow).message.contains("25 groups"))
    _ = try await test.result("/DeleteGroup", ["GroupName": "slow-1"])
    _ = try await test.result("/CreateGroup", slow)
    #expect(try await test.failure("/CreateGroup", slow).message.contains("already exists"))
    #expect(try await test.result("/Groups")["Groups"]?.array?.count == 25)
  }

  @Test(arguments: ["/GetGroup", "/UpdateGroup", "/DeleteGroup"])
  func `are named by either name or ARN`(path: String) async throws {
    let test = try SettingsTestService()
    let arn = try #require(try await test.result("/CreateGroup", slow)["Group"]?["GroupARN"])
    for request in [[:], ["GroupName": "slow", "GroupARN": arn]] as [JSONValue] {
      let failure = try await test.failure(path, request)
      #expect(failure.type == "InvalidRequestException")
      #expect(failure.message.contains("either GroupName or GroupARN"))
    }
    #expect(try await test.failure(path, ["GroupName": "Slow"]).message == "Group not found.")
    #expect(try await test.failure(path, ["GroupARN": "x"]).message == "Group not found.")
  }

  @Test func `have insights and end notifications with them`() async throws {
    let test = try SettingsTestService()
    let both: JSONValue = ["InsightsEnabled": true, "NotificationsEnabled": true]
    let made = try await test.result("/CreateGroup", slow.with(["InsightsConfiguration": both]))
    #expect(made["Group"]?["InsightsConfiguration"] == both)
    let changed = try await test.result(
      "/UpdateGroup", ["GroupName": "slow", "InsightsConfiguration": ["InsightsEnabled": false]])
    #expect(
      changed["Group"]?["InsightsConfiguration"] == ["InsightsEnabled": false, "NotificationsEnabled": false])
    let failure = try await test.failure(
      "/UpdateGroup", ["GroupName": "slow", "InsightsConfiguration": ["NotificationsEnabled": true]])
    #expect(failure.message.contains("NotificationsEnabled can only be true"))
  }

  @Test func `include one that cannot be deleted nor get an expression, but insights`() async throws {
    let test = try SettingsTestService()
    #expect(try await test.failure("/DeleteGroup", ["GroupName": "Default"]).message.contains("cannot be deleted"))
    let failure = try await test.failure("/UpdateGroup", ["GroupName": "Default", "FilterExpression": "fault"])
    #expect(failure.message.contains("no filter expression"))
    let changed = try await test.result(
      "/UpdateGroup", ["GroupName": "Default", "InsightsConfiguration": ["InsightsEnabled": true]])
    #expect(changed["Group"]?["InsightsConfiguration"]?["InsightsEnabled"] == true)
  }

  @Test func `come on one page`() async throws {
    let test = try SettingsTestService()
    #expect(try await test.failure("/Groups", ["NextToken": "x"]).type == "InvalidRequestException")
    #expect(try await test.result("/Groups", ["NextToken": ""])["NextToken"] == nil)
  }
}
