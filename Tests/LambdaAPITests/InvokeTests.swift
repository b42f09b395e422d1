import LambdaEmitter
import Testing
import XRayModel

@testable import LambdaAPI

private let invocations = orders + "/invocations"

@Suite struct `An invocation` {
  @Test func `answers what the function answers`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let answer = await fixture.call(.POST, invocations, ["id": 7])
      #expect(answer.status == 200 && answer["echo"]?["id"]?.number?.integer == 7)
      #expect(answer.headers.first(name: "X-Amz-Executed-Version") == "$LATEST")
      #expect(answer.headers.first(name: "x-amzn-RequestId")?.utf8.count == 36)
      #expect(answer.headers.first(name: "X-Amz-Function-Error") == nil)
      #expect(answer.headers.first(name: "X-Amz-Log-Result") == nil)
      #expect(await fixture.call(.POST, invocations, bytes: [])["echo"] == [:])
    }
  }

  @Test func `finds the environment of the one before until the function is another`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      func isCold() async -> Bool? {
        _ = await fixture.call(.POST, invocations, [:])
        return fixture.service.logs.last?.lines.last?.contains("Init Duration")
      }
      #expect(await isCold() == true)
      _ = await fixture.call(.POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      _ = await fixture.call(.PUT, "/2017-10-31/functions/orders/concurrency", ["ReservedConcurrentExecutions": 5])
      #expect(await isCold() == false)
      _ = await fixture.call(.PUT, orders + "/configuration", ["Timeout": 5])
      #expect(await isCold() == true)
      _ = await fixture.call(.PUT, orders + "/code", fixture.newCode("two"))
      #expect(await isCold() == true)
      #expect(await isCold() == false)
    }
  }

  @Test func `belongs to the caller's trace`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let root = "1-58406520-a006649127e371903a2de979"
      let answer = await fixture.call(
        .POST, invocations, [:],
        headers: [("X-Amzn-Trace-Id", "Root=\(root);Parent=53995c3f42cd8ad8;Sampled=1")])
      #expect(answer.headers.first(name: "X-Amzn-Trace-Id") == "Root=\(root);Sampled=1")
      #expect(answer["header"]?.string?.hasPrefix("Root=\(root);Parent=") == true)
      let fresh = await fixture.call(.POST, invocations, [:])
      #expect(fresh.headers.first(name: "X-Amzn-Trace-Id")?.hasPrefix("Root=1-") == true)
    }
  }

  @Test func `tells of the function's error, with status 200`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let answer = await fixture.call(.POST, invocations, ["fail": "no items"])
      #expect(answer.status == 200 && answer.headers.first(name: "X-Amz-Function-Error") == "Unhandled")
      #expect(answer["errorMessage"]?.string == "no items" && answer["errorType"]?.string == "Broken")
    }
  }

  @Test func `brings the last 4 KB of the log`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let tail = [("X-Amz-Log-Type", "Tail")]
      let answer = await fixture.call(.POST, invocations, ["lines": 1000], headers: tail)
      let log = try #require(answer.headers.first(name: "X-Amz-Log-Result").flatMap { Base64.bytes($0) })
      #expect(log.count == 4096)
      let text = String(decoding: log, as: UTF8.self)
      #expect(text.contains("line 999\nEND RequestId: ") && text.contains("REPORT RequestId: "))
      let short = await fixture.call(.POST, invocations, [:], headers: tail)
      let whole = try #require(short.headers.first(name: "X-Amz-Log-Result").flatMap { Base64.bytes($0) })
      #expect(String(decoding: whole, as: UTF8.self).hasPrefix("START RequestId: "))
    }
  }

  @Test func `may be an event`() async throws {
    try await Fixture.run { fixture in
      await fixture.create([
        "DeadLetterConfig": ["TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"]
      ])
      let event = [("X-Amz-Invocation-Type", "Event")]
      let answer = await fixture.call(.POST, invocations, ["fail": "always"], headers: event)
      #expect(answer.status == 202 && answer.body.isEmpty)
      #expect(answer.headers.first(name: "X-Amz-Executed-Version") == nil)
      let old = await fixture.call(.POST, "/2014-11-13/functions/orders/invoke-async/", ["fail": "always"])
      #expect(old.status == 202 && old["Status"]?.number?.integer == 202)
      await fixture.service.settle()
      #expect(fixture.service.queue("arn:aws:sqs:us-east-1:123456789012:dead").messages.count == 2)
      #expect(fixture.service.logs.count == 6)
    }
  }

  @Test func `tells the function what the caller says of itself`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let header = ("X-Amz-Client-Context", Base64.text(Array("{\"custom\": {\"a\": 1}}".utf8)))
      let answer = await fixture.call(.POST, invocations, [:], headers: [header])
      #expect(answer["client"]?.string == "{\"custom\": {\"a\": 1}}")
      #expect(await fixture.call(.POST, invocations, [:])["client"] == .null)
    }
  }

  @Test func `may be a dry run`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let answer = await fixture.call(.POST, invocations, [:], headers: [("X-Amz-Invocation-Type", "DryRun")])
      #expect(answer.status == 204 && answer.body.isEmpty && fixture.service.logs.isEmpty)
    }
  }

  @Test(arguments: [
    ("X-Amz-Invocation-Type", "Later"), ("X-Amz-Log-Type", "Head"), ("X-Amz-Client-Context", "no base64"),
    ("X-Amz-Client-Context", "W10="), ("X-Amz-Client-Context", String(repeating: "A", count: 3584)),
    ("X-Amz-Tenant-Id", "a"),
  ])
  func `is refused with a header that cannot be`(name: String, value: String) async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      #expect(await fixture.call(.POST, invocations, [:], headers: [(name, value)]).status == 400)
      let good = [("X-Amz-Client-Context", "e30="), ("X-Amz-Log-Type", "None")]
      #expect(await fixture.call(.POST, invocations, [:], headers: good).status == 200)
    }
  }

  @Test func `is refused with a payload that is no JSON or too long`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let bad = await fixture.call(.POST, invocations, bytes: Array("{oops".utf8))
      #expect(bad.status == 400 && bad.errorType == "InvalidRequestContentException")
      #expect(bad["message"]?.string?.hasPrefix("Could not parse request body into json: ") == true)
      func text(_ count: Int) -> [UInt8] { [0x22] + [UInt8](repeating: 0x61, count: count - 2) + [0x22] }
      let limit = InvocationType.requestResponse.payloadBytesLimit
      for count in [limit + 1, limit + 2000] {
        let long = await fixture.call(.POST, invocations, bytes: text(count))
        #expect(long.status == 413 && long.errorType == "RequestTooLargeException")
      }
      let event = [("X-Amz-Invocation-Type", "Event")]
      let eventLimit = InvocationType.event.payloadBytesLimit
      #expect(await fixture.call(.POST, invocations, bytes: text(eventLimit + 1), headers: event).status == 413)
      #expect(await fixture.call(.POST, "/2015-03-31/functions/none/invocations", [:]).status == 404)
      #expect(await fixture.call(.POST, invocations + "?Qualifier=none", [:]).status == 404)
    }
  }

  @Test func `is throttled when the function has no places`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let path = "/2017-10-31/functions/orders/concurrency"
      let put = await fixture.call(.PUT, path, ["ReservedConcurrentExecutions": 0])
      #expect(put.status == 200 && put["ReservedConcurrentExecutions"]?.number?.integer == 0)
      let answer = await fixture.call(.POST, invocations, [:])
      #expect(answer.status == 429 && answer.errorType == "TooManyRequestsException")
      #expect(answer["Reason"]?.string == "ReservedFunctionConcurrentInvocationLimitExceeded")
      #expect(answer["Type"]?.string == "User" && answer["message"]?.string == "Rate Exceeded.")
      #expect(answer.headers.first(name: "Retry-After") == "1")
      #expect(await fixture.call(.GET, "/2019-09-30/functions/orders/concurrency").json == put.json)
      #expect(await fixture.call(.GET, orders)["Concurrency"] == put.json)
      #expect(await fixture.call(.DELETE, path).status == 204)
      #expect(await fixture.call(.GET, "/2019-09-30/functions/orders/concurrency").json == [:])
      #expect(await fixture.call(.POST, invocations, [:]).status == 200)
    }
  }
}

