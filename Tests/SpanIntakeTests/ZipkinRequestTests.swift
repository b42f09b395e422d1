import Testing
import XRayModel

@testable import SpanIntake

@Suite struct `A Zipkin request` {
  private func entities(_ json: String) throws -> [Entity] {
    try SpanConversion(try ZipkinRequest(json: Array(json.utf8))).documents.entities
  }

  @Test func `makes segments and calls`() throws {
    let entities = try entities(
      """
      [{"traceId":"5fe5e0c1a006649127e371903a2de979","id":"0000000000000001","kind":"SERVER","name":"get /carts",
        "timestamp":1609000000123456,"duration":100000,"localEndpoint":{"serviceName":"shop","ipv4":"10.0.0.1"},
        "remoteEndpoint":{"ipv4":"1.2.3.4","port":5},"tags":{"http.method":"GET","http.path":"/carts",
        "http.status_code":"503","error":"no stock","tenant":"t1"},
        "annotations":[{"timestamp":1609000000123999,"value":"miss"}]},
       {"traceId":"5fe5e0c1a006649127e371903a2de979","id":"0000000000000002","parentId":"0000000000000001",
        "kind":"CLIENT","name":"select","timestamp":1609000000123500,"duration":10,
        "localEndpoint":{"serviceName":"shop","ipv4":"10.0.0.1"},"remoteEndpoint":{"serviceName":"carts_db"},
        "tags":{"sql.query":"SELECT 1"}}]
      """)
    #expect(entities.count == 2)
    let segment = entities[0]
    #expect(segment.name == "shop" && segment.kind == .segment && segment.isFault)
    #expect(segment.start.description == "1609000000.123456" && segment.end?.description == "1609000000.223456")
    #expect(segment.http?.request?.method == "GET" && segment.http?.request?.url == "/carts")
    #expect(segment.http?.request?.clientIP == "1.2.3.4" && segment.http?.response?.status == 503)
    #expect(segment.annotation("tenant") == "t1")
    #expect(segment.metadata["otel"]?["events"]?[0]?["name"] == "miss")
    let call = entities[1]
    #expect(call.name == "carts_db" && call.namespace == "remote" && call.parentID == segment.id)
    #expect(call.sql["sanitized_query"] == "SELECT 1")
  }

  @Test(arguments: [
    ("ef86c83c0a05a6d6", "1-00000000-00000000ef86c83c0a05a6d6"),
    ("EF86C83C0A05A6D6", "1-00000000-00000000ef86c83c0a05a6d6"),
    ("5fe5e0c1a006649127e371903a2de979", "1-5fe5e0c1-a006649127e371903a2de979"),
  ])
  func `has trace ids of 64 or 128 bits`(id: String, traceID: String) throws {
    let entities = try entities(#"[{"traceId":"\#(id)","id":"0000000000000001","timestamp":1609000000123456}]"#)
    #expect(entities.first?.traceID?.description == traceID)
    #expect(entities.first?.isInProgress == true)
  }

  @Test func `gives a server that shares its caller's id one of its own`() throws {
    let entities = try entities(
      """
      [{"traceId":"a000000000000001","id":"000000000000000a","kind":"CLIENT","timestamp":10,"duration":9,
        "parentId":"0000000000000001",
        "localEndpoint":{"serviceName":"front"},"remoteEndpoint":{"serviceName":"back"}},
       {"traceId":"a000000000000001","id":"000000000000000a","kind":"SERVER","shared":true,"timestamp":11,"duration":5,
        "localEndpoint":{"serviceName":"back"}},
       {"traceId":"a000000000000001","id":"000000000000000b","parentId":"000000000000000a","timestamp":12,"duration":1,
        "localEndpoint":{"serviceName":"back"}}]
      """)
    #expect(entities.count == 3)
    let server = try #require(entities.first { $0.kind == .segment })
    #expect(server.name == "back" && server.parentID == EntityID("000000000000000a") && server.id != server.parentID)
    #expect(entities.first { $0.id == EntityID("000000000000000b") }?.parentID == server.id)
  }

  @Test func `counts spans without ids or a timestamp`() throws {
    let json = """
      [{"id":"0000000000000001","timestamp":1},{"traceId":"1","timestamp":1},{"traceId":"1","id":"2"},
       {"traceId":"x","id":"2","timestamp":1},{"traceId":"0","id":"2","timestamp":1},
       {"traceId":"1","id":"2","timestamp":1},
       {"traceId":"1","id":"2","parentId":"xyz","timestamp":1}]
      """
    let conversion = SpanConversion(try ZipkinRequest(json: Array(json.utf8)))
    #expect(conversion.documents.count == 1)
    #expect(
      conversion.rejections == [
        "without a valid trace id": 3, "without a valid span id": 1, "without a start": 1,
        "with an invalid parent id": 1,
      ])
    #expect(conversion.rejectedSpans == 6)
    #expect(conversion.report.sources["zipkin"]?.spans == 7)
  }

  @Test func `must be an array of objects within the limits`() {
    #expect(throws: IntakeError.self) { try ZipkinRequest(json: Array("{}".utf8)) }
    #expect(throws: IntakeError.self) { try ZipkinRequest(json: Array("[1]".utf8)) }
    let error = #expect(throws: IntakeError.self) {
      try ZipkinRequest(json: Array("[{},{}]".utf8), limits: IntakeLimits(spans: 1))
    }
    #expect(error?.reason == .tooLarge)
  }
}
