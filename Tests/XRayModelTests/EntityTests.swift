import Testing
import XRayModel

private let traceID = TraceID("1-581cf771-a006649127e371903a2de979")!

private func read(_ text: String) throws -> Entity {
  let bytes = Array(text.utf8)
  return try Entity(document: bytes.span)
}

/// A segment with every member that the schema knows.
private func everything() -> Entity {
  var entity = Entity(
    .segment, id: EntityID(rawValue: 0x70de_5b6f_19ff_9a0a), name: "Straße \"1\"\n🎬", traceID: traceID,
    parentID: EntityID(rawValue: 0x5399_5c3f_42cd_8ad8), start: Timestamp(ticks: 14_782_933_612_712_345),
    end: Timestamp(ticks: 14_782_933_614_490_000))
  entity.namespace = "remote"
  entity.origin = "AWS::Lambda::Function"
  entity.resourceARN = "arn:aws:lambda:us-west-2:123456789012:function:example"
  entity.user = "somebody"
  (entity.isError, entity.isFault, entity.isThrottle, entity.isInferred) = (true, true, true, true)
  var request = HTTPBlock.Request(method: "GET", url: "https://example.com/")
  (request.userAgent, request.clientIP) = ("agent", "203.0.113.10")
  (request.isForwarded, request.isTraced, request.other) = (true, false, ["extra": 1])
  entity.http = HTTPBlock(request: request, response: .init(status: 200, contentLength: -1))
  entity.http?.response?.other = ["headers": ["a": "b"]]
  entity.http?.other = ["more": nil]
  var exception = CapturedException(
    id: EntityID(rawValue: 5), message: "boom", type: "E", stack: [.init(path: "a.swift", line: 7, label: nil)])
  (exception.isRemote, exception.truncated, exception.skipped) = (true, 3, 0)
  (exception.cause, exception.other) = ("0000000000000006", ["x": "y"])
  var detail = CauseDetail(workingDirectory: "/var/task", exceptions: [exception])
  (detail.paths, detail.message, detail.other) = (["/a", "/b"], "m", ["id": "0000000000000007"])
  entity.cause = .exceptions(detail)
  entity.aws = ["xray": ["sdk": "X"]]
  entity.sql = ["url": "jdbc:x", "user": nil]
  entity.service = ["version": "1"]
  entity.annotate("text", "45")
  entity.annotate("number", 45)
  entity.annotate("fraction", 0.25)
  entity.annotate("flag", true)
  entity.metadata = ["default": ["big": .number(JSONNumber(UInt64.max)), "list": [1, "two", nil]]]
  entity.links = [TraceLink(traceID: traceID, id: EntityID(rawValue: 9), attributes: ["k": "v"])]
  entity.precursorIDs = [EntityID(rawValue: 1), EntityID(rawValue: 2)]
  entity.other = ["Dummy": false]
  var call = Entity(.subsegment, id: EntityID(rawValue: 3), name: "S3", start: Timestamp(seconds: 1_478_293_361))
  call.namespace = "aws"
  call.cause = .reference("0000000000000005")
  call.subsegments = [
    Entity(.subsegment, id: EntityID(rawValue: 4), name: nil, start: entity.start, end: entity.start)
  ]
  entity.subsegments = [call]
  return entity
}

struct EntityTests {
  @Test func `an entity with every member reads back equal from its document`() throws {
    let entity = everything()
    let document = entity.document
    #expect(try Entity(document: document.span) == entity)
    #expect(try SegmentIndex(scanning: document.span).tolerated == .namelessSubsegment)
  }

  @Test func `a document is written in a fixed order without blanks or defaults`() throws {
    var entity = Entity(
      .subsegment, id: EntityID(rawValue: 10), name: "query", traceID: traceID, parentID: EntityID(rawValue: 11),
      start: Timestamp(seconds: 1.5))
    entity.isFault = true
    entity.cause = .exceptions(CauseDetail())
    entity.http = HTTPBlock()
    var child = Entity(
      .subsegment, id: EntityID(rawValue: 12), name: "inner", traceID: traceID, parentID: entity.id,
      start: Timestamp(seconds: 2.0), end: Timestamp(seconds: 3.0))
    child.annotate("k", "v")
    entity.subsegments = [child]
    #expect(
      String(decoding: entity.document, as: UTF8.self)
        == #"{"id":"000000000000000a","name":"query","start_time":1.5,"trace_id":"\#(traceID)","#
        + #""parent_id":"000000000000000b","type":"subsegment","in_progress":true,"fault":true,"http":{},"cause":{},"#
        + #""subsegments":[{"id":"000000000000000c","name":"inner","start_time":2,"end_time":3,"#
        + #""annotations":{"k":"v"}}]}"#)
  }

