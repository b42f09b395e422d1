import LambdaEmitter
import Testing
import XRayModel

@testable import LambdaAPI

@Suite struct `A function` {
  @Test func `is created and told with all its members`() async throws {
    try await Fixture.run { fixture in
      let created = await fixture.create([
        "Description": "all orders", "Timeout": 30, "MemorySize": 512, "TracingConfig": ["Mode": "Active"],
        "Environment": ["Variables": ["STAGE": "test"]], "Tags": ["team": "a"], "Architectures": ["arm64"],
        "DeadLetterConfig": ["TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"],
        "EphemeralStorage": ["Size": 1024], "LoggingConfig": ["LogFormat": "JSON", "SystemLogLevel": "WARN"],
      ])
      #expect(created.status == 201)
      #expect(created["FunctionArn"]?.string == functionARN)
      #expect(created["LastModified"]?.string == "2023-11-14T22:13:20.000+0000")
      #expect(created["Version"]?.string == "$LATEST" && created["State"]?.string == "Active")
      #expect(created["TracingConfig"]?["Mode"]?.string == "Active")
      #expect(created["Environment"]?["Variables"]?["STAGE"]?.string == "test")
      #expect(created["EphemeralStorage"]?["Size"]?.number?.integer == 1024)
      #expect(created["Architectures"]?[0]?.string == "arm64" && created["PackageType"]?.string == "Zip")
      #expect(created["LoggingConfig"]?["SystemLogLevel"]?.string == "WARN")
      #expect(created["CodeSha256"]?.string?.utf8.count == 44)

      let got = await fixture.call(.GET, orders)
      #expect(got.status == 200 && got["Configuration"] == created.json)
      #expect(got["Tags"]?["team"]?.string == "a")
      let location = try #require(got["Code"]?["Location"]?.string)
      #expect(location.hasPrefix("http://localhost:2000/fluoro/functions/orders/code/"))
      let zip = await fixture.call(.GET, String(location.dropFirst("http://localhost:2000".count)))
      #expect(zip.status == 200 && StoredCode(zip.body).base64 == created["CodeSha256"]?.string)
      #expect(await fixture.call(.GET, orders + "/configuration").json == created.json)
    }
  }

