import LambdaEmitter
import Testing
import XRayModel

@testable import LambdaAPI

@Suite struct `A version` {
  @Test func `keeps what $LATEST was`() async throws {
    try await Fixture.run { fixture in
      let created = await fixture.create()
      let first = await fixture.call(.POST, orders + "/versions", ["Description": "the first"])
      #expect(first.status == 201 && first["Version"]?.string == "1")
      #expect(first["FunctionArn"]?.string == functionARN + ":1" && first["Description"]?.string == "the first")
      let same = await fixture.call(.POST, orders + "/versions")
      #expect(same.json == first.json)
      _ = await fixture.call(.PUT, orders + "/configuration", ["Timeout": 7])
      _ = await fixture.call(.PUT, orders + "/code", fixture.newCode("two"))
      let second = await fixture.call(.POST, orders + "/versions", bytes: [])
      #expect(second["Version"]?.string == "2" && second["Timeout"]?.number?.integer == 7)
      let old = await fixture.call(.GET, orders + "/configuration?Qualifier=1")
      #expect(old["Timeout"]?.number?.integer == 3 && old["CodeSha256"] == created["CodeSha256"])
      let answer = await fixture.call(.POST, orders + "/invocations?Qualifier=1", [:])
      #expect(answer.headers.first(name: "X-Amz-Executed-Version") == "1" && answer["version"]?.string == "1")
      let list = await fixture.call(.GET, orders + "/versions")
      #expect(list["Versions"]?.array?.compactMap { $0["Version"]?.string } == ["$LATEST", "1", "2"])
    }
  }

  @Test func `is published only of what the caller thinks it is`() async throws {
    try await Fixture.run { fixture in
      let created = await fixture.create()
      #expect(await fixture.call(.POST, orders + "/versions", ["CodeSha256": "other"]).status == 400)
      #expect(await fixture.call(.POST, orders + "/versions", ["RevisionId": "other"]).status == 412)
      let fitting: JSONValue = [
        "CodeSha256": created["CodeSha256"] ?? .null, "RevisionId": created["RevisionId"] ?? .null,
      ]
      #expect(await fixture.call(.POST, orders + "/versions", fitting).status == 201)
      let long: JSONValue = ["Description": .string(String(repeating: "d", count: 257))]
      #expect(await fixture.call(.POST, orders + "/versions", long).status == 400)
      #expect(await fixture.call(.POST, "/2015-03-31/functions/none/versions").status == 404)
      #expect(await fixture.call(.GET, "/2015-03-31/functions/none/versions").status == 404)
    }
  }

  @Test func `is deleted alone, and its number does not come again`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      _ = await fixture.call(.POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=1").status == 409)
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=live").status == 400)
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=%24LATEST").status == 400)
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=9").status == 404)
      _ = await fixture.call(.DELETE, orders + "/aliases/live")
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=1").status == 204)
      #expect(await fixture.call(.POST, orders + "/invocations?Qualifier=1", [:]).status == 404)
      #expect(await fixture.call(.POST, orders + "/versions")["Version"]?.string == "2")
    }
  }
}

@Suite struct `An alias` {
  @Test func `stands for a version`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      let path = orders + "/aliases"
      let alias = await fixture.call(.POST, path, ["Name": "live", "FunctionVersion": "1", "Description": "in use"])
      #expect(alias.status == 201 && alias["AliasArn"]?.string == functionARN + ":live")
      #expect(await fixture.call(.GET, path + "/live").json == alias.json)
      let answer = await fixture.call(.POST, orders + ":live/invocations", [:])
      #expect(answer.headers.first(name: "X-Amz-Executed-Version") == "1")
      #expect(answer["arn"]?.string == functionARN + ":live")
      let got = await fixture.call(.GET, orders + "?Qualifier=live")
      #expect(got["Configuration"]?["FunctionArn"]?.string == functionARN + ":live")
      #expect(got["Configuration"]?["Version"]?.string == "1")

      let moved = await fixture.call(.PUT, path + "/live", ["FunctionVersion": "$LATEST"])
      #expect(
        moved.status == 200 && moved["Description"]?.string == "in use" && moved["RevisionId"] != alias["RevisionId"])
      let latest = await fixture.call(.POST, orders + "/invocations?Qualifier=live", [:])
      #expect(latest.headers.first(name: "X-Amz-Executed-Version") == "$LATEST")
      let stale: JSONValue = ["Description": "x", "RevisionId": alias["RevisionId"] ?? .null]
      #expect(await fixture.call(.PUT, path + "/live", stale).status == 412)

      _ = await fixture.call(.POST, path, ["Name": "blue", "FunctionVersion": "1"])
      let names = await fixture.call(.GET, path)["Aliases"]?.array?.compactMap { $0["Name"]?.string }
      #expect(names == ["blue", "live"])
      let ofOne = await fixture.call(.GET, path + "?FunctionVersion=1")["Aliases"]?.array?.count
      #expect(ofOne == 1)
      #expect(await fixture.call(.DELETE, path + "/live").status == 204)
      #expect(await fixture.call(.DELETE, path + "/live").status == 204)
      #expect(await fixture.call(.GET, path + "/live").status == 404)
      #expect(await fixture.call(.PUT, path + "/live", [:]).status == 404)
    }
  }

  @Test func `shares requests out by weight`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      _ = await fixture.call(.PUT, orders + "/code", fixture.newCode("two"))
      _ = await fixture.call(.POST, orders + "/versions")
      let alias = await fixture.call(
        .POST, orders + "/aliases",
        ["Name": "live", "FunctionVersion": "1", "RoutingConfig": ["AdditionalVersionWeights": ["2": 0.25]]])
      #expect(alias["RoutingConfig"]?["AdditionalVersionWeights"]?["2"]?.number?.double == 0.25)
      var counts: [String: Int] = [:]
      for _ in 0..<400 {
        let answer = await fixture.call(.POST, orders + ":live/invocations", [:])
        counts[answer.headers.first(name: "X-Amz-Executed-Version") ?? "", default: 0] += 1
      }
      #expect((60...140).contains(counts["2"] ?? 0) && counts.count == 2)
      #expect(await fixture.call(.DELETE, orders + "?Qualifier=2").status == 409)
      let plain = await fixture.call(.PUT, orders + "/aliases/live", ["RoutingConfig": [:]])
      #expect(plain.status == 200 && plain["RoutingConfig"] == nil)
    }
  }

  @Test(arguments: [
    (#"{"Name":"12","FunctionVersion":"1"}"#, 400),
    (#"{"Name":"a b","FunctionVersion":"1"}"#, 400),
    (#"{"Name":"","FunctionVersion":"1"}"#, 400),
    (#"{"FunctionVersion":"1"}"#, 400),
    (#"{"Name":"a"}"#, 400),
    (#"{"Name":"a","FunctionVersion":"live"}"#, 400),
    (#"{"Name":"a","FunctionVersion":"9"}"#, 404),
    (#"{"Name":"live","FunctionVersion":"1"}"#, 409),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"9":0.5}}}"#, 404),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"$LATEST":0.5}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"$LATEST","RoutingConfig":{"AdditionalVersionWeights":{"1":0.5}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":1.5}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":-0.1}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.1,"3":0.1}}}"#, 400),
    (#"{"Name":"a","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":"x"}}}"#, 400),
  ])
  func `is refused when it cannot be`(text: String, status: Int) async throws {
    let request = try JSONValue(parsing: text)
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      _ = await fixture.call(.POST, orders + "/aliases", ["Name": "live", "FunctionVersion": "1"])
      #expect(await fixture.call(.POST, orders + "/aliases", request).status == status)
    }
  }
}
