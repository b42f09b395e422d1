import DaemonServer
import Testing

extension DaemonServerTests {
  struct Limits {
    @Test func `headers that come too slowly are given up`() async throws {
      try await withServer {
        $0.headerTimeout = .milliseconds(300)
      } _: { server, _ in
        let silent = try Client(port: server.port)
        let client = try Client(port: server.port)
        await client.send("GET /healthz HTTP/1.1\r\n")
        for _ in 0..<20 where server.refusals("headers not complete in time") == 0 {
          await client.send("X-A: b\r\n")
          try await Task.sleep(for: .milliseconds(50))
        }
        #expect(await client.response()?.status == 408)
        #expect(await client.isEnded())
        #expect(await silent.isEnded())
        #expect(server.refusals("nothing sent") == 1)
      }
    }

    @Test func `a body that comes too slowly is given up`() async throws {
      try await withServer {
        $0.requestTimeout = .milliseconds(300)
      } _: { server, backend in
        let client = try Client(port: server.port)
        await client.send("POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nabc")
        #expect(await client.response()?.status == 408)
        #expect(await client.isEnded())
        #expect(backend.current.forwarded.isEmpty)
        #expect(server.counts.requests[.init(path: "/GetSamplingRules", statusClass: 4)] == 1)
      }
    }

    @Test func `an upstream that does not answer is given up and cancelled`() async throws {
      try await withServer {
        $0.requestTimeout = .milliseconds(300)
      } _: { server, backend in
        backend.set { $0.delay = .seconds(60) }
        let client = try Client(port: server.port)
        #expect(await client.request("POST", "/GetSamplingRules")?.status == 504)
        #expect(await client.isEnded())
        try await eventually { backend.current.wasCancelled }
      }
    }

    @Test func `an idle connection is closed`() async throws {
      try await withServer {
        $0.idleTimeout = .milliseconds(300)
      } _: { server, _ in
        let client = try Client(port: server.port)
        #expect(await client.request("GET", "/healthz")?.status == 200)
        #expect(await client.isEnded())
        #expect(server.refusals("idle for too long") == 1)
      }
    }

