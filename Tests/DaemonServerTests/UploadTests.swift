import DaemonServer
import Testing
import XRayModel

extension DaemonServerTests {
  struct Uploads {
    private func body(_ documents: [String]) -> String {
      JSONValue.object(["TraceSegmentDocuments": .array(documents.map { .string($0) })]).rendered()
    }

    @Test func `segment documents are taken byte for byte`() async throws {
      try await withServer { server, backend in
        let documents = [#"{"id":"1","name":"a\"\\\n é"}"#, "{}\n", "T1Sabc"]
        let client = try Client(port: server.port)
        let response = await client.request("POST", "/TraceSegments", body: body(documents))
        #expect(response?.status == 200)
        #expect(response?.body == #"{"UnprocessedTraceSegments":[]}"#)
        #expect(backend.documents == documents)
        #expect(server.counts.documentsAccepted == 3)
      }
    }

    @Test func `documents without room are handed back by id`() async throws {
      try await withServer { server, backend in
        backend.set { $0.room = 1 }
        let document =
          #"{"id":"70de5b6f19ff9a0a","name":"a","trace_id":"1-581cf771-a006649127e371903a2de979","start_time":1,"end_time":2}"#
        let client = try Client(port: server.port)
        let response = await client.request(
          "POST", "/TraceSegments", body: body(["{}", "bad", document, String(repeating: "x", count: 65_537)]))
        let answer = try JSONValue(parsing: response?.body ?? "")["UnprocessedTraceSegments"]?.array ?? []
        #expect(answer.map { $0["ErrorCode"]?.string } == ["InvalidSegment", "ThrottledException", "InvalidSegment"])
        #expect(answer.map { $0["Id"]?.string } == [nil, "70de5b6f19ff9a0a", nil])
        #expect(answer[0]["Message"] == "bad one")
        #expect(backend.documents == ["{}"])
        #expect(backend.current.dropped == 0)
        #expect(server.counts.documentsReturned == 1)
        #expect(server.counts.documentsRejected == 2)
      }
    }

    @Test(arguments: ["", "{", "[]", "{}", #"{"TraceSegmentDocuments":"x"}"#, #"{"TraceSegmentDocuments":["{}",{}]}"#])
    func `a malformed body is refused and nothing of it taken`(body: String) async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        let response = await client.request("POST", "/TraceSegments", body: body)
        #expect(response?.status == 400)
        #expect(response?.body.contains("message") == true)
        #expect(backend.documents.isEmpty)
        #expect(await client.request("GET", "/healthz")?.status == 200)
      }
    }

    @Test func `fifty documents of 64 KB fit`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        let documents = Array(repeating: String(repeating: "y", count: 65_536), count: 50)
        #expect(await client.request("POST", "/TraceSegments", body: body(documents))?.status == 200)
        #expect(backend.current.documents.count == 50)
      }
    }
  }
}
