import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `A conversion` {
  @Test(
    arguments: [
      ["traceId": "00000000000000000000000000000000"], ["traceId": "abcd"], ["traceId": 7], ["traceId": ""],
      ["spanId": "0000000000000000"], ["spanId": "00f067aa0ba902b700"], ["spanId": .null], ["parentSpanId": "xyz"],
      ["startTimeUnixNano": 0],
    ] as [[String: JSONValue]])
  func `rejects a span that X-Ray cannot file`(members: [String: JSONValue]) throws {
    let conversion = SpanConversion(try OTLPRequest(json: Sample.json(members)))
    #expect(conversion.documents.isEmpty && conversion.rejectedSpans == 1)
    #expect(conversion.rejectionMessage.hasPrefix("1 with"))
    #expect(conversion.report.sources["unknown lib"]?.rejected.values.reduce(0, +) == 1)
  }

  @Test func `tolerates zeros for no parent, itself as its parent, and an end before the start`() throws {
    #expect(try Sample.entity(["parentSpanId": "0000000000000000"]).parentID == nil)
    #expect(try Sample.entity(["parentSpanId": "00f067aa0ba902b7"]).parentID == nil)
    let entity = try Sample.entity(["endTimeUnixNano": "1609000000000000000"])
    #expect(entity.duration == 0 && entity.metadata["otel"]?["ends_before_start"] == true)
    #expect(try Sample.entity(["endTimeUnixNano": .string(String(UInt64.max))]).end != nil)
  }

  @Test func `tells what became of each attribute`() throws {
    let json = Sample.json(
      resource: [
        "service.name": "shop", "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "go", "team": "a",
      ],
      attributes: [
        "http.method": "GET", "http.request.method": "GET", "a-b": 1, "c": 2, "d": [1], "e": .null,
        "http.status_code": "many",
      ],
      ["events": [["name": "miss"]], "droppedEventsCount": 1])
    var report = FidelityReport()
    report.merge(SpanConversion(try OTLPRequest(json: json)).report)
    report.merge(SpanConversion(try OTLPRequest(json: json)).report)
    let source = try #require(report.sources["go lib"])
    #expect(source.spans == 2)
    #expect(source.keys["http.method"] == [.mapped(to: "http.request.method"): 2])
    #expect(source.keys["http.request.method"] == [.mapped(to: "http.request.method"): 2])
    #expect(source.keys["a-b"] == [.renamedAnnotation: 2] && source.keys["c"] == [.annotation: 2])
    #expect(source.keys["d"] == [.metadata: 2] && source.keys["e"] == [.dropped("no value"): 2])
    #expect(source.keys["http.status_code"] == [.annotation: 2])
    #expect(source.keys["resource:service.name"] == [.mapped(to: "name"): 2])
    #expect(source.keys["resource:team"] == [.metadata: 2] && source.keys["event:miss"] == [.metadata: 2])
    #expect(source.keys["(dropped_events)"] == [.dropped("left out by the sender or beyond limits"): 2])
    var writer = JSONWriter()
    report.write(to: &writer)
    let keys = try JSONValue(parsing: writer.text)["sources"]?[0]?["keys"]?.array ?? []
    #expect(keys.contains(["key": "a-b", "renamed": 2]))
    #expect(keys.contains(["key": "http.method", "mapped": ["http.request.method": 2]]))
    #expect(keys.contains(["key": "e", "dropped": ["no value": 2]]))
    #expect(report.text.hasPrefix("go lib: 2 spans\n"))
    #expect(report.text.contains("-> http.request.method"))
  }

  @Test func `reports in bounded size`() throws {
    var report = FidelityReport()
    for index in 0..<100 {
      let attributes = Dictionary(
        uniqueKeysWithValues: (0..<90).map {
          ("key \(index) \($0) \(String(repeating: "k", count: 200))", JSONValue.bool(true))
        })
      let json = Sample.json(resource: ["telemetry.sdk.language": .string("l\(index % 70)")], attributes: attributes)
      report.merge(SpanConversion(try OTLPRequest(json: json)).report)
    }
    #expect(report.sources.count == FidelityReport.sourcesLimit + 1)
    var one = FidelityReport.Source()
    for index in 0..<2_000 { one.count("k\(index)", .mapped(to: "m\(index)")) }
    #expect(one.keys.count == FidelityReport.keysLimit + 1)
    #expect(one.keys[FidelityReport.others] == [.mapped(to: FidelityReport.others): 1_500])
    #expect(report.sources.values.allSatisfy { $0.keys.keys.allSatisfy { $0.count <= 128 } })
  }

  @Test func `makes no more bytes than it may`() throws {
    let request = try OTLPRequest(json: Sample.json())
    let bytes = SpanConversion(request).documents.bytes.count
    #expect(SpanConversion(request, options: IntakeOptions(documentBytes: bytes)).documents.count == 1)
    let conversion = SpanConversion(request, options: IntakeOptions(documentBytes: bytes - 1))
    #expect(conversion.documents.isEmpty && conversion.rejectedSpans == 1)
  }

  @Test func `takes a resource once for each segment`() throws {
    let conversion = SpanConversion(try OTLPRequest(json: Sample.json(kind: 1, ["parentSpanId": "1111111111111111"])))
    #expect(conversion.report.sources["unknown lib"]?.keys["resource:service.name"] == nil)
  }
}

@Suite struct `An OTLP answer` {
  @Test func `says nothing when all is well`() {
    #expect(OTLPResponse.success(.protobuf) == [])
    #expect(OTLPResponse.success(.json) == Array("{}".utf8))
  }

  @Test func `tells how many spans were rejected`() {
    #expect(
      OTLPResponse.success(rejectedSpans: 300, message: "bad", .protobuf)
        == Wire().message(1, Wire().number(1, 300).text(2, "bad")).bytes)
    #expect(
      OTLPResponse.success(rejectedSpans: 300, message: "bad", .json)
        == Array(#"{"partialSuccess":{"rejectedSpans":"300","errorMessage":"bad"}}"#.utf8))
  }

  @Test func `of an error is a status`() {
    #expect(OTLPResponse.failure(code: 3, message: "bad", .protobuf) == Wire().number(1, 3).text(2, "bad").bytes)
    #expect(OTLPResponse.failure(code: 3, message: "bad", .json) == Array(#"{"code":3,"message":"bad"}"#.utf8))
  }

  @Test(arguments: [
    ("application/x-protobuf", OTLPEncoding.protobuf), ("Application/JSON; charset=utf-8", .json), ("text/plain", nil),
    ("", nil),
  ])
  func `has the encoding of the request`(contentType: String, encoding: OTLPEncoding?) {
    #expect(OTLPEncoding(contentType: contentType) == encoding)
  }
}
