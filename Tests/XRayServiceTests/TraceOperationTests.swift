import Testing
import XRayModel

@testable import XRayService

@Suite struct `Putting and getting traces` {
  @Test func `gives back what was put, by either form of its id`() async throws {
    let test = try TestService()
    try await test.put([TestSegment(number: 1, age: 60), TestSegment(number: 2, name: "orders", age: 60, calledBy: 1)])
    let id = TestSegment.traceID(1)
    let w3c = try #require(TraceID(id)).w3c
    for form in [id, w3c, id.uppercased()] {
      let answer = try await test.result("/Traces", ["TraceIds": [.string(form)]])
      let trace = try #require(answer["Traces"]?[0])
      #expect(trace["Id"] == .string(id))
      #expect(trace["Duration"]?.number?.double == 0.5)
      #expect(trace["LimitExceeded"] == false)
      let documents = try #require(trace["Segments"]?.array).map {
        try JSONValue(parsing: $0["Document"]?.string ?? "")
      }
      #expect(Set(documents.compactMap { $0["name"]?.string }) == ["shop", "orders"])
      #expect(answer["UnprocessedTraceIds"] == [])
    }
  }

  @Test func `names the ids that it does not know, in the order asked`() async throws {
    let test = try TestService()
    try await test.put([TestSegment(number: 2, age: 60)])
    let ids = [3, 2, 1].map { JSONValue.string(TestSegment.traceID($0)) }
    let answer = try await test.result("/Traces", ["TraceIds": .array(ids)])
    #expect(answer["Traces"]?.array?.count == 1)
    #expect(answer["UnprocessedTraceIds"] == .array([ids[0], ids[2]]))
  }

  @Test(arguments: [
    ([1, 2, 3, 4, 5, 6], "Exceeding maximum query size: 5"), ([1, 1], "Containing duplicate trace ids"),
  ])
  func `refuses too many ids and the same id twice`(numbers: [Int], message: String) async throws {
    let test = try TestService()
    let ids = numbers.map { JSONValue.string(TestSegment.traceID($0)) }
    let failure = try await test.failure("/Traces", ["TraceIds": .array(ids)])
    #expect(failure.type == "InvalidRequestException")
    #expect(failure.message == message)
  }

  @Test(arguments: [
    JSONValue.object([:]), ["TraceIds": .null], ["TraceIds": "x"], ["TraceIds": [1]], ["TraceIds": [""]],
    ["TraceIds": ["1-5-5"]], ["TraceIds": ["1-58406520-a006649127e371903a2de979"], "NextToken": "x"],
  ])
  func `refuses what is no list of ids`(body: JSONValue) async throws {
    let test = try TestService()
    let failure = try await test.failure("/Traces", body)
    #expect(["InvalidRequestException", "SerializationException"].contains(failure.type))
    #expect(!failure.message.isEmpty)
  }

  @Test func `answers for each refused document, and stores the others`() async throws {
    let test = try TestService()
    var unnamed = try #require(TestSegment(number: 2, age: 60).json.object)
    unnamed["name"] = nil
    let documents = [TestSegment(number: 1, age: 60).json.rendered(), JSONValue.object(unnamed).rendered(), "nonsense"]
    let answer = try await test.result(
      "/TraceSegments", ["TraceSegmentDocuments": .array(documents.map { .string($0) }), "Unknown": [1, "x"]])
    let refused = try #require(answer["UnprocessedTraceSegments"]?.array)
    #expect(refused.map { $0["ErrorCode"]?.string } == ["MissingName", "ParseError"])
    #expect(refused[0]["Id"]?.string == TestSegment.id(2))
    #expect(refused[1]["Id"] == nil)
    #expect(try await test.store.statistics().documents == 1)
  }

  @Test(arguments: [
    (#"{"TraceSegmentDocuments": []}"#, "InvalidRequestException"), ("{}", "InvalidRequestException"),
    ("", "SerializationException"), (#"{"TraceSegmentDocuments": null}"#, "InvalidRequestException"),
    (#"{"TraceSegmentDocuments": "x"}"#, "SerializationException"),
    (#"{"TraceSegmentDocuments": ["{}", 1]}"#, "SerializationException"), ("[]", "SerializationException"),
    (#"{"TraceSegmentDocuments": ["{}"]"#, "SerializationException"),
    (#"{"TraceSegmentDocuments": ["\ud8"]}"#, "SerializationException"),
  ])
  func `refuses a body without a list of documents, whole`(body: String, type: String) async throws {
    let test = try TestService()
    let response = await test.service.answer(path: "/TraceSegments", body: Array(body.utf8))
    #expect(response.status == 400)
    #expect(response.errorType == type)
    #expect(try await test.store.statistics().documents == 0)
  }

  @Test func `takes documents with every escape`() async throws {
    let test = try TestService()
    var segment = TestSegment(number: 1, age: 60)
    segment.annotations = ["text": "a\"b\\c/d\u{8}\u{C}\n\r\t\u{1}é😀\u{2028}"]
    try await test.put([segment])
    let answer = try await test.result("/TraceSummaries", ["StartTime": .time(-100), "EndTime": .time(0)])
    let value = answer["TraceSummaries"]?[0]?["Annotations"]?["text"]?[0]?["AnnotationValue"]?["StringValue"]
    #expect(value == segment.annotations["text"])
  }
}

@Suite struct `Graphs` {
  @Test func `of a trace, a range and a group`() async throws {
    let test = try TestService()
    try await test.put([
      TestSegment(number: 1, age: 60, fault: true), TestSegment(number: 2, name: "orders", age: 60, calledBy: 1),
      TestSegment(number: 3, name: "other", age: 50),
    ])
    _ = try await test.result("/CreateGroup", ["GroupName": "failing", "FilterExpression": "fault"])

    let ofTrace = try await test.result("/TraceGraph", ["TraceIds": [.string(TestSegment.traceID(1))]])
    let names = { (graph: JSONValue) in Set(graph["Services"]?.array?.compactMap { $0["Name"]?.string } ?? []) }
    #expect(names(ofTrace) == ["shop", "orders"])
    #expect(ofTrace["Services"]?[0]?["StartTime"] == nil)

    let range: JSONObject = ["StartTime": .time(-600), "EndTime": .time(0)]
    let whole = try await test.result("/ServiceGraph", .object(range))
    #expect(names(whole) == ["shop", "orders", "other"])
    #expect(whole["ContainsOldGroupVersions"] == false)
    let shop = whole["Services"]?.array?.first { $0["Name"] == "shop" && $0["Type"]?.string != "client" }
    #expect(shop?["SummaryStatistics"]?["FaultStatistics"]?["TotalCount"] == 1)

    var ofGroup = range
    ofGroup["GroupName"] = "failing"
    #expect(names(try await test.result("/ServiceGraph", .object(ofGroup))) == ["shop", "orders"])
  }

  @Test(
    arguments: [
      (["StartTime": .time(0), "EndTime": .time(-1)], "End time cannot be earlier than start time"),
      (["StartTime": .time(-6 * 3600 - 1), "EndTime": .time(0)], "Time range cannot be longer than 6 hours"),
      (["StartTime": .time(-1), "EndTime": .time(0), "GroupName": "none"], "Group not found."),
      (["StartTime": .time(-1), "EndTime": .time(0), "NextToken": "x"], "NextToken is currently not supported"),
    ] as [(JSONValue, String)])
  func `refuse ranges and groups that are none`(body: JSONValue, message: String) async throws {
    let test = try TestService()
    #expect(try await test.failure("/ServiceGraph", body).message == message)
  }

  @Test func `of unknown traces there are none`() async throws {
    let test = try TestService()
    #expect(try await test.failure("/TraceGraph", ["TraceIds": []]).message == "Zero trace ids provided")
    let unknown = try await test.failure("/TraceGraph", ["TraceIds": [.string(TestSegment.traceID(9))]])
    #expect(unknown.message == "Trace id not found")
  }
}
