import LambdaEmitter
import Testing
import XRayModel

@testable import LambdaAPI

@Suite struct `What was set` {
  @Test func `is there again after a restart`() async throws {
    let (folder, saved) = (TemporaryFolder(), SavedFunctions())
    try await Fixture.run(folder: folder, saved: saved) { fixture in
      await fixture.create([
        "Publish": true, "Environment": ["Variables": ["A1": "ü\"\n"]], "Tags": ["t": "1"],
        "TracingConfig": ["Mode": "Active"], "LoggingConfig": ["LogGroup": "mine"],
      ])
      _ = await fixture.call(.PUT, orders + "/code", fixture.newCode("two"))
      _ = await fixture.call(.POST, orders + "/versions", ["Description": "second"])
      _ = await fixture.call(.DELETE, orders + "?Qualifier=2")
      _ = await fixture.call(
        .POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      _ = await fixture.call(
        .PUT, "/2017-10-31/functions/orders/concurrency", ["ReservedConcurrentExecutions": 5])
      _ = await fixture.call(
        .PUT, "/2019-09-25/functions/orders/event-invoke-config",
        ["MaximumRetryAttempts": 1, "DestinationConfig": ["OnSuccess": ["Destination": "arn:aws:sqs:us-east-1:1:q"]]])
      await fixture.create(name: "gone")
      _ = await fixture.call(.DELETE, "/2015-03-31/functions/gone")
      _ = await fixture.call(
        .POST, "/2015-03-31/event-source-mappings/",
        ["EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:in", "FunctionName": "orders:live", "BatchSize": 3])
    }
    let bytes = try #require(saved.bytes)
    #expect(try FunctionState(json: bytes).json == bytes)
    // Code is unpacked anew when only the archive has survived.
    let first = StoredCode(ZipWriter([.init("bootstrap", "one", mode: 0o100755)]).bytes)
    removeTree("\(folder.path)/functions/orders/\(first.hash)")
    try await Fixture.run(folder: folder, saved: saved) { fixture in
      #expect(folder.names("functions") == ["orders"])
      #expect(folder.text("functions/orders/\(first.hash)/bootstrap") == "one")
      let got = await fixture.call(.GET, orders)
      #expect(got["Configuration"]?["Environment"]?["Variables"]?["A1"]?.string == "ü\"\n")
      #expect(got["Tags"]?["t"]?.string == "1")
      #expect(got["Concurrency"]?["ReservedConcurrentExecutions"]?.number?.integer == 5)
      let answer = await fixture.call(.POST, orders + ":live/invocations", [:])
      #expect(answer["version"]?.string == "1" && answer["code"]?.string == first.hash)
      let events = await fixture.call(.GET, "/2019-09-25/functions/orders/event-invoke-config")
      #expect(events["MaximumRetryAttempts"]?.number?.integer == 1)
      let mappings = await fixture.call(.GET, "/2015-03-31/event-source-mappings?FunctionName=orders")
      #expect(mappings["EventSourceMappings"]?[0]?["FunctionArn"]?.string == functionARN + ":live")
      #expect(mappings["EventSourceMappings"]?[0]?["BatchSize"]?.number?.integer == 3)
      let third = await fixture.call(.POST, orders + "/versions")
      #expect(third["Version"]?.string == "3")
    }
  }

  @Test func `is as before when it cannot be saved`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      fixture.saved.fail(true)
      let answer = await fixture.call(.PUT, orders + "/configuration", ["Handler": "other"])
      #expect(answer.status == 500 && answer.errorType == "ServiceException" && answer["Type"]?.string == "Service")
      #expect(await fixture.create(name: "others").status == 500)
      #expect(await fixture.call(.DELETE, orders).status == 500)
      fixture.saved.fail(false)
      #expect(await fixture.call(.POST, orders + "/invocations", [:])["handler"]?.string == "bootstrap")
      #expect(await fixture.call(.GET, "/2015-03-31/functions/others").status == 404)
    }
  }

  @Test(arguments: [
    "", "{}", "[]", "{\"format\":2,\"functions\":[]}", "{\"format\":1,\"functions\":[{}]}",
    "{\"format\":1,\"functions\":[{\"latest\":{\"name\":\"../x\"}}]}",
  ])
  func `is not guessed when it is damaged`(text: String) async {
    let saved = SavedFunctions()
    saved.set(Array(text.utf8))
    await #expect(throws: FunctionStateError.self) { try await Fixture.run(saved: saved) { _ in } }
  }

  @Test func `tells of code that is lost only to those who call it`() async throws {
    let (folder, saved) = (TemporaryFolder(), SavedFunctions())
    try await Fixture.run(folder: folder, saved: saved) { await $0.create() }
    removeTree("\(folder.path)/functions")
    try await Fixture.run(folder: folder, saved: saved) { fixture in
      let got = await fixture.call(.GET, orders)
      #expect(got.status == 200)
      let location = try #require(got["Code"]?["Location"]?.string?.dropFirst("http://localhost:2000".count))
      #expect(await fixture.call(.GET, String(location)).status == 404)
      // New code heals it.
      #expect(await fixture.call(.PUT, orders + "/code", fixture.newCode("one")).status == 200)
      #expect(await fixture.call(.GET, String(location)).status == 200)
    }
  }
}

@Suite struct `A path` {
  @Test func `is Lambda's or it is not`() {
    for path in [
      "/2015-03-31/functions", "/2015-03-31/functions/", orders, orders + "/invocations", orders + "/aliases/x",
    ] {
      #expect(LambdaAPI.isLambdaPath(path))
    }
    for path in ["/", "/TraceSegments", "/2015-03-31", orders + "/nothing", "/2015-03-31/functions/%", "/v1/traces"] {
      #expect(!LambdaAPI.isLambdaPath(path))
    }
    let create = LambdaAPI.resource(at: "/2015-03-31/functions")
    #expect(create?.methods == [.POST, .GET, .HEAD] && (create?.bodyBytes ?? 0) > 69_905_068)
    #expect(LambdaAPI.resource(at: orders + "/invocations")?.answerTime == .seconds(930))
  }

  @Test func `that nobody knows is answered so`() async throws {
    try await Fixture.run { fixture in
      let answer = await fixture.call(.PATCH, orders)
      #expect(answer.status == 404 && answer.errorType == "UnknownOperationException")
      #expect(await fixture.call(.GET, orders + "?Qualifier=%zz").status == 400)
    }
  }
}