@Suite struct `The account` {
  @Test func `keeps 100 places for all`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      await fixture.create(name: "others")
      func reserve(_ count: JSONValue, _ name: String) async -> Answer {
        await fixture.call(
          .PUT, "/2017-10-31/functions/\(name)/concurrency", ["ReservedConcurrentExecutions": count])
      }
      #expect(await reserve(600, "orders").status == 200)
      #expect(await reserve(301, "others").status == 400)
      #expect(await reserve(300, "others").status == 200)
      #expect(await reserve(601, "orders").status == 400)
      #expect(await reserve(-1, "orders").status == 400)
      #expect(await reserve(.null, "orders").status == 400)
      #expect(await reserve(1, "none").status == 404)
      let settings = await fixture.call(.GET, "/2016-08-19/account-settings/")
      #expect(settings["AccountLimit"]?["ConcurrentExecutions"]?.number?.integer == 1000)
      #expect(settings["AccountLimit"]?["UnreservedConcurrentExecutions"]?.number?.integer == 100)
      #expect(settings["AccountUsage"]?["FunctionCount"]?.number?.integer == 2)
      #expect((settings["AccountUsage"]?["TotalCodeSize"]?.number?.integer ?? 0) > 200)
    }
  }
}

@Suite struct `The settings for events` {
  private static let path = "/2019-09-25/functions/orders/event-invoke-config"
  private static let queue = "arn:aws:sqs:us-east-1:123456789012:done"

