import Testing
import XRayModel

@testable import XRayService

@Suite struct `Resource policies` {
  static func policy(_ statement: JSONValue) -> JSONValue {
    .string((["Version": "2012-10-17", "Statement": statement] as JSONValue).rendered())
  }

  static let allow: JSONValue = [
    "Effect": "Allow", "Principal": ["Service": "sns.amazonaws.com"], "Action": ["xray:PutTraceSegments"],
    "Resource": "*",
  ]

  let put: JSONValue = ["PolicyName": "sns", "PolicyDocument": policy([allow])]

  @Test func `are put, listed, replaced and deleted`() async throws {
    let test = try SettingsTestService(durable: true)
    let first = try await test.result("/PutResourcePolicy", put)["ResourcePolicy"]
    #expect(first == put.with(["PolicyRevisionId": "1", "LastUpdatedTime": .time(0)]))
    test.clock.advance(by: .seconds(5))
    let second = try await test.result("/PutResourcePolicy", put)["ResourcePolicy"]
    #expect(second == put.with(["PolicyRevisionId": "2", "LastUpdatedTime": .time(5)]))
    #expect(try await test.result("/ListResourcePolicies") == ["ResourcePolicies": [try #require(second)]])
    #expect(try await test.reopened().result("/ListResourcePolicies")["ResourcePolicies"]?[0] == second)
    #expect(try await test.result("/DeleteResourcePolicy", ["PolicyName": "sns"]) == [:])
    #expect(try await test.result("/ListResourcePolicies") == ["ResourcePolicies": []])
    #expect(try await test.failure("/DeleteResourcePolicy", ["PolicyName": "sns"]).type == "InvalidRequestException")
  }

  @Test func `change only from the revision that the caller knows`() async throws {
    let test = try SettingsTestService()
    func refused(_ path: String, _ request: JSONValue) async throws -> Bool {
      try await test.failure(path, request).type == "InvalidPolicyRevisionIdException"
    }
    #expect(try await refused("/PutResourcePolicy", put.with(["PolicyRevisionId": "1"])))
    _ = try await test.result("/PutResourcePolicy", put.with(["PolicyRevisionId": "0"]))
    #expect(try await refused("/PutResourcePolicy", put.with(["PolicyRevisionId": "0"])))
    #expect(try await refused("/PutResourcePolicy", put.with(["PolicyRevisionId": "2"])))
    _ = try await test.result("/PutResourcePolicy", put.with(["PolicyRevisionId": "1"]))
    #expect(try await refused("/DeleteResourcePolicy", ["PolicyName": "sns", "PolicyRevisionId": "1"]))
    _ = try await test.result("/DeleteResourcePolicy", ["PolicyName": "sns", "PolicyRevisionId": "2"])
    #expect(try await refused("/DeleteResourcePolicy", ["PolicyName": "sns", "PolicyRevisionId": "2"]))
  }

  @Test func `of an account are 5`() async throws {
    let test = try SettingsTestService()
    for number in 1...5 {
      _ = try await test.result("/PutResourcePolicy", put.with(["PolicyName": .string("\(number)")]))
    }
    #expect(try await test.failure("/PutResourcePolicy", put).type == "PolicyCountLimitExceededException")
    _ = try await test.result("/PutResourcePolicy", put.with(["PolicyName": "3"]))
  }

  @Test func `have 5 KB at most`() async throws {
    let test = try SettingsTestService()
    let document = try #require(put["PolicyDocument"]?.string)
    func padded(_ size: Int) -> JSONValue {
      put.with(["PolicyDocument": .string(document + String(repeating: " ", count: size - document.utf8.count))])
    }
    _ = try await test.result("/PutResourcePolicy", padded(5120))
    #expect(try await test.failure("/PutResourcePolicy", padded(5121)).type == "PolicySizeLimitExceededException")
  }

  @Test(arguments: [
    "", "x", "[]", "1", "{}", "{\"Statement\":[]}", "{\"Version\":\"2012-10-17\"}",
    "{\"Version\":\"2012-10-17\",\"Statement\":[]}", "{\"Version\":\"2012-10-17\",\"Statement\":[1]}",
    "{\"Version\":\"2013-10-17\",\"Statement\":[\(allow.rendered())]}",
    "{\"Version\":\"2012-10-17\",\"Statement\":[\(allow.rendered())]",
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Maybe\",\"Principal\":\"*\",\"Action\":\"*\"}}",
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}",
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\"}}",
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":1}}",
  ])
  func `that are none are malformed`(document: String) async throws {
    let request = put.with(["PolicyDocument": .string(document)])
    let failure = try await SettingsTestService().failure("/PutResourcePolicy", request)
    #expect(failure.type == "MalformedPolicyDocumentException")
  }

  @Test(
    arguments: [
      ["Principal": "*", "Action": "xray:PutResourcePolicy"],
      ["Principal": ["AWS": "*"], "Action": ["a:b", "xray:*"]],
      ["Principal": ["AWS": ["1", "000000000000"]], "Action": "*"],
      ["Principal": ["AWS": "arn:aws:iam::000000000000:root"], "Action": "XRAY:put*"],
      ["Principal": "*", "NotAction": "xray:Get*"],
    ] as [JSONValue])
  func `that lock the account out are refused, unless told otherwise`(statement: JSONValue) async throws {
    let test = try SettingsTestService()
    let request = put.with(["PolicyDocument": Self.policy([Self.allow, statement.with(["Effect": "Deny"])])])
    #expect(try await test.failure("/PutResourcePolicy", request).type == "LockoutPreventionException")
    _ = try await test.result("/PutResourcePolicy", request.with(["BypassPolicyLockoutCheck": true]))
  }

  @Test(
    arguments: [
      ["Effect": "Allow", "Principal": "*", "Action": "*"],
      ["Effect": "Deny", "Principal": ["AWS": "111111111111"], "Action": "*"],
      ["Effect": "Deny", "Principal": "*", "Action": "xray:Get*"],
      ["Effect": "Deny", "Principal": "*", "NotAction": "xray:Put*"],
      ["Effect": "Deny", "NotPrincipal": ["AWS": "000000000000"], "Action": "*"],
      ["Effect": "Deny", "Principal": "*", "Action": "*", "Condition": ["Bool": ["aws:SecureTransport": "false"]]],
    ] as [JSONValue])
  func `that leave somebody in are taken`(statement: JSONValue) async throws {
    let request = put.with(["PolicyDocument": Self.policy(statement)])
    _ = try await SettingsTestService().result("/PutResourcePolicy", request)
  }

  @Test(arguments: [.null, "", .text(129), "a b", "a/b", "é"] as [JSONValue])
  func `have plain names`(name: JSONValue) async throws {
    let test = try SettingsTestService()
    for path in ["/PutResourcePolicy", "/DeleteResourcePolicy"] {
      #expect(try await test.failure(path, put.with(["PolicyName": name])).type == "InvalidRequestException")
    }
  }

  @Test func `come on one page, and need a document`() async throws {
    let test = try SettingsTestService()
    #expect(try await test.failure("/ListResourcePolicies", ["NextToken": "x"]).type == "InvalidRequestException")
    #expect(try await test.failure("/PutResourcePolicy", ["PolicyName": "a"]).message.contains("PolicyDocument"))
    _ = try await test.result("/PutResourcePolicy", put.with(["PolicyName": "a_+=,.@-1"]))
  }
}
