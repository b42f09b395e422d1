import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `What has no place in a document` {
  @Test func `is an annotation when X-Ray can index it, else metadata`() throws {
    let entity = try Sample.entity(attributes: [
      "cart.size": 3, "vip": true, "tenant-id": "t", "ratio": 0.5, "tags": ["a"],
      "note": .string(String(repeating: "n", count: 1_001)),
      "nothing": .null,
    ])
    #expect(entity.annotation("cart.size") == 3 && entity.annotation("vip") == true)
    #expect(entity.annotation("tenant_id") == "t" && entity.annotation("ratio") == 0.5)
    #expect(entity.annotations.count == 4)
    #expect(entity.metadata["default"]?["tags"] == ["a"])
    #expect(entity.metadata["default"]?["note"]?.string?.count == 1_001)
    #expect(entity.metadata["default"]?["nothing"] == nil)
  }

  @Test func `is metadata beyond 50 annotations and for keys that would collide`() throws {
    var attributes = Dictionary(uniqueKeysWithValues: (10..<70).map { ("k\($0)", JSONValue.number(JSONNumber($0))) })
    let entity = try Sample.entity(attributes: attributes)
    #expect(entity.annotations.count == 50)
    #expect(entity.metadata["default"]?.object?.members.count == 10)
    attributes = ["a-b": 1, "a b": 2]
    let colliding = try Sample.entity(attributes: attributes)
    #expect(colliding.annotations.count == 1 && colliding.metadata["default"]?.object?.members.count == 1)
  }

  @Test func `is indexed as its sender lists it`() throws {
    let entity = try Sample.entity(attributes: [
      "aws.xray.annotations": ["b", "http.request.method"], "a": 1, "b": 2, "http.request.method": "GET",
    ])
    #expect(Set(entity.annotations.map(\.key)) == ["b", "http.request.method"])
    #expect(entity.metadata["default"] == ["a": 1])
    #expect(entity.http?.request?.method == "GET")
  }

  @Test func `is indexed as the options say`() throws {
    let json = Sample.json(attributes: ["a": 1, "b": 2])
    let none = try Sample.entity(json, options: IntakeOptions(indexesAllAttributes: false))
    #expect(none.annotations.isEmpty && none.metadata["default"] == ["a": 1, "b": 2])
    let some = try Sample.entity(json, options: IntakeOptions(indexesAllAttributes: false, indexedAttributes: ["b"]))
    #expect(some.annotations.map(\.key) == ["b"])
  }

  @Test func `goes into the namespace that the sender names`() throws {
    let entity = try Sample.entity(attributes: [
      "aws.xray.metadata.billing": #"{"sum": 7}"#, "aws.xray.metadata.default": #"{"x": 1}"#,
      "aws.xray.metadata.odd": "no JSON",
    ])
    #expect(entity.metadata["billing"] == ["sum": 7])
    #expect(entity.metadata["default"]?["x"] == 1)
    #expect(entity.annotation("aws.xray.metadata.odd") == "no JSON")
  }

  @Test func `includes the span's name, its library, its state and its events`() throws {
    let entity = try Sample.entity([
      "traceState": "a=b", "status": ["code": 1],
      "events": [["name": "miss", "timeUnixNano": "1609000000123456700", "attributes": Sample.keyValues(["k": 1])]],
      "droppedAttributesCount": 2,
    ])
    #expect(
      entity.metadata["otel"] == [
        "span_name": "GET /carts", "scope": "lib", "scope_version": "1.2", "trace_state": "a=b", "status": "OK",
        "events": [
          [
            "name": "miss", "time": .number(JSONNumber(Timestamp(ticks: 16_090_000_001_234_567))),
            "attributes": ["k": 1],
          ]
        ],
        "dropped_attributes": 2,
      ])
    #expect(try Sample.entity(kind: 5).metadata["otel"]?["kind"] == "CONSUMER")
  }

  @Test func `numbers that JSON cannot hold are kept as text`() throws {
    let json =
      #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"\#(Sample.traceID)","spanId":"00f067aa0ba902b7","#
      + #""startTimeUnixNano":"1","attributes":[{"key":"x","value":{"doubleValue":"NaN"}}]}]}]}]}"#
    #expect(try Sample.entity(Array(json.utf8)).metadata["default"] == ["x": "NaN"])
  }

  @Test func `is dropped visibly where a document would be too large`() throws {
    let long = String(repeating: "x", count: 70_000)
    let conversion = SpanConversion(
      try OTLPRequest(json: Sample.json(attributes: ["long": .string(long), "short": 1])))
    let entity = try #require(try conversion.documents.entities.first)
    #expect(entity.annotation("short") == 1)
    #expect(entity.metadata["otel"]?["shortened"] == ["metadata"])
    #expect(entity.metadata["otel"]?["document_bytes"]?.number?.integer ?? 0 > 70_000)
    #expect(conversion.report.sources["unknown lib"]?.shortened == 1)
    #expect(conversion.report.sources["unknown lib"]?.keys["long"] == [.dropped("document over 64 KB"): 1])
  }

  @Test func `never makes a document over 64 KB`() throws {
    let long = JSONValue.string(String(repeating: "x\u{1}", count: 12_000))
    let attributes: [String: JSONValue] = [
      "http.url": long, "http.method": long, "http.user_agent": long, "http.client_ip": long, "enduser.id": long,
      "db.system": "mysql", "db.statement": long, "db.user": long, "db.name": long, "aws.request_id": long,
      "aws.retries": [long, long],
    ]
    let trace: [String: JSONValue] = ["exception.type": long, "exception.message": long, "exception.stacktrace": long]
    let event: JSONValue = ["name": "exception", "attributes": Sample.keyValues(trace)]
    let link: JSONValue = ["traceId": .string(Sample.traceID), "attributes": Sample.keyValues(["x": long])]
    let conversion = SpanConversion(
      try OTLPRequest(
        json: Sample.json(
          resource: [
            "service.name": long, "service.version": long, "aws.xray.origin": long,
            "cloud.resource_id": "arn:\(String(repeating: "y", count: 70_000))",
          ],
          kind: 3, attributes: attributes,
          [
            "events": .array(Array(repeating: event, count: 3)), "links": .array(Array(repeating: link, count: 3)),
            "name": long,
          ])))
    #expect(conversion.documents.count == 1)
    let entity = try #require(try conversion.documents.entities.first)
    #expect(entity.subsegments.count == 1)
  }

  @Test func `never makes a document that readers find too deep`() throws {
    let deep = String(repeating: "[", count: 120) + String(repeating: "]", count: 120)
    let entity = try Sample.entity(attributes: ["aws.xray.metadata.deep": .string("{\"x\": \(deep)}")])
    #expect(entity.metadata["deep"] == nil && entity.annotations.count == 1)
    let json =
      #"[{"traceId":"1","id":"2","timestamp":1,"tags":{"x":\#(deep),"error":\#(deep)},"#
      + #""localEndpoint":{"serviceName":\#(deep)}}]"#
    #expect(try SpanConversion(try ZipkinRequest(json: Array(json.utf8))).documents.entities.count == 1)
  }

  @Test func `of a resource is held small, for every segment repeats it`() throws {
    let attributes = Dictionary(uniqueKeysWithValues: (0..<900).map { ("key\($0)", JSONValue.string("some text")) })
    let conversion = SpanConversion(try OTLPRequest(json: Sample.json(resource: attributes)))
    let entity = try #require(try conversion.documents.entities.first)
    #expect(entity.metadata["otel.resource"]?["shortened"] == true)
    #expect(
      conversion.report.sources["unknown lib"]?.keys["resource:key0"] == [.dropped("metadata over 8192 bytes"): 1])
  }
}
