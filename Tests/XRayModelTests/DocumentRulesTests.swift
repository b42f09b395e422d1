import Testing
import XRayModel

/// A complete segment, member by member, so that tests can break one at a time.
private let sound: JSONObject = [
  "id": "70de5b6f19ff9a0a", "name": "example.com", "start_time": 1478293361.25,
  "trace_id": "1-581cf771-a006649127e371903a2de979", "end_time": 1478293361.5,
]

private func document(_ changes: JSONObject) -> String {
  var object = sound
  for change in changes.members { object[change.key] = change.value }
  return JSONValue.object(object).rendered()
}

private func without(_ keys: String..., adding changes: JSONObject = [:]) -> String {
  var object = sound
  for key in keys { object[key] = nil }
  for change in changes.members { object[change.key] = change.value }
  return JSONValue.object(object).rendered()
}

private func index(_ text: String) throws(SegmentRejection) -> SegmentIndex {
  let bytes = Array(text.utf8)
  return try SegmentIndex(scanning: bytes.span)
}

private func code(_ text: String) -> SegmentRejection.Code? {
  do throws(SegmentRejection) {
    _ = try index(text)
    return nil
  } catch {
    return error.code
  }
}

struct DocumentRulesTests {
  @Test(arguments: [
    ("", SegmentRejection.Code.parseError), ("[]", .parseError), ("null", .parseError), ("\"x\"", .parseError),
    ("{", .parseError),
    ("{}{}", .parseError), ("{\"a\":NaN}", .parseError), ("{\"id\":Infinity}", .parseError),
    (document(["annotations": ["a": "NaN"]]).replacing("\"NaN\"", with: "NaN"), .parseError),
    (document(["metadata": ["d": [:]], "x": "NaN"]).replacing("\"NaN\"", with: "NaN"), .parseError),
    (document(["start_time": "NaN"]).replacing("\"NaN\"", with: "NaN"), .parseError),
    (document(["type": "other"]), .unknownType), (document(["type": 5]), .unknownType),
    (document(["type": ""]), .unknownType),
    ("{}", .missingId), (without("id"), .missingId), (document(["id": nil]), .missingId),
    (document(["id": ""]), .invalidId),
    (document(["id": "70de5b6f19ff9a0"]), .invalidId), (document(["id": "70de5b6f19ff9a0aa"]), .invalidId),
    (document(["id": "70de5b6f19ff9a0g"]), .invalidId), (document(["id": 7]), .invalidId),
    (document(["id": ["x"]]), .invalidId),
    (without("name"), .missingName), (document(["name": ""]), .invalidName), (document(["name": 1]), .invalidName),
    (document(["name": .string(String(repeating: "ü", count: 201))]), .invalidName),
    (without("trace_id"), .missingTraceId), (document(["trace_id": "(redacted)"]), .invalidTraceId),
    (document(["trace_id": "581cf771a006649127e371903a2de979"]), .invalidTraceId),
    (document(["trace_id": true]), .invalidTraceId),
    (without("start_time"), .missingStartTime), (document(["start_time": "1478293361.25"]), .invalidSegment),
    (document(["start_time": -1]), .invalidSegment), (document(["start_time": 253402300800]), .invalidSegment),
    (document(["start_time": true]), .invalidSegment), (document(["end_time": "later"]), .invalidSegment),
    (document(["end_time": [1]]), .invalidSegment), (document(["in_progress": "yes"]), .invalidSegment),
    (document(["in_progress": true]), .inProgressSegmentHasEndTime),
    (
      document(["in_progress": true, "type": "subsegment", "parent_id": "53995c3f42cd8ad8"]),
      .inProgressSubsegmentHasEndTime
    ),
    (without("end_time"), .missingEndTime), (without("end_time", adding: ["in_progress": false]), .missingEndTime),
    (document(["end_time": nil]), .missingEndTime),
    (document(["type": "subsegment"]), .missingParentId),
    (document(["type": "subsegment", "parent_id": nil]), .missingParentId),
    (document(["parent_id": "short"]), .invalidParentId), (document(["parent_id": 3]), .invalidParentId),
    (document(["subsegments": [:]]), .invalidSegment), (document(["subsegments": "none"]), .invalidSegment),
    (document(["subsegments": [nil]]), .invalidSegment), (document(["subsegments": [1, [:]]]), .invalidSegment),
  ])
  func `a document that breaks a rule gets that rule's code`(text: String, expected: SegmentRejection.Code) {
    #expect(code(text) == expected)
  }

