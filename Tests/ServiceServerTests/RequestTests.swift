import NIOHTTP1
import Testing
import XRayHTTP
import XRayModel

extension ServiceServerTests {
  struct Requests {
    @Test func `a segment that was put is there when the answer comes`() async throws {
      try await withService { service in
        let sample = Sample()
        let put = try await service.post("/TraceSegments", sample.put)
        #expect(put.status == 200)
        #expect(try put.json()["UnprocessedTraceSegments"]?.array?.isEmpty == true)
        #expect(put.headers["Content-Type"] == ["application/json"])
        #expect(put.headers.first(name: "x-amzn-RequestId")?.utf8.count == 36)
        #expect(put.errorType == nil)
        let traces = try await service.post("/Traces", sample.get).json()["Traces"]?.array
        #expect(traces?.map { $0["Id"]?.string } == [sample.trace.description])
      }
    }

    @Test func `a segment on a stream is stored too`() async throws {
      try await withService { service in
        let sample = Sample()
        let stream = try RawConnection(port: service.port)
        await stream.send(#"{"format":"json","version":1}"# + "\n" + sample.document + "\n")
        try await eventually { try await service.store.statistics().documents == 1 }
        #expect(try await service.post("/Traces", sample.get).text.contains(sample.trace.description))
      }
    }

    @Test func `errors have the name that AWS's clients look for`() async throws {
      try await withService { service in
        let unknown = try await service.post("/NoSuchOperation", "{}")
        #expect(unknown.status == 404)
        #expect(unknown.errorType == "UnknownOperationException")
        let method = try await service.get("/Traces")
        #expect(method.status == 405)
        #expect(method.headers["Allow"] == ["POST"])
        #expect(try await service.post("/metrics", "").status == 405)
        let malformed = try await service.post("/Traces", "[")
        #expect(malformed.status == 400)
        #expect(malformed.errorType == "SerializationException")
        #expect(try malformed.json()["Message"]?.string != nil)
      }
    }

    @Test(arguments: [
      String(repeating: "[", count: 200_000), #"{"TraceIds":"# + String(repeating: "[", count: 200_000),
      String(repeating: #"{"a":"#, count: 100_000), "{\"TraceSegmentDocuments\":[\"\\ud800\"]}", "nul", "\u{0}", "{}}",
    ]) func `a body that is no JSON object, or too deep, is answered with 4xx`(body: String) async throws {
      try await withService { service in
        for path in ["/TraceSegments", "/Traces", "/TraceSummaries"] {
          let status = try await service.post(path, body).status
          // A lone surrogate is no segment, but may be let through as a text of a call.
          #expect((400...499).contains(status) || body.contains("ud800") && status == 200)
        }
        #expect(try await service.store.statistics().documents == 0)
        #expect(try await service.get("/healthz").status == 200)
      }
    }

    @Test func `bytes that are no UTF-8 are refused`() async throws {
      try await withService { service in
        let body = Array(#"{"TraceSegmentDocuments":[""#.utf8) + [0xFF, 0xC0, 0x80] + Array(#""]}"#.utf8)
        let answer = try await service.post("/TraceSegments", body)
        // The call or its one document.
        #expect(answer.status == 400 || answer.text.contains("ErrorCode"))
        #expect(try await service.store.statistics().documents == 0)
      }
    }

    @Test func `the page at the root tells addresses without trusting the Host header`() async throws {
      try await withService { service in
        let page = try await service.get("/")
        #expect(page.status == 200)
        #expect(page.text.contains("endpoint_url=\"http://127.0.0.1:\(service.port)\""))
        #expect(page.text.contains("It holds 0 traces"))
        #expect(page.headers["Content-Type"] == ["text/html; charset=utf-8"])
        let head = try await service.client.execute(HTTPRequest(.HEAD, path: "/"))
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
      }
      try await withService {
        $0.server.allowedHosts = ["<b>"]
      } _: { service in
        let answer = try await service.get("/", headers: ["Host": "<b>"])
        #expect(!answer.text.contains("<b>"))
      }
    }

    @Test func `metrics tell calls, documents, spans and what the store holds`() async throws {
      try await withService { service in
        _ = try await service.post("/TraceSegments", Sample().put)
        _ = try await service.post("/TraceSegments", #"{"TraceSegmentDocuments":["{}"]}"#)
        _ = try await service.post("/Traces", "[")
        let metrics = try await service.get("/metrics")
        #expect(metrics.headers["Content-Type"] == ["text/plain; version=0.0.4; charset=utf-8"])
        let lines = metrics.text.split(separator: "\n")
        #expect(lines.contains(#"fluoro_api_calls_total{operation="PutTraceSegments",status="2xx"} 2"#))
        #expect(lines.contains(#"fluoro_api_calls_total{operation="BatchGetTraces",status="4xx"} 1"#))
        #expect(lines.contains("fluoro_documents_received_total 2"))
        #expect(lines.contains { $0.hasPrefix("fluoro_documents_rejected_total{code=") && $0.hasSuffix(" 1") })
        #expect(lines.contains("fluoro_store_documents 1"))
        #expect(lines.contains(#"fluoro_spans_total{protocol="otlp",outcome="taken"} 0"#))
        #expect(lines.contains { $0.hasPrefix("fluoro_daemon_documents_total{hop=") })
      }
    }
  }
}
