import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `An OTLP request` {
  /// A span with everything in it.
  static let protobuf: [UInt8] = {
    let value = Wire().message(
      5, Wire().message(1, Wire().text(1, "a")).message(1, Wire().number(3, UInt64(bitPattern: -2))))
    let pairs = Wire().message(6, Wire().attribute(1, "inner", Wire().number(2, 1)))
    let event = Wire().fixed64(1, Sample.start).text(2, "cache miss").attribute(3, "key", "k1").number(4, 2)
    let link = Wire().data(1, hex("5fe5e0c1bbbbbbbbbbbbbbbbbbbbbbbb")).data(2, hex("2222222222222222"))
      .text(3, "a=b").attribute(4, "reason", "batch").fixed32(6, 0x100)
    let span = Wire().data(1, hex(Sample.traceID)).data(2, hex("00f067aa0ba902b7")).text(3, "vendor=1")
      .data(4, hex("1111111111111111")).text(5, "GET /carts").number(6, 2)
      .fixed64(7, Sample.start).fixed64(8, Sample.end)
      .attribute(9, "http.request.method", "GET").attribute(9, "list", value).attribute(9, "map", pairs)
      .attribute(9, "ratio", Wire().fixed64(4, (0.25).bitPattern)).attribute(
        9, "bytes", Wire().data(7, [1, 2, 255, 0])
      )
      .number(10, 3).message(11, event).number(12, 1).message(13, link).number(14, 4)
      .message(15, Wire().text(2, "bad").number(3, 2)).fixed32(16, 0x301)
      .text(99, "from the future").group(98, Wire().number(1, 5).group(2, Wire()))
    let scope = Wire().message(1, Wire().text(1, "lib").text(2, "1.2")).message(2, span).text(3, "schema")
    let resource = Wire().message(1, Wire().attribute(1, "service.name", "shop").number(2, 0)).message(2, scope)
    return Wire().message(1, resource).bytes
  }()

  static let json = """
    {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],
    "droppedAttributesCount":0},"scopeSpans":[{"scope":{"name":"lib","version":"1.2"},"schemaUrl":"schema","spans":[{
    "traceId":"5FE5E0C1A006649127E371903A2DE979","spanId":"00F067AA0BA902B7","traceState":"vendor=1",
    "parentSpanId":"1111111111111111","name":"GET /carts","kind":"SPAN_KIND_SERVER",
    "startTimeUnixNano":1609000000123456700,"endTimeUnixNano":"1609000000223456700","attributes":[
    {"key":"http.request.method","value":{"stringValue":"GET"}},
    {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"-2"}]}}},
    {"key":"map","value":{"kvlistValue":{"values":[{"key":"inner","value":{"boolValue":true}}]}}},
    {"key":"ratio","value":{"doubleValue":0.25}},{"key":"bytes","value":{"bytesValue":"AQL/AA=="}}],
    "droppedAttributesCount":3,"events":[{"timeUnixNano":"1609000000123456700","name":"cache miss",
    "attributes":[{"key":"key","value":{"stringValue":"k1"}}],"droppedAttributesCount":2}],"droppedEventsCount":1,
    "links":[{"traceId":"5fe5e0c1bbbbbbbbbbbbbbbbbbbbbbbb","spanId":"2222222222222222","traceState":"a=b",
    "attributes":[{"key":"reason","value":{"stringValue":"batch"}}],"flags":256}],"droppedLinksCount":4,
    "status":{"message":"bad","code":"STATUS_CODE_ERROR"},"flags":769,"fromTheFuture":{"a":[1]}}]}]}]}
    """

  @Test func `says the same in protobuf and in JSON`() throws {
    let protobuf = try OTLPRequest(protobuf: Self.protobuf)
    let json = try OTLPRequest(json: Array(Self.json.utf8))
    #expect(protobuf.spanCount == 1)
    #expect(protobuf.resources == json.resources)
  }

  @Test func `is read whole`() throws {
    let request = try OTLPRequest(protobuf: Self.protobuf)
    let scope = try #require(request.resources.first?.scopes.first)
    let span = try #require(scope.spans.first)
    #expect(scope.library.name == "lib" && scope.library.version == "1.2")
    #expect(span.traceID.value == TraceID(w3c: Sample.traceID))
    #expect(span.id.value == EntityID("00f067aa0ba902b7"))
    #expect(span.parentID.value == EntityID("1111111111111111"))
    #expect(span.kind == .server && span.isParentRemote == true)
    #expect(span.start == Sample.start && span.end == Sample.end)
    #expect(span.attributes.items.map(\.key) == ["http.request.method", "list", "map", "ratio", "bytes"])
    #expect(span.attributes.items.map(\.value) == ["GET", ["a", -2], ["inner": true], 0.25, "AQL/AA=="])
    #expect(span.attributes.dropped == 3 && span.droppedEvents == 1 && span.droppedLinks == 4)
    #expect(span.status == SpanStatus(code: .error, message: "bad"))
    #expect(span.events.first?.attributes.dropped == 2)
    #expect(span.links.first?.traceState == "a=b")
  }

  @Test func `of older senders has libraries for scopes`() throws {
    let json = """
      {"resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"old"},"spans":[{}]}]}]}
      """
    let request = try OTLPRequest(json: Array(json.utf8))
    #expect(request.resources.first?.scopes.first?.library.name == "old")
    #expect(request.spanCount == 1)
  }

  @Test func `may be empty`() throws {
    #expect(try OTLPRequest(protobuf: []).spanCount == 0)
    #expect(try OTLPRequest(json: Array("{}".utf8)).spanCount == 0)
  }

  @Test(arguments: [
    ("{", "byte 1"), ("[]", "request"), (#"{"resourceSpans":{}}"#, "resourceSpans"),
    (#"{"resourceSpans":[1]}"#, "resourceSpans[0]"),
    (#"{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}"#, "resourceSpans[0].scopeSpans[0].spans[0]"),
    (
      #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}"#,
      "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano"
    ),
    (
      #"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"intValue":"x"}}]}}]}"#,
      "resourceSpans[0].resource.attributes[0]"
    ),
  ])
  func `that is malformed JSON says where`(json: String, place: String) {
    let error = #expect(throws: IntakeError.self) { try OTLPRequest(json: Array(json.utf8)) }
    #expect(error?.place == place)
    #expect(error?.reason == .malformed)
  }

  @Test(
    arguments: [
      [0x0A], [0x0A, 0x05, 0x01], [0x08], [0x07, 0x00], [0x00],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x0B], [0x0B, 0x14], [0x08, 0x01],
    ] as [[UInt8]])
  func `that is malformed protobuf is an error`(bytes: [UInt8]) {
    let error = #expect(throws: IntakeError.self) { try OTLPRequest(protobuf: bytes) }
    #expect(error?.reason == .malformed)
  }

  @Test func `has no more bytes and spans than the limits allow`() throws {
    var scope = Wire()
    for _ in 0..<5 { scope = scope.message(2, Wire()) }
    let bytes = Wire().message(1, Wire().message(2, scope)).bytes
    #expect(try OTLPRequest(protobuf: bytes, limits: IntakeLimits(spans: 5)).spanCount == 5)
    #expect(throws: IntakeError(.tooLarge, "more than 4 spans", at: "request")) {
      try OTLPRequest(protobuf: bytes, limits: IntakeLimits(spans: 4))
    }
    let json = Array(#"{"resourceSpans":[{"scopeSpans":[{"spans":[{},{},{},{},{}]}]}]}"#.utf8)
    #expect(throws: IntakeError(.tooLarge, "more than 4 spans", at: "request")) {
      try OTLPRequest(json: json, limits: IntakeLimits(spans: 4))
    }
    let tooMany = IntakeError(.tooLarge, "\(bytes.count) bytes, more than 3", at: "request")
    #expect(throws: tooMany) { try OTLPRequest(protobuf: bytes, limits: IntakeLimits(bytes: 3)) }
  }

  @Test func `counts attributes beyond the limit`() throws {
    let attributes = Dictionary(uniqueKeysWithValues: (0..<8).map { ("key\($0)", JSONValue.bool(true)) })
    let request = try OTLPRequest(json: Sample.json(attributes: attributes), limits: IntakeLimits(attributes: 5))
    let span = try #require(request.resources.first?.scopes.first?.spans.first)
    #expect(span.attributes.items.count == 5 && span.attributes.dropped == 3)
  }

  @Test func `nests values only so deep`() throws {
    var json: JSONValue = "x"
    var wire = Wire().text(1, "x")
    for _ in 0..<31 {
      json = [json]
      wire = Wire().message(5, Wire().message(1, wire))
    }
    func protobuf(_ value: Wire) -> [UInt8] {
      Wire().message(1, Wire().message(1, Wire().attribute(1, "deep", value))).bytes
    }
    _ = try OTLPRequest(json: Sample.json(attributes: ["deep": json], [:]))
    _ = try OTLPRequest(protobuf: protobuf(wire))
    #expect(throws: IntakeError.self) { try OTLPRequest(json: Sample.json(attributes: ["deep": [json]])) }
    let error = #expect(throws: IntakeError.self) {
      try OTLPRequest(protobuf: protobuf(Wire().message(5, Wire().message(1, wire))))
    }
    #expect(error?.reason == .tooDeep)
    var group = Wire()
    for _ in 0..<40 { group = Wire().group(9, group) }
    let deep = #expect(throws: IntakeError.self) { try OTLPRequest(protobuf: group.bytes) }
    #expect(deep?.reason == .tooDeep)
  }
}