  /// Each step mends what the step before was refused for.
  @Test func `rules are checked in the service's order`() {
    var object: JSONObject = ["type": "other", "name": "", "subsegments": [1]]
    func check(_ expected: SegmentRejection.Code?, _ key: String? = nil, _ value: JSONValue? = nil) {
      if let key { object[key] = value }
      #expect(code(JSONValue.object(object).rendered()) == expected)
    }
    check(.unknownType)
    check(.missingId, "type", "subsegment")
    check(.invalidId, "id", "x")
    check(.invalidName, "id", "70de5b6f19ff9a0a")
    check(.missingName, "name", nil)
    check(.missingTraceId, "name", "example.com")
    check(.invalidTraceId, "trace_id", "1")
    check(.missingStartTime, "trace_id", "1-581cf771-a006649127e371903a2de979")
    check(.missingEndTime, "start_time", 1)
    object["end_time"] = 2
    check(.inProgressSubsegmentHasEndTime, "in_progress", true)
    check(.missingParentId, "in_progress", false)
    check(.invalidParentId, "parent_id", "x")
    check(.invalidSegment, "parent_id", "53995c3f42cd8ad8")
    check(.missingId, "subsegments", [[:]])
    check(.invalidId, "subsegments", [["id": 1]])
    check(.missingStartTime, "subsegments", [["id": "53995c3f42cd8ad8"]])
    check(.missingEndTime, "subsegments", [["id": "53995c3f42cd8ad8", "start_time": 1]])
    check(nil, "subsegments", [["id": "53995c3f42cd8ad8", "start_time": 1, "end_time": 1]])
  }

  @Test(arguments: [
    document([:]), document(["in_progress": false]), document(["in_progress": nil, "parent_id": nil, "type": nil]),
    document(["type": "segment"]), document(["id": "70DE5B6F19FF9A0A"]),
    without("end_time", adding: ["in_progress": true]),
    document(["end_time": 0]), document(["start_time": 0, "end_time": 253402300799]),
    document(["trace_id": "1-00000000-000000000000000000000000"]),
    document(["trace_id": "1-ffffffff-A006649127E371903A2DE979"]),
    // Names: any characters, 200 of them.
    document(["name": "<script>; \u{0} | ? ¿ 漢字 🎬"]),
    document(["name": .string(String(repeating: "🎬", count: 200))]),
    document(["name": "x"]).replacing("\"x\"", with: "\"\(String(repeating: "\\u0041", count: 200))\""),
    document(["subsegments": []]), document(["subsegments": nil]),
    // Descriptive members of any type.
    document([
      "http": 5, "cause": 7, "annotations": "x", "aws": [], "error": "yes", "origin": 1, "links": nil, "user": 3,
    ]),
    // Escapes where nobody writes them.
    document(["type": "subsegment", "parent_id": "53995c3f42cd8ad8"])
      .replacing("subsegment\"", with: "sub\\u0073egment\"").replacing("53995", with: "5\\u0033995")
      .replacing("start_time", with: "start\\u005ftime"),
    " \n" + document([:]) + "\r\n\t",
  ])
  func `what keeps the rules is accepted`(text: String) {
    #expect(code(text) == nil)
  }

  @Test func `the index holds what the document says`() throws {
    let text = document([
      "origin": "AWS::Lambda::Function", "parent_id": "53995c3f42cd8ad8", "error": true, "throttle": true,
      "fault": false,
      "subsegments": [
        [
          "id": "0000000000000001", "name": "a", "start_time": 1, "end_time": 2, "fault": true,
          "subsegments": [["id": "0000000000000002", "name": "b", "start_time": 1, "in_progress": true]],
        ],
        ["id": "0000000000000003", "name": "c", "start_time": 1, "end_time": 2],
      ],
    ])
    let index = try index(text)
    #expect(index.kind == .segment && index.id.description == "70de5b6f19ff9a0a")
    #expect(index.traceID.description == "1-581cf771-a006649127e371903a2de979")
    #expect(index.parentID?.description == "53995c3f42cd8ad8")
    #expect(index.start.ticks == 14_782_933_612_500_000 && index.end?.ticks == 14_782_933_615_000_000)
    #expect(!index.isInProgress && index.subsegmentCount == 3 && index.tolerated == [])
    #expect(index.outcome == [.error, .throttle])
    let bytes = Array(text.utf8)
    #expect(String(decoding: bytes[index.name], as: UTF8.self) == "example.com")
    #expect(try String(decoding: bytes[#require(index.origin)], as: UTF8.self) == "AWS::Lambda::Function")
  }

  @Test func `of repeated members the last one counts`() throws {
    let text =
      #"{"id":1,"error":true,"subsegments":[{"id":"0000000000000001","start_time":1,"end_time":1}],"subsegments":[],"#
      + document(["error": false]).dropFirst()
    let index = try index(text)
    #expect(index.id.description == "70de5b6f19ff9a0a" && index.outcome == [] && index.subsegmentCount == 0)
    let bytes = Array(text.utf8)
    let entity = try Entity(document: bytes.span)
    #expect(!entity.isError && entity.subsegments == [] && entity.other == [:])
  }

  @Test func `what a stricter reader would refuse is accepted and marked`() throws {
    let nameless: JSONValue = ["id": "0000000000000001", "start_time": 1, "end_time": 1]
    #expect(try index(document(["subsegments": [nameless]])).tolerated == .namelessSubsegment)
    let empty: JSONValue = ["id": "0000000000000001", "start_time": 1, "end_time": 1, "name": ""]
    #expect(try index(document(["subsegments": [empty]])).tolerated == .namelessSubsegment)
    let metadata = document(["metadata": ["default": ["x": "NaN"]]]).replacing("\"NaN\"", with: "[NaN,-Infinity]")
    #expect(try index(metadata).tolerated == .nonFiniteMetadata)
    let length = document(["http": ["response": ["content_length": "17"]]])
    #expect(try index(length).tolerated == .textContentLength)
    #expect(try index(document(["http": ["response": ["content_length": 17]]])).tolerated == [])
  }