  @Test func `are set, changed, told and removed`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      #expect(await fixture.call(.GET, Self.path).status == 404)
      #expect(await fixture.call(.POST, Self.path, ["MaximumRetryAttempts": 1]).status == 404)
      #expect(await fixture.call(.DELETE, Self.path).status == 404)
      let put = await fixture.call(
        .PUT, Self.path,
        ["MaximumRetryAttempts": 0, "DestinationConfig": ["OnFailure": ["Destination": .string(Self.queue)]]])
      #expect(put.status == 200 && put["FunctionArn"]?.string == functionARN + ":$LATEST")
      #expect(put["MaximumEventAgeInSeconds"] == nil && put["LastModified"]?.number?.integer == 1_700_000_000)
      let changed = await fixture.call(.POST, Self.path, ["MaximumEventAgeInSeconds": 60])
      #expect(changed["MaximumRetryAttempts"]?.number?.integer == 0)
      #expect(changed["DestinationConfig"]?["OnFailure"]?["Destination"]?.string == Self.queue)
      #expect(await fixture.call(.GET, Self.path + "?Qualifier=%24LATEST").json == changed.json)
      let list = await fixture.call(.GET, Self.path + "/list?MaxItems=50")
      #expect(list["FunctionEventInvokeConfigs"]?.array == [changed.json])
      #expect(await fixture.call(.GET, Self.path + "/list?MaxItems=51").status == 400)