  @Test func `members that no schema knows survive, with the text of their numbers`() throws {
    let entity = try read(
      #"{"id":"000000000000000a","name":"n","start_time":1,"end_time":2,"trace_id":"\#(traceID)","#
        + #""traced":true,"x":{"n":1.50E+3},"namespace":5,"http":{"request":{"method":7,"y":null},"response":"none"},"#
        + #""cause":3,"user":null,"annotations":{"a":[1],"b":1e3,"c":null},"links":"x","subsegments":null}"#)
    #expect(entity.namespace == nil && entity.cause == nil && entity.user == nil && entity.links.isEmpty)
    #expect(entity.annotations.map(\.key) == ["b"])
    #expect(
      String(decoding: entity.document, as: UTF8.self).hasSuffix(
        #""end_time":2,"http":{"request":{"method":7,"y":null},"response":"none"},"annotations":{"b":1e3},"#
          + #""traced":true,"x":{"n":1.50E+3},"namespace":5,"cause":3,"links":"x"}"#))
  }

  @Test func `numbers that SDKs send as text are read as numbers`() throws {
    let entity = try read(
      #"{"id":"000000000000000a","name":"n","start_time":1,"end_time":2,"trace_id":"\#(traceID)","#
        + #""http":{"response":{"status":"404","content_length":"17"}}}"#)
    #expect(entity.http?.response == HTTPBlock.Response(status: 404, contentLength: 17))
  }

  @Test func `numbers that are not finite become null and nothing else`() throws {
    let entity = try read(
      #"{"id":"000000000000000a","name":"n","start_time":1,"end_time":2,"trace_id":"\#(traceID)","#
        + #""metadata":{"d":{"a":NaN,"b":[-Infinity,1]}}}"#)
    #expect(entity.metadata["d"]?["a"]?.number?.text == "NaN")
    let document = entity.document
    #expect(String(decoding: document, as: UTF8.self).hasSuffix(#""metadata":{"d":{"a":null,"b":[null,1]}}}"#))
    #expect(try SegmentIndex(scanning: document.span).tolerated == [])
  }

  @Test func `JSON of an entity reads without validation, but not without id and start`() throws {
    let object = try #require(
      try JSONValue(
        parsing: #"{"id":"000000000000000a","start_time":1.499473411677E9,"trace_id":"(redacted)","name":5}"#
      )
      .object)
    let entity = try #require(Entity(json: object))
    #expect(entity.traceID == nil && entity.name == nil && entity.other == [:] && entity.isInProgress)
    #expect(entity.kind == .segment && Entity(json: object, kind: .subsegment)?.kind == .subsegment)
    for key in ["id", "start_time"] {
      var incomplete = object
      incomplete[key] = nil
      #expect(Entity(json: incomplete) == nil)
    }
  }

  @Test func `an annotation that is set again keeps its place`() {
    var entity = Entity(.segment, id: EntityID(rawValue: 1), name: "n", start: Timestamp(seconds: 1))
    entity.annotate("a", 1)
    entity.annotate("b", "x")
    entity.annotate("a", true)
    #expect(entity.annotations == [Annotation(key: "a", value: true), Annotation(key: "b", value: "x")])
    #expect(entity.annotation("a") == true && entity.annotation("c") == nil)
  }

  @Test func `a complete version replaces one in progress, and nothing replaces a complete one`() {
    let running = Entity(.segment, id: EntityID(rawValue: 1), name: "n", start: Timestamp(seconds: 1))
    var complete = running
    complete.end = Timestamp(seconds: 2)
    #expect(complete.supersedes(running) && running.supersedes(running))
    #expect(!running.supersedes(complete) && !complete.supersedes(complete))
  }

  @Test func `a visit meets every entity, parents first`() {
    var names: [UInt64] = []
    everything().forEach { names.append($0.id.rawValue) }
    #expect(names == [0x70de_5b6f_19ff_9a0a, 3, 4])
  }

  @Test func `durations never run backwards, and are none while in progress`() {
    var entity = Entity(.segment, id: EntityID(rawValue: 1), name: "n", start: Timestamp(seconds: 5))
    #expect(entity.duration == nil && entity.isInProgress)
    entity.end = Timestamp(seconds: 5.25)
    #expect(entity.duration == 0.25 && !entity.isInProgress)
    entity.end = Timestamp(seconds: 4)
    #expect(entity.duration == 0)
  }

  @Test(arguments: [("aws", true), ("remote", true), ("local", false), (nil, false)] as [(String?, Bool)])
  func `calls are of the namespaces aws and remote`(namespace: String?, isCall: Bool) {
    var entity = Entity(.subsegment, id: EntityID(rawValue: 1), name: "n", start: Timestamp(seconds: 5))
    entity.namespace = namespace
    #expect(entity.isCall == isCall)
  }
}
