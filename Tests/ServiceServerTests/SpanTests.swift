import NIOHTTP1
import Testing
import XRayHTTP
import XRayModel

extension ServiceServerTests {
  struct Spans {
    private static let trace = RandomSource().traceID(at: SystemClock().now)
    private static let hex = trace.description.dropFirst(2).filter { $0 != "-" }

    /// One good span and one without an id.
    private static var otlp: String {
      let nanoseconds = SystemClock().now.wholeSeconds * 1_000_000_000
      return """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
        "scopeSpans":[{"scope":{"name":"test"},"spans":[
        {"traceId":"\(hex)","spanId":"53995c3f42cd8ad8","name":"GET /","kind":2,
        "startTimeUnixNano":"\(nanoseconds)","endTimeUnixNano":"\(nanoseconds + 1000)"},
        {"traceId":"\(hex)","spanId":"00","name":"bad","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}
        """
    }

    @Test func `OTLP spans become traces, and the answer tells which were rejected`() async throws {
      try await withService { service in
        let answer = try await service.post(
          "/v1/traces", gzip(Array(Self.otlp.utf8)),
          headers: ["Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"])
        #expect(answer.status == 200)
        #expect(answer.headers["Content-Type"] == ["application/json"])
        #expect(try answer.json()["partialSuccess"]?["rejectedSpans"] == "1")
        #expect(try await service.store.statistics().documents == 1)
        #expect(try await service.post("/Traces", #"{"TraceIds":["\#(Self.trace)"]}"#).text.contains("\(Self.trace)"))
        let fidelity = try await service.get("/fidelity")
        #expect(try fidelity.json()["sources"]?.array?.count == 1)
        let text = try await service.get("/fidelity", headers: ["Accept": "text/plain"])
        #expect(text.text.contains("2 spans"))
        let metrics = try await service.get("/metrics").text
        #expect(metrics.contains(#"fluoro_spans_total{protocol="otlp",outcome="taken"} 1"#))
        #expect(metrics.contains(#"fluoro_spans_total{protocol="otlp",outcome="rejected"} 1"#))
      }
    }

    @Test func `OTLP that cannot be read is answered in its own form`() async throws {
      try await withService { service in
        let json = try await service.post("/v1/traces", "[", headers: ["Content-Type": "application/json"])
        #expect(json.status == 400)
        #expect(try json.json()["code"] == 3)
        let protobuf = try await service.post(
          "/v1/traces", [0xFF, 0xFF], headers: ["Content-Type": "application/x-protobuf"])
        #expect(protobuf.status == 400)
        #expect(protobuf.headers["Content-Type"] == ["application/x-protobuf"])
        let empty = try await service.post("/v1/traces", "", headers: ["Content-Type": "application/x-protobuf"])
        #expect(empty.status == 200)
        #expect(empty.body.isEmpty)
        #expect(try await service.post("/v1/traces", "", headers: ["Content-Type": "text/plain"]).status == 415)
      }
    }

    @Test func `Zipkin spans become traces`() async throws {
      try await withService { service in
        let microseconds = SystemClock().now.wholeSeconds * 1_000_000
        let spans = """
          [{"traceId":"\(Self.hex)","id":"53995c3f42cd8ad8","name":"get","kind":"SERVER","timestamp":\(microseconds),
          "duration":1000,"localEndpoint":{"serviceName":"shop"}}]
          """
        let answer = try await service.post("/api/v2/spans", spans, headers: ["Content-Type": "application/json"])
        #expect(answer.status == 202)
        #expect(answer.body.isEmpty)
        #expect(try await service.store.statistics().documents == 1)
        #expect(try await service.post("/api/v2/spans", "{}").status == 400)
      }
    }
  }
}