      _ = await fixture.call(
        .POST, orders + "/invocations", ["fail": "now"], headers: [("X-Amz-Invocation-Type", "Event")])
      await fixture.service.settle()
      #expect(fixture.service.queue(Self.queue).messages.count == 1)
      let replaced = await fixture.call(.PUT, Self.path, [:])
      #expect(replaced["MaximumRetryAttempts"] == nil)
      #expect(await fixture.call(.DELETE, Self.path).status == 204)
    }
  }

  @Test(
    arguments: [
      ["MaximumRetryAttempts": 3], ["MaximumRetryAttempts": -1], ["MaximumEventAgeInSeconds": 59],
      ["MaximumEventAgeInSeconds": 21_601], ["DestinationConfig": ["OnSuccess": ["Destination": "queue"]]],
    ] as [JSONValue])
  func `are refused out of their ranges`(request: JSONValue) async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      #expect(await fixture.call(.PUT, Self.path, request).status == 400)
    }
  }

  @Test func `belong to a version or an alias, and go with it`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      _ = await fixture.call(.POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      for qualifier in ["none", "2"] {
        #expect(await fixture.call(.PUT, Self.path + "?Qualifier=\(qualifier)", [:]).status == 404)
        #expect(await fixture.call(.GET, Self.path + "?Qualifier=\(qualifier)").status == 404)
      }
      let target = { (name: String) -> JSONValue in
        ["DestinationConfig": ["OnSuccess": ["Destination": .string("\(Self.queue)-\(name)")]]]
      }
      let live = await fixture.call(.PUT, Self.path + "?Qualifier=live", target("live"))
      #expect(live["FunctionArn"]?.string == functionARN + ":live")
      let one = await fixture.call(.PUT, Self.path + "?Qualifier=1", target("one"))
      #expect(await fixture.call(.GET, Self.path).status == 404)
      #expect(await fixture.call(.GET, Self.path + "?Qualifier=live").json == live.json)
      let list = await fixture.call(.GET, Self.path + "/list?MaxItems=1")
      #expect(list["FunctionEventInvokeConfigs"]?.array == [one.json])
      let marker = try #require(list["NextMarker"]?.string)
      let rest = await fixture.call(.GET, Self.path + "/list?Marker=\(marker)")
      #expect(rest["FunctionEventInvokeConfigs"]?.array == [live.json] && rest["NextMarker"] == nil)

      let event = [("X-Amz-Invocation-Type", "Event")]
      for name in ["orders", "orders:live", "orders:1"] {
        _ = await fixture.call(.POST, "/2015-03-31/functions/\(name)/invocations", [:], headers: event)
      }
      await fixture.service.settle()
      for name in ["live", "one"] { #expect(fixture.service.queue("\(Self.queue)-\(name)").messages.count == 1) }

      #expect(await fixture.call(.DELETE, orders + "/aliases/live").status == 204)
      _ = await fixture.call(.POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      #expect(await fixture.call(.GET, Self.path + "?Qualifier=live").status == 404)
      #expect(await fixture.call(.GET, Self.path + "?Qualifier=1").json == one.json)
      #expect(
        try FunctionState(json: #require(fixture.saved.bytes)).functions["orders"]?.eventInvoke.keys.sorted() == ["1"])
    }
  }

  @Test func `of a state that was saved before there were several are read`() async throws {
    let saved = SavedFunctions()
    try await Fixture.run(saved: saved) { fixture in
      await fixture.create()
      _ = await fixture.call(.PUT, Self.path, ["MaximumRetryAttempts": 1])
      let text = String(decoding: try #require(saved.bytes), as: UTF8.self)
      let value = try JSONValue(parsing: text)
      let settings = try #require(value["functions"]?[0]?["event_invokes"]?["$LATEST"])
      let before = text.split(separator: "\"event_invokes\"", maxSplits: 1)
      let after = try #require(before.last?.split(separator: "\"tags\"", maxSplits: 1).last)
      let bytes = Array("\(before[0])\"event_invoke\": \(settings.rendered()), \"tags\"\(after)".utf8)
      #expect(try FunctionState(json: bytes).json == saved.bytes)
    }
  }

  @Test(arguments: ["arn:aws:events:us-east-1:123456789012:event-bus/default", "arn:aws:s3:::bucket"])
  func `name no bus and no bucket`(target: String) async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let request: JSONValue = ["DestinationConfig": ["OnFailure": ["Destination": .string(target)]]]
      let answer = await fixture.call(.PUT, Self.path, request)
      #expect(answer.status == 400 && answer.errorType == "InvalidParameterValueException")
      #expect(answer["message"]?.string?.contains("not supported here") == true)
    }
  }
}
