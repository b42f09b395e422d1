import Testing
import XRayModel

@testable import XRayService

@Suite struct `Tags` {
  let group = "arn:aws:xray:us-east-1:000000000000:group/Default"
  let rule = "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default"

  func tags(_ count: Int, from first: Int = 0) -> JSONValue {
    .array((first..<(first + count)).map { ["Key": .string("key \($0)"), "Value": .string("value \($0)")] })
  }

  @Test func `are put on groups and rules, listed and taken off`() async throws {
    let test = try SettingsTestService(durable: true)
    for arn in [group, rule] {
      let named: JSONValue = ["ResourceARN": .string(arn)]
      #expect(try await test.result("/TagResource", named.with(["Tags": tags(2)])) == [:])
      let more: JSONValue = [["Key": "key 0", "Value": ""], ["Key": "Ünï_.:/=+-@", "Value": "日本 1"]]
      _ = try await test.result("/TagResource", named.with(["Tags": more]))
      let all: JSONValue = [
        ["Key": "key 0", "Value": ""], ["Key": "key 1", "Value": "value 1"],
        ["Key": "Ünï_.:/=+-@", "Value": "日本 1"],
      ]
      #expect(try await test.result("/ListTagsForResource", named) == ["Tags": all])
      #expect(try await test.reopened().result("/ListTagsForResource", named) == ["Tags": all])
      #expect(try await test.result("/UntagResource", named.with(["TagKeys": ["key 1", "key 0", "none"]])) == [:])
      #expect(try await test.result("/ListTagsForResource", named)["Tags"]?.array?.count == 1)
    }
  }

  @Test func `come and go with the group`() async throws {
    let test = try SettingsTestService()
    let create: JSONValue = ["GroupName": "a", "FilterExpression": "fault", "Tags": tags(50)]
    let arn = try #require(try await test.result("/CreateGroup", create)["Group"]?["GroupARN"])
    #expect(try await test.result("/ListTagsForResource", ["ResourceARN": arn])["Tags"] == tags(50))
    _ = try await test.result("/DeleteGroup", ["GroupName": "a"])
    #expect(try await test.failure("/ListTagsForResource", ["ResourceARN": arn]).type == "ResourceNotFoundException")
    #expect(test.service.settings.current.tags.isEmpty)
    let failure = try await test.failure("/CreateGroup", create.with(["Tags": tags(51)]))
    #expect(failure.type == "InvalidRequestException")
  }

  @Test func `come and go with the rule`() async throws {
    let test = try SettingsTestService()
    let definition: JSONValue = [
      "RuleName": "a", "ResourceARN": "*", "Priority": 1, "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "*",
      "ServiceType": "*", "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1,
    ]
    let create: JSONValue = ["SamplingRule": definition, "Tags": tags(2)]
    let made = try await test.result("/CreateSamplingRule", create)["SamplingRuleRecord"]?["SamplingRule"]
    let arn = try #require(made?["RuleARN"])
    #expect(try await test.result("/ListTagsForResource", ["ResourceARN": arn])["Tags"] == tags(2))
    _ = try await test.result("/DeleteSamplingRule", ["RuleARN": arn])
    // A rule that is made again has the same ARN, and must not find the old one's tags.
    _ = try await test.result("/CreateSamplingRule", create.with(["Tags": []]))
    #expect(try await test.result("/ListTagsForResource", ["ResourceARN": arn])["Tags"] == [])
  }

  @Test func `are 50 at most`() async throws {
    let test = try SettingsTestService()
    let named: JSONValue = ["ResourceARN": .string(group)]
    _ = try await test.result("/TagResource", named.with(["Tags": tags(49)]))
    let (status, json) = try await test.call("/TagResource", named.with(["Tags": tags(2, from: 49)]))
    #expect(status == 400)
    #expect(json["ResourceName"] == .string(group))
    #expect(
      try await test.failure("/TagResource", named.with(["Tags": tags(2, from: 49)])).type == "TooManyTagsException")
    _ = try await test.result("/TagResource", named.with(["Tags": tags(2, from: 48)]))
    #expect(try await test.result("/ListTagsForResource", named)["Tags"] == tags(50))
    #expect(try await test.failure("/TagResource", named.with(["Tags": tags(201)])).type == "InvalidRequestException")
  }

  @Test(
    arguments: [
      ["Key": "a"], ["Value": "a"], ["Key": "", "Value": "a"], ["Key": .text(129), "Value": "a"],
      ["Key": "a", "Value": .text(257)], ["Key": "a;b", "Value": "a"], ["Key": "a", "Value": "<b>"],
      ["Key": "a\n", "Value": ""], ["Key": "aws:a", "Value": "a"], ["Key": "AWS:a", "Value": "a"],
      ["Key": "key 0", "Value": "twice"],
    ] as [JSONValue])
  func `that break a rule are refused`(tag: JSONValue) async throws {
    let test = try SettingsTestService()
    let request: JSONValue = ["ResourceARN": .string(group), "Tags": [["Key": "key 0", "Value": "once"], tag]]
    #expect(try await test.failure("/TagResource", request).type == "InvalidRequestException")
    #expect(test.service.settings.current.tags.isEmpty)
  }

  @Test func `may have 128 and 256 characters`() async throws {
    let test = try SettingsTestService()
    let tag: JSONValue = ["Key": .text(128), "Value": .text(256)]
    _ = try await test.result("/TagResource", ["ResourceARN": .string(group), "Tags": [tag]])
    _ = try await test.result("/UntagResource", ["ResourceARN": .string(group), "TagKeys": [.text(128)]])
  }

  @Test(arguments: ["/TagResource", "/UntagResource", "/ListTagsForResource"])
  func `of what is not there are not found`(path: String) async throws {
    let test = try SettingsTestService()
    let request: JSONValue = ["Tags": tags(1), "TagKeys": ["a"]]
    let unknown = "arn:aws:xray:us-east-1:000000000000:group/none/A"
    let (status, json) = try await test.call(path, request.with(["ResourceARN": .string(unknown)]))
    #expect(status == 404)
    #expect(json["ResourceName"] == .string(unknown))
    #expect(
      try await test.failure(path, request.with(["ResourceARN": "'; --"])).type == "ResourceNotFoundException")
    for arn in [.null, "", .text(1012)] as [JSONValue] {
      #expect(try await test.failure(path, request.with(["ResourceARN": arn])).type == "InvalidRequestException")
    }
  }

  @Test func `need a list, and come on one page`() async throws {
    let test = try SettingsTestService()
    let named: JSONValue = ["ResourceARN": .string(group)]
    #expect(try await test.failure("/TagResource", named).message.contains("Tags"))
    #expect(try await test.failure("/UntagResource", named).message.contains("TagKeys"))
    #expect(
      try await test.failure("/ListTagsForResource", named.with(["NextToken": "x"])).type == "InvalidRequestException")
  }
}
