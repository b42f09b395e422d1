import Foundation
import Testing

extension `The daemon program` {
  @Suite(.serialized) struct `with an API that fails` {
    /// The first call of each kind goes wrong; the same documents come again and are taken once.
    @Test func `delivers everything once the API behaves`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let faults: [(answer: XRayBackend.Answer, reason: String)] = [
        (.bytes("SSH-2.0-OpenSSH_9.2\r\n"), "other"), (.bytes("HTTP/1.1 200 OK\r\n\r\n<html>"), "other"),
        (.json("[]"), "other"), (.json("{\"UnprocessedTraceSegments\":"), "other"), (.bytes(""), "other"),
        (.reset, "other"), (.endless, "other"), (.json("{}", status: 500), "5xx"),
        (.json("{}", status: 503, headers: ["Retry-After": "never"]), "5xx"), (.json("{}", status: 429), "4xx"),
        (.silence, "timeout"), (.slowly, "timeout"),
      ]
      var expected: [String] = []
      for (number, fault) in faults.enumerated() {
        let calls = backend.requests.count
        backend.answer { $0.number <= calls + 1 ? fault.answer : .stored }
        expected += documents(number..<number + 1)
        daemon.send(documents: expected.suffix(1))
        try await eventually("delivery after \(fault.answer)") { backend.documents.count == expected.count }
      }
      #expect(backend.documents == expected)
      try await eventually("settled") { try daemon.metrics().sum("documents_held") == 0 }
      let metrics = try daemon.metrics()
      for (reason, cases) in Dictionary(grouping: faults, by: \.reason) {
        #expect(metrics.sum("call_failures_total", ["reason": reason]) == cases.count, "\(reason)")
      }
      #expect(try await daemon.end() == 0)
      #expect(try daemon.atEnd("daemon", "lost") == 0)
      #expect(daemon.lines(containing: "[Error]") == [])
    }

    @Test(arguments: [400, 403]) func `drops, counts and logs what trying again cannot help`(status: Int) async throws {
      let refusal = "{\"message\":\"not \\n you\"}"
      let backend = try XRayBackend { _ in .json(refusal, status: status) }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      daemon.send(documents: documents(0..<3))
      try await eventually("drops") { try daemon.metrics().dropped("sink failed: RemoteSinkError") == 3 }
      let lines = daemon.lines(containing: "Sending segment batch failed with: ")
      #expect(lines.count <= 3)
      #expect(lines.allSatisfy { $0.contains("\(status)") && $0.contains("not \\n you") })
      backend.answer { _ in .stored }
      daemon.send(documents: ["after"])
      try await eventually("the next") { backend.documents == ["after"] }
      #expect(try await daemon.end() == 0)
    }

    @Test func `waits as long as the API asks for`() async throws {
      let backend = try XRayBackend { request in
        request.number > 1 ? .stored : .json("{}", status: 429, headers: ["Retry-After": "1"])
      }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      daemon.send(documents: documents(0..<1))
      try await eventually("delivery") { backend.documents.count == 1 }
      let calls = backend.requests
      #expect(calls.count == 2)
      #expect(calls[0].time.duration(to: calls[1].time) >= .milliseconds(990))
      #expect(try await daemon.end() == 0)
    }

    @Test func `logs what the API hands back, for ten a batch`() async throws {
      let backend = try XRayBackend { request in
        let entries = request.documents.map { document in
          let id = document.dropFirst(7).prefix(16)
          return #"{"Id":"\#(id)","ErrorCode":"MissingTraceId","Message":"no\ntrace"}"#
        }
        return .json(#"{"UnprocessedTraceSegments":[\#(entries.joined(separator: ","))]}"#)
      }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let documents = documents(0..<50)
      let body = try JSONSerialization.data(withJSONObject: ["TraceSegmentDocuments": documents])
      _ = try daemon.post("/TraceSegments", String(decoding: body, as: UTF8.self))
      try await eventually("refusals") {
        try daemon.metrics().sum("documents_total", ["hop": "sink", "outcome": "rejected"]) == 50
      }
      let calls = backend.requests(to: "/TraceSegments")
      let lines = daemon.lines(containing: "Unprocessed trace ")
      #expect(lines.count == calls.map { min(10, $0.documents.count) }.reduce(0, +))
      let first = "1-5f2c7c00-000000000000000000000001, segment: 0000000000000001, code: MissingTraceId, message: "
      #expect(lines.contains { $0.contains("Unprocessed trace \(first)") }, "\(lines)")
      #expect(lines.allSatisfy { $0.contains("MissingTraceId") && $0.contains("no\\ntrace") }, "\(lines)")
      let telemetry = try await daemon.telemetryAtEnd(from: backend)
      #expect(telemetry["SegmentsRejectedCount"] == 50)
      #expect(telemetry["SegmentsSentCount"] == 0)
    }

    @Test func `keeps what comes while the API is down`() async throws {
      let first = try XRayBackend()
      let daemon = try await DaemonProcess.start([], to: first)
      daemon.send(documents: ["before"])
      try await eventually("the first") { first.documents == ["before"] }
      first.stop()
      let documents = documents(0..<300)
      daemon.send(documents: documents)
      try await eventually("failures") {
        try daemon.metrics().sum("call_failures_total", ["reason": "connection refused"]) > 3
      }
      let second = try XRayBackend(port: first.port)
      defer { second.stop() }
      try await eventually("delivery") { second.documents.count >= 300 }
      #expect(Set(second.documents) == Set(documents))
      #expect(try await daemon.end() == 0)
      #expect(try daemon.atEnd("daemon", "lost") == 0)
    }

    @Test func `lets no endpoint wait for another`() async throws {
      let (up, alsoUp, down) = (try XRayBackend(), try XRayBackend(), try XRayBackend { _ in .silence })
      defer { for backend in [up, alsoUp, down] { backend.stop() } }
      let daemon = try await DaemonProcess.start(["--drain-deadline", "0.2"], to: down, up, alsoUp)
      let documents = documents(0..<200)
      daemon.send(documents: documents)
      try await eventually("the others", within: .seconds(5)) {
        up.documents.count == 200 && alsoUp.documents.count == 200
      }
      #expect(Set(up.documents) == Set(documents))
      #expect(Set(alsoUp.documents) == Set(documents))
      let metrics = try daemon.metrics()
      for (backend, held) in [(down, 200), (up, 0)] {
        #expect(metrics.sum("documents_held", ["destination": backend.endpoint, "hop": "daemon"]) == held)
      }
      #expect(try await daemon.end() == 0)
    }
  }
}
