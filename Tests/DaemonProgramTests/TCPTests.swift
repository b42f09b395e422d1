import Foundation
import Testing

extension `The daemon program` {
  @Suite(.serialized) struct `on its TCP port` {
    @Test func `takes documents in every form`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let documents = documents(0..<6)

      let body = try JSONSerialization.data(withJSONObject: ["TraceSegmentDocuments": documents[0..<2].map { $0 }])
      #expect(try daemon.post("/TraceSegments", String(decoding: body, as: UTF8.self)).hasPrefix("HTTP/1.1 200"))

      let lines = try daemon.connect()
      LoopbackSocket.write(DaemonProcess.header + documents[2] + "\n" + documents[3] + "\n", to: lines)
      let frames = try daemon.connect()
      for document in documents[4..<6] {
        let datagram = Array((DaemonProcess.header + document).utf8)
        let length = [UInt8](arrayLiteral: 0, 0, UInt8(datagram.count >> 8), UInt8(datagram.count & 0xFF))
        LoopbackSocket.write(length + datagram, to: frames)
      }
      try await eventually("all") { backend.documents.count == 6 }
      #expect(Set(backend.documents) == Set(documents))
      close(lines)
      close(frames)
      #expect(try daemon.metrics().sum("tcp_documents_total", ["outcome": "accepted"]) == 6)
      #expect(try await daemon.end() == 0)
    }

    @Test func `stops no datagram for slow, endless or silent clients`() async throws {
      let backend = try XRayBackend()
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      var clients: [Int32] = []
      defer { for client in clients { close(client) } }
      for beginning in [
        "", "G", "GET /healthz HTTP/1.1\r\nHost: x\r\nA: ", "{", "\0", "\0\u{1}\0\0", "POST /TraceSegments",
      ] {
        clients.append(try daemon.connect())
        LoopbackSocket.write(beginning, to: clients[clients.count - 1])
      }
      // More than is taken of each: the connection is closed, or what follows is not read.
      let endless = String(repeating: "x", count: 200_000)
      for beginning in [
        "GET /", "GET / HTTP/1.1\r\nA: ", DaemonProcess.header + "{\"a\":\"", "\0\u{7F}\u{7F}\u{7F}", "{",
      ] {
        clients.append(try daemon.connect())
        LoopbackSocket.write(beginning + endless, to: clients[clients.count - 1])
      }
      let halfOpen = try daemon.connect()
      LoopbackSocket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", to: halfOpen)
      shutdown(halfOpen, Int32(SHUT_WR))
      clients.append(halfOpen)

      let documents = documents(0..<500)
      daemon.send(documents: documents)
      try await eventually("delivery", within: .seconds(5)) { backend.documents.count == 500 }
      #expect(Set(backend.documents) == Set(documents))
      #expect(try daemon.get("/healthz").hasPrefix("HTTP/1.1 200"))
      #expect(try await daemon.end(within: .seconds(5)) == 0)
    }

    @Test func `passes sampling on, signed, and nothing else`() async throws {
      let rules = #"{"SamplingRuleRecords":[],"NextToken":null}"#
      let backend = try XRayBackend { request in
        request.path == "/GetSamplingRules" ? .json(rules) : .json("{\"message\":\"no\"}", status: 418)
      }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start([], to: backend)
      let answer = try daemon.post("/GetSamplingRules", "{}")
      #expect(answer.hasPrefix("HTTP/1.1 200") && answer.hasSuffix(rules), "\(answer)")
      let call = try #require(backend.requests.first)
      #expect(call.headers["authorization"]?.hasPrefix("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") == true)
      #expect(call.headers["authorization"]?.contains("/eu-central-1/xray/aws4_request") == true)
      #expect(call.body == Array("{}".utf8))
      #expect(try daemon.post("/SamplingTargets", "{}").hasPrefix("HTTP/1.1 418"))
      #expect(try daemon.post("/TraceSummaries", "{}").hasPrefix("HTTP/1.1 403"))
      #expect(backend.requests.map(\.path) == ["/GetSamplingRules", "/SamplingTargets"])
      backend.stop()
      #expect(try daemon.post("/GetSamplingRules", "{}").hasPrefix("HTTP/1.1 502"))
      #expect(try await daemon.end() == 0)
    }

    @Test func `is alive to its end, and ready until it is told to end`() async throws {
      let backend = try XRayBackend { _ in .silence }
      defer { backend.stop() }
      let daemon = try await DaemonProcess.start(["--drain-deadline", "1"], to: backend)
      #expect(try daemon.get("/healthz").hasPrefix("HTTP/1.1 200"))
      #expect(try daemon.get("/readyz").hasPrefix("HTTP/1.1 200"))
      daemon.send(documents: documents(0..<1))
      try await eventually("the call") { !backend.requests.isEmpty }
      daemon.signal(SIGTERM)
      try await eventually("unready") { try daemon.get("/readyz").hasPrefix("HTTP/1.1 503") }
      #expect(try daemon.get("/healthz").hasPrefix("HTTP/1.1 200"))
      #expect(try await daemon.ended() == 0)
    }

    @Test func `may be taken, other than that for datagrams`() async throws {
      let backend = try XRayBackend()
      let taken = try LoopbackSocket.bound(SOCK_STREAM, port: 0)
      listen(taken, 1)
      let takenToo = try LoopbackSocket.bound(SOCK_DGRAM, port: 0)
      defer {
        backend.stop()
        close(taken)
        close(takenToo)
      }
      let daemon = try await DaemonProcess.start(
        ["-t", "127.0.0.1:\(LoopbackSocket.port(of: taken))"], to: backend)
      #expect(daemon.lines(containing: "[Error] Going on without the proxy: ").count == 1)
      daemon.send(documents: ["one"])
      try await eventually("delivery") { backend.documents == ["one"] }
      #expect(try await daemon.end() == 0)

      let other = try DaemonProcess(
        ["-b", "127.0.0.1:\(LoopbackSocket.port(of: takenToo))", "-t", "127.0.0.1:0", "--endpoint", backend.endpoint],
        folder: TemporaryFolder.make())
      #expect(try await other.ended() == 1)
      #expect(other.lines(containing: "[Error] ").first?.contains("cannot receive datagrams at") == true)
    }
  }
}