    @Test(arguments: [
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: " + String(repeating: "a", count: 20_000),
      "GET /" + String(repeating: "a", count: 20_000),
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
        + String(repeating: "X-A: \(String(repeating: "b", count: 200))\r\n", count: 90),
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X-A: b\r\n", count: 120),
      "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        + String(repeating: "X-A: \(String(repeating: "b", count: 200))\r\n", count: 90),
    ])
    func `huge headers are refused`(start: String) async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(start)
        #expect(await client.response()?.status == 431)
        #expect(await client.isEnded())
        #expect(server.refusals("headers too large") == 1)
        #expect(backend.current.forwarded.isEmpty)
      }
    }

    @Test func `bodies have limits, told or found out`() async throws {
      try await withServer { server, backend in
        let told = try Client(port: server.port)
        await told.send("POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n")
        #expect(await told.response()?.status == 413)
        #expect(await told.isEnded())

        let endless = try Client(port: server.port)
        await endless.send("POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n" + String(repeating: "z", count: 65_536) + "\r\n"
        var sent = 0
        while sent < 1000, await endless.send(chunk) { sent += 1 }
        #expect(sent < 1000)
        #expect(server.refusals("body too large") == 2)

        let onHealth = try Client(port: server.port)
        await onHealth.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde")
        #expect(await onHealth.response()?.status == 413)
        #expect(backend.documents.isEmpty)
      }
    }

    @Test func `the response reaches a client that sends more than is read`() async throws {
      try await withServer { server, _ in
        let client = try Client(port: server.port)
        await client.send(
          "POST /TraceSummaries HTTP/1.1\r\nHost: localhost\r\nContent-Length: 800000\r\n\r\n"
            + String(repeating: "z", count: 800_000))
        #expect(await client.response()?.status == 403)
      }
    }

    @Test func `bodies share a limit over all connections and give it back`() async throws {
      try await withServer {
        $0.bodyMemory = 1000
      } _: { server, _ in
        let holder = try Client(port: server.port)
        await holder.send(
          "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
            + String(repeating: "a", count: 900))
        try await Task.sleep(for: .milliseconds(50))
        let other = try Client(port: server.port)
        let text = String(repeating: "b", count: 500)
        #expect(await other.request("POST", "/GetSamplingRules", body: text)?.status == 503)
        await holder.send(String(repeating: "a", count: 100))
        #expect(await holder.response()?.status == 200)
        for _ in 0..<5 { #expect(await holder.request("POST", "/GetSamplingRules", body: text)?.status == 200) }
      }
    }

    @Test func `a new connection takes the place of the longest idle one`() async throws {
      try await withServer {
        $0.connections = 2
      } _: { server, _ in
        let first = try Client(port: server.port)
        #expect(await first.request("GET", "/healthz")?.status == 200)
        let second = try Client(port: server.port)
        #expect(await second.request("GET", "/healthz")?.status == 200)
        #expect(await fetch(server.port, "GET", "/healthz")?.status == 200)
        #expect(await first.isEnded())
        #expect(await second.request("GET", "/healthz")?.status == 200)
      }
    }

    @Test func `a new connection is refused while all are busy`() async throws {
      try await withServer {
        $0.connections = 1
      } _: { server, backend in
        backend.set { $0.delay = .milliseconds(300) }
        let busy = try Client(port: server.port)
        await busy.send(Client.request("POST", "/GetSamplingRules"))
        try await eventually { !backend.current.forwarded.isEmpty }
        let refused = try Client(port: server.port)
        #expect(await refused.response()?.status == 503)
        #expect(await busy.response()?.status == 200)
        #expect(server.refusals("too many connections") == 1)
      }
    }

    @Test func `a thousand silent connections do not keep others out`() async throws {
      try await withServer { server, _ in
        let silent = try (0..<1000).map { _ in try Client(port: server.port) }
        #expect(await fetch(server.port, "GET", "/healthz")?.status == 200)
        #expect(server.counts.connectionsOpen <= 256)
        #expect(server.counts.connectionsAccepted == 1001)
        #expect(server.refusals("idle, closed for another connection") == 745)
        _ = silent
      }
    }

    @Test func `a thousand connections are served when they may be open`() async throws {
      try await withServer {
        $0.connections = 1100
      } _: { server, _ in
        let clients = try (0..<1000).map { _ in try Client(port: server.port) }
        for client in clients { await client.send(Client.request("GET", "/healthz")) }
        for client in clients { #expect(await client.response()?.status == 200) }
        #expect(server.counts.connectionsOpen == 1000)
      }
    }

    @Test func `endless pipelining behind a slow request is cut off`() async throws {
      try await withServer { server, backend in
        backend.set { $0.delay = .seconds(60) }
        let client = try Client(port: server.port)
        // The body makes the server read in large pieces; in small ones the requests would just wait in the kernel.
        await client.send(
          Client.request("POST", "/GetSamplingRules", body: String(repeating: "a", count: 800_000))
            + String(repeating: Client.request("GET", "/healthz"), count: 2000))
        #expect(await client.isEnded())
        #expect(server.refusals("too many pipelined requests") == 1)
        try await eventually { backend.current.wasCancelled }
      }
    }

    @Test func `many pipelined requests are fine while they are answered`() async throws {
      try await withServer { server, _ in
        let client = try Client(port: server.port)
        await client.send(String(repeating: Client.request("GET", "/healthz"), count: 3000))
        await client.endOutput()
        #expect(await client.receiveAll().split(separator: "HTTP/1.1 200 OK").count == 3000)
      }
    }

    @Test(arguments: ["\u{16}\u{3}\u{1}", " GET / HTTP/1.1\r\n\r\n", "[1]\n", "\u{7F}"])
    func `other protocols are not spoken`(start: String) async throws {
      try await withServer { server, _ in
        let client = try Client(port: server.port)
        await client.send(start)
        #expect(await client.isEnded())
        #expect(server.refusals("unknown protocol") == 1)
      }
    }

    @Test(arguments: [
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "hello world\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "G\0T / HTTP/1.1\r\n\r\n",
      "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: -3\r\n\r\n",
      "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
      "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `what is not HTTP is answered with 400`(start: String) async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(start)
        #expect(await client.response()?.status == 400)
        #expect(await client.isEnded())
        #expect(backend.current.forwarded.isEmpty)
      }
    }
  }
}