  @Test func `is found by all its names`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders"
      for name in ["orders", "orders/", "123456789012:function:orders", "function:orders", arn, "orders:$LATEST"] {
        let slash = name.hasSuffix("/") ? "" : "/"
        #expect(await fixture.call(.GET, "/2015-03-31/functions/\(name)\(slash)configuration").status == 200)
      }
      let qualified = await fixture.call(.GET, orders + "/configuration?Qualifier=%24LATEST")
      #expect(qualified["FunctionArn"]?.string == functionARN + ":$LATEST")
      for name in ["others", "999999999999:function:orders", "orders:7", "orders:blue"] {
        let answer = await fixture.call(.GET, "/2015-03-31/functions/\(name)/configuration")
        #expect(answer.status == 404 && answer.errorType == "ResourceNotFoundException")
        #expect(
          answer["Type"]?.string == "User" && answer["Message"]?.string?.hasPrefix("Function not found: ") == true)
      }
      for name in [
        "bad%20name", "a:b:c:d", "arn:aws:s3:::x", String(repeating: "n", count: 65), "orders:1?Qualifier=2",
      ] {
        let path = name.contains("?") ? name : name + "/configuration"
        let answer = await fixture.call(.GET, "/2015-03-31/functions/" + path)
        #expect(answer.status == 400 && answer.errorType == "InvalidParameterValueException")
      }
    }
  }

  @Test(arguments: [
    #"{"FunctionName":null}"#,
    #"{"FunctionName":"bad name"}"#,
    #"{"FunctionName":"orders:1"}"#,
    #"{"Role":null}"#,
    #"{"Role":"worker"}"#,
    #"{"Role":"arn:aws:iam::123456789012:role/unknown"}"#,
    #"{"Role":"arn:aws:iam::12345678901:role/worker"}"#,
    #"{"Runtime":null}"#,
    #"{"Runtime":"cobol74"}"#,
    #"{"Runtime":"java21"}"#,
    #"{"Handler":null}"#,
    #"{"Handler":"has space"}"#,
    #"{"Handler":"HHH"}"#,
    #"{"Timeout":0}"#,
    #"{"Timeout":901}"#,
    #"{"MemorySize":127}"#,
    #"{"MemorySize":10241}"#,
    #"{"Description":"DDD"}"#,
    #"{"TracingConfig":{"Mode":"Sometimes"}}"#,
    #"{"Environment":{"Variables":{"AWS_REGION":"x"}}}"#,
    #"{"Environment":{"Variables":{"1A":"x"}}}"#,
    #"{"Environment":{"Variables":{"A-B":"x"}}}"#,
    #"{"Environment":{"Variables":{"BIG":"EEE"}}}"#,
    #"{"EphemeralStorage":{"Size":511}}"#,
    #"{"EphemeralStorage":{}}"#,
    #"{"Architectures":["mips"]}"#,
    #"{"Architectures":[]}"#,
    #"{"PackageType":"Image"}"#,
    #"{"Layers":["arn"]}"#,
    #"{"VpcConfig":{"SubnetIds":["a"]}}"#,
    #"{"SnapStart":{"ApplyOn":"PublishedVersions"}}"#,
    #"{"LoggingConfig":{"LogFormat":"XML"}}"#,
    #"{"LoggingConfig":{"SystemLogLevel":"INFO"}}"#,
    #"{"LoggingConfig":{"LogGroup":"a b"}}"#,
    #"{"DeadLetterConfig":{"TargetArn":"queue"}}"#,
    #"{"Tags":{"aws:x":"y"}}"#,
    #"{"Tags":{"":"y"}}"#,
    #"{"Code":null}"#,
    #"{"Code":{}}"#,
    #"{"Code":{"S3Bucket":"b"}}"#,
    #"{"Code":{"ZipFile":""}}"#,
    #"{"Code":{"ZipFile":"bm8gemlw"}}"#,
  ])
  func `is refused when a member is not as it must be`(text: String) async throws {
    // HHH, DDD and EEE are one character too long.
    let long = [("HHH", 129), ("DDD", 257), ("EEE", 4094)].reduce(text) { text, word in
      text.replacing(word.0, with: String(repeating: "x", count: word.1))
    }
    let changes = try #require(JSONValue(parsing: long).object)
    try await Fixture.run { fixture in
      let answer = await fixture.create(changes)
      #expect(answer.status == 400 && answer.errorType == "InvalidParameterValueException")
      #expect(answer["message"]?.string?.isEmpty == false && answer["Type"]?.string == "User")
      #expect(await fixture.call(.GET, orders).status == 404)
      #expect(fixture.saved.bytes == nil)
    }
  }

  @Test func `takes VPC and snapshot settings that say nothing`() async throws {
    try await Fixture.run { fixture in
      let answer = await fixture.create([
        "VpcConfig": ["SubnetIds": [], "SecurityGroupIds": []], "SnapStart": ["ApplyOn": "None"], "Layers": [],
      ])
      #expect(answer.status == 201)
    }
  }

  @Test func `needs its role's leave for active tracing`() async throws {
    try await Fixture.run { fixture in
      let refused = await fixture.create(["Role": .string(bareRoleARN), "TracingConfig": ["Mode": "Active"]])
      let message = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
      #expect(refused.status == 400 && refused["message"]?.string == message)
      #expect(await fixture.create(["Role": .string(bareRoleARN)]).status == 201)
      let update = await fixture.call(.PUT, orders + "/configuration", ["TracingConfig": ["Mode": "Active"]])
      #expect(update["message"]?.string == message)
      let unknown = await fixture.create(
        ["Role": "arn:aws:iam::123456789012:role/unknown"], name: "others")
      #expect(
        unknown["message"]?.string == "The role defined for the function cannot be assumed by Lambda.")
    }
  }

  @Test func `exists once`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let again = await fixture.create(code: "two")
      #expect(again.status == 409 && again.errorType == "ResourceConflictException")
      #expect(again["message"]?.string == "Function already exist: orders")
    }
  }

  @Test(arguments: ["{", "[]", "{\"Timeout\": \"3\"}", "nonsense"])
  func `is not made of what is no request`(body: String) async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let answer = await fixture.call(.PUT, orders + "/configuration", bytes: Array(body.utf8))
      #expect(answer.status == 400 && answer.errorType == "InvalidRequestContentException")
    }
  }

  @Test func `is changed at $LATEST`() async throws {
    try await Fixture.run { fixture in
      let created = await fixture.create()
      let changed = await fixture.call(
        .PUT, orders + "/configuration",
        [
          "Timeout": 9, "Handler": "other", "Environment": ["Variables": ["A1": "b"]],
          "RevisionId": created["RevisionId"] ?? .null,
        ])
      #expect(changed.status == 200 && changed["Timeout"]?.number?.integer == 9)
      #expect(changed["MemorySize"]?.number?.integer == 128 && changed["RevisionId"] != created["RevisionId"])
      let answer = await fixture.call(.POST, orders + "/invocations", [:])
      #expect(answer["handler"]?.string == "other")
      let stale = await fixture.call(
        .PUT, orders + "/configuration", ["Timeout": 10, "RevisionId": created["RevisionId"] ?? .null])
      #expect(stale.status == 412 && stale.errorType == "PreconditionFailedException")
      #expect(await fixture.call(.PUT, orders + "/configuration", ["Timeout": 901]).status == 400)
      #expect(await fixture.call(.PUT, orders + "/configuration", ["Runtime": "java21"]).status == 400)
      #expect(await fixture.call(.GET, orders + "/configuration").json == changed.json)
    }
  }

  @Test func `gets new code, and the old goes when nobody can be at it any more`() async throws {
    try await Fixture.run { fixture in
      let created = await fixture.create()
      let first = StoredCode(ZipWriter([.init("bootstrap", "one", mode: 0o100755)]).bytes)
      #expect(fixture.folder.text("functions/orders/\(first.hash)/bootstrap") == "one")
      let tried = await fixture.call(
        .PUT, orders + "/code", ["ZipFile": fixture.newCode("two")["ZipFile"] ?? .null, "DryRun": true])
      #expect(tried.status == 200 && tried["CodeSha256"] != created["CodeSha256"])
      #expect(await fixture.call(.GET, orders + "/configuration").json == created.json)
      let updated = await fixture.call(.PUT, orders + "/code", fixture.newCode("two"))
      #expect(updated.status == 200 && updated["CodeSha256"] == tried["CodeSha256"])
      let answer = await fixture.call(.POST, orders + "/invocations", [:])
      let second = try #require(answer["code"]?.string)
      #expect(fixture.folder.text("functions/orders/\(second)/bootstrap") == "two")
      #expect(fixture.folder.has("functions/orders/\(first.hash)"))
      try await fixture.clock.sleep(for: .seconds(1000))
      #expect(await fixture.call(.PUT, orders + "/configuration", ["Timeout": 4]).status == 200)
      #expect(fixture.folder.names("functions/orders") == [second, second + ".zip"].sorted())
      #expect(await fixture.call(.PUT, orders + "/code", ["ZipFile": "bm8gemlw"]).status == 400)
      #expect(await fixture.call(.PUT, orders + "/code", ["ZipFile": "no base64"]).status == 400)
      #expect(await fixture.call(.PUT, orders + "/code", [:]).status == 400)
      #expect(
        await fixture.call(.PUT, "/2015-03-31/functions/none/code", fixture.newCode("x")).status == 404)
    }
  }

  @Test func `is deleted with all it has`() async throws {
    try await Fixture.run { fixture in
      await fixture.create(["Publish": true])
      #expect(await fixture.call(.DELETE, orders).status == 204)
      #expect(await fixture.call(.DELETE, orders).status == 404)
      #expect(await fixture.call(.POST, orders + "/invocations", [:]).status == 404)
      #expect(await fixture.create(code: "two").status == 201)
      try await fixture.clock.sleep(for: .seconds(1000))
      await fixture.create(name: "others")
      #expect(fixture.folder.names("functions/orders").count == 2)
      #expect(await fixture.call(.POST, orders + "/invocations", [:]).status == 200)
    }
  }

  @Test func `is listed in pages`() async throws {
    try await Fixture.run { fixture in
      for name in ["c", "a", "b"] { await fixture.create(["Publish": true], name: name) }
      let list = "/2015-03-31/functions/"
      let all = await fixture.call(.GET, list)
      #expect(all["Functions"]?.array?.compactMap { $0["FunctionName"]?.string } == ["a", "b", "c"])
      #expect(all["NextMarker"] == nil)
      let versions = await fixture.call(.GET, list + "?FunctionVersion=ALL&MaxItems=4")
      #expect(
        versions["Functions"]?.array?.compactMap {
          $0["FunctionArn"]?.string?.split(separator: ":").suffix(2).joined(separator: ":")
        }
          == ["a:$LATEST", "a:1", "b:$LATEST", "b:1"])
      let marker = try #require(versions["NextMarker"]?.string)
      // What is deleted meanwhile does not move the next page.
      _ = await fixture.call(.DELETE, "/2015-03-31/functions/a")
      let rest = await fixture.call(.GET, list + "?FunctionVersion=ALL&Marker=" + marker.replacing("=", with: "%3D"))
      #expect(rest["Functions"]?.array?.compactMap { $0["Version"]?.string } == ["$LATEST", "1"])
      for query in ["MaxItems=0", "MaxItems=10001", "MaxItems=x", "FunctionVersion=1", "Marker=!"] {
        #expect(await fixture.call(.GET, list + "?" + query).status == 400)
      }
    }
  }

  @Test func `has tags`() async throws {
    try await Fixture.run { fixture in
      await fixture.create()
      let path = "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Aorders"
      #expect(await fixture.call(.POST, path, ["Tags": ["a": "1", "b c": "2"]]).status == 204)
      #expect(await fixture.call(.GET, path)["Tags"] == ["a": "1", "b c": "2"])
      #expect(await fixture.call(.DELETE, path + "?tagKeys=b%20c&tagKeys=x").status == 204)
      #expect(await fixture.call(.GET, path)["Tags"] == ["a": "1"])
      let many = JSONObject((0..<51).map { JSONObject.Member(key: "k\($0)", value: "v") })
      #expect(await fixture.call(.POST, path, ["Tags": .object(many)]).status == 400)
      #expect(await fixture.call(.POST, path, [:]).status == 400)
      #expect(await fixture.call(.DELETE, path).status == 400)
      #expect(await fixture.call(.GET, "/2017-03-31/tags/orders").status == 400)
    }
  }
}