  @Test func `a bad embedded subsegment refuses the document under its own id`() throws {
    let text = document([
      "subsegments": [
        [
          "id": "0000000000000001", "name": "ok", "start_time": 1, "end_time": 1,
          "subsegments": [
            ["id": "0000000000000002", "name": "bad", "start_time": 1, "in_progress": true, "end_time": 1]
          ],
        ]
      ]
    ])
    let rejection = #expect(throws: SegmentRejection.self) { try index(text) }
    #expect(rejection?.code == .inProgressSubsegmentHasEndTime && rejection?.id == "0000000000000002")
    #expect(rejection?.message == "Invalid subsegment. ErrorCode: InProgressSubsegmentHasEndTime")
  }

  @Test func `a rejection says what, where and in the service's words`() throws {
    let missing = #expect(throws: SegmentRejection.self) { try index(without("trace_id")) }
    #expect(missing?.id == "70de5b6f19ff9a0a")
    #expect(missing?.message == "Invalid segment. ErrorCode: MissingTraceId")
    let unknown = #expect(throws: SegmentRejection.self) { try index(document(["type": "x"])) }
    #expect(unknown?.message == "Invalid entity. ErrorCode: UnknownType")
    let parse = #expect(throws: SegmentRejection.self) { try index("{\"id\":}") }
    #expect(parse?.message == "Invalid segment. ErrorCode: ParseError, Cause: JSON has an unexpected byte at byte 6")
    #expect(parse?.id == nil)
    let long = #expect(throws: SegmentRejection.self) {
      try index(document(["id": .string(String(repeating: "e\u{301}", count: 5000))]))
    }
    #expect(long?.id?.unicodeScalars.count == 64)
  }

  @Test func `64 KB is accepted and one byte more is not`() throws {
    let frame = document(["metadata": ["m": ["x": ""]]])
    func padded(to count: Int) -> String {
      frame.replacing("\"x\":\"\"", with: "\"x\":\"\(String(repeating: "y", count: count - frame.utf8.count))\"")
    }
    #expect(code(padded(to: SegmentIndex.documentBytesLimit)) == nil)
    #expect(code(padded(to: SegmentIndex.documentBytesLimit + 1)) == .invalidSegment)
  }

  @Test func `the depth that is accepted is the depth that can be read again`() throws {
    func wrapped(_ levels: Int, _ open: String, _ close: String, in member: String) -> String {
      document(["x": 1]).replacing(
        "\"x\":1",
        with: "\"\(member)\":" + String(repeating: open, count: levels) + String(repeating: close, count: levels))
    }
    for member in ["other", "http", "metadata"] {
      #expect(code(wrapped(127, "[", "]", in: member)) == nil)
      #expect(code(wrapped(128, "[", "]", in: member)) == .parseError)
    }
    let response = #"{"response":"#
    for levels in 120..<135 {
      for text in [
        document(["x": 1]).replacing(
          "\"x\":1",
          with: "\"http\":" + String(repeating: response, count: levels) + "1" + String(repeating: "}", count: levels)),
        nest(levels),
      ] {
        let reads = (try? JSONValue(parsing: text)) != nil
        #expect((code(text) == nil) == reads, "\(levels)")
      }
    }
    #expect(code(nest(63)) == nil && code(nest(64)) == .parseError)
  }

  /// A document with subsegments in subsegments, `levels` deep.
  private func nest(_ levels: Int) -> String {
    var text = ""
    for level in (1...levels).reversed() {
      text = #"{"id":"00000000000000\#(10 + level % 90)","start_time":1,"end_time":1,"subsegments":[\#(text)]}"#
    }
    return document(["subsegments": nil]).replacing("\"subsegments\":null", with: "\"subsegments\":[\(text)]")
  }

  @Test func `hostile documents get an answer`() {
    // Not as arguments: the test log would print them.
    let nested = [String(repeating: "{\"subsegments\":[", count: 4000), String(repeating: "{\"http\":", count: 8000)]
    let numbers = ["1" + String(repeating: "0", count: 60_000), "0." + String(repeating: "9", count: 60_000)]
      .map { "{\"start_time\":\($0)}" }
    let exponent = "{\"start_time\":1e" + String(repeating: "9", count: 60_000) + "}"
    let escapes = "{\"name\":\"" + String(repeating: "\\u", count: 30_000)
    let repeated = "{" + String(repeating: "\"id\":1,", count: 9000) + "\"id\":2}"
    let empty = "{\"subsegments\":[" + String(repeating: "{},", count: 20_000) + "{}]}"
    #expect(nested.map(code) == [.parseError, .parseError])
    #expect(numbers.map(code) == [.missingId, .missingId] && code(exponent) == .missingId)
    #expect(code(escapes) == .parseError && code(repeated) == .invalidId && code(empty) == .missingId)
  }
}
