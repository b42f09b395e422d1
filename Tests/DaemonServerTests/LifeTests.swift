import DaemonServer
import NIOPosix
import Testing

extension DaemonServerTests {
  struct Life {
    @Test func `a taken port is told as such`() async throws {
      try await withServer { server, backend in
        var configuration = DaemonServer.Configuration()
        configuration.port = server.port
        let second = DaemonServer(
          configuration: configuration, handlers: backend.handlers, group: MultiThreadedEventLoopGroup.singleton)
        let error = await #expect(throws: DaemonServerError.self) { try await second.start() }
        #expect(error?.reason == .portTaken)
        configuration.port = 0
        configuration.host = "192.0.2.1"
        let elsewhere = DaemonServer(
          configuration: configuration, handlers: backend.handlers, group: MultiThreadedEventLoopGroup.singleton)
        let absent = await #expect(throws: DaemonServerError.self) { try await elsewhere.start() }
        #expect(absent?.reason == .addressNotAvailable)
      }
    }

    @Test func `closing lets requests end and closes idle connections`() async throws {
      try await withServer { server, backend in
        backend.set { $0.isHeld = true }
        let idle = try Client(port: server.port)
        #expect(await idle.request("GET", "/healthz")?.status == 200)
        let silent = try Client(port: server.port)
        let busy = try Client(port: server.port)
        await busy.send(Client.request("POST", "/GetSamplingRules"))
        try await eventually { !backend.current.forwarded.isEmpty }
        async let closed: Void = server.close(deadline: .seconds(600))
        #expect(await idle.isEnded())
        #expect(await silent.isEnded())
        backend.set { $0.isHeld = false }
        let response = await busy.response()
        #expect(response?.status == 200)
        #expect(response?.headers["connection"] == "close")
        #expect(await busy.isEnded())
        _ = try? await Client(port: server.port).request("GET", "/healthz").map { _ in Issue.record("served") }
        _ = consume busy
        await closed
        #expect(!backend.current.wasCancelled)
      }
    }

    @Test func `what lasts longer than the deadline is cut off`() async throws {
      try await withServer { server, backend in
        backend.set { $0.delay = .seconds(60) }
        let busy = try Client(port: server.port)
        await busy.send(Client.request("POST", "/GetSamplingRules"))
        try await eventually { !backend.current.forwarded.isEmpty }
        await server.close(deadline: .milliseconds(100))
        #expect(await busy.isEnded())
        try await eventually { backend.current.wasCancelled }
        #expect(server.refusals("cut off at shutdown") == 1)
      }
    }

    @Test func `closing takes what streams have sent before`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send("{\"format\":\"json\",\"version\":1}\n1\n")
        try await eventually { backend.documents.count == 1 }
        backend.set { $0.room = 0 }
        await client.send((2...5000).map { "\($0)\n" }.joined())
        try await eventually { server.counts.waitsForRoom == 1 }
        async let closed: Void = server.close(deadline: .seconds(600))
        try await Task.sleep(for: .milliseconds(100))
        backend.set { $0.room = .max }
        await closed
        #expect(backend.current.documents.count == 5000)
        #expect(await client.isEnded())
      }
    }

    @Test func `random bytes do no harm`() async throws {
      try await withServer { server, backend in
        var random = SystemRandomNumberGenerator()
        let starts: [[UInt8]] = [
          [], [0, 0], [0, 0, 0, 40], Array("{".utf8), Array("{\"format\":\"json\",\"version\":1}\n".utf8),
          Array("GET /".utf8),
          Array("POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n".utf8),
          Array("POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".utf8),
          Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8),
        ]
        for round in 0..<300 {
          let client = try Client(port: server.port)
          let noise = (0..<Int.random(in: 1..<400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
          }
          await client.send(starts[round % starts.count] + noise)
          if round % 3 == 0 { await client.send(noise) }
          if round % 2 == 0 {
            await client.endOutput()
            _ = await client.receiveAll()
          }
        }
        #expect(await fetch(server.port, "GET", "/healthz")?.status == 200)
        try await eventually { server.counts.connectionsOpen == 0 }
        #expect(backend.current.forwarded.isEmpty)
      }
    }
  }
}
