import DaemonServer
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing

extension DaemonServerTests {
  /// The server with an application behind it.
  struct Applications {
    /// Answers with what came, and remembers whether it was cancelled.
    private final class Echo: Sendable {
      let isHeld = Mutex(false)
      let wasCancelled = Mutex(false)

      var application: DaemonServer.Application {
        DaemonServer.Application(
          resource: { path in
            switch path {
            case "/", "/metrics": .init(methods: [.GET])
            case "/TraceSegments", "/GetSamplingRules": .init(methods: [.POST], bodyBytes: 1000)
            default: nil
            }
          },
          answer: { request in
            while self.isHeld.withLock({ $0 }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
            if Task.isCancelled { self.wasCancelled.withLock { $0 = true } }
            let host = request.head.headers.first(name: "X-Mark") ?? ""
            return .init(
              status: .accepted, headers: ["X-Echo": "\(request.head.method) \(request.head.uri) \(host)"],
              body: request.body.readableBytes > 0 ? request.body : ByteBuffer(string: "empty"))
          })
      }
    }

    private func withEcho(
      _ configure: (inout DaemonServer.Configuration) -> Void = { _ in },
      _ body: (BoundServer, Echo) async throws -> Void
    ) async throws {
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      var configuration = DaemonServer.Configuration()
      // Tests run beside a thousand others: a client may take its time between two steps.
      configuration.headerTimeout = .seconds(600)
      configuration.requestTimeout = .seconds(600)
      configuration.port = 0
      configure(&configuration)
      let echo = Echo()
      let server = try await DaemonServer(
        configuration: configuration,
        handlers: .init(accept: { _, _ in .accepted }, application: echo.application), group: group
      ).start()
      let result: Result<Void, any Error>
      do { result = .success(try await body(server, echo)) } catch { result = .failure(error) }
      await server.close(deadline: .zero)
      try await group.shutdownGracefully()
      try result.get()
    }

    @Test func `everything but health and readiness is the application's`() async throws {
      try await withEcho { server, _ in
        let client = try Client(port: server.port)
        #expect(await client.request("GET", "/healthz")?.status == 200)
        #expect(await client.request("GET", "/readyz")?.status == 200)
        let metrics = await client.request("GET", "/metrics?a=b", headers: "X-Mark: m\r\n")
        #expect(metrics?.status == 202)
        #expect(metrics?.headers["x-echo"] == "GET /metrics?a=b m")
        #expect(metrics?.body == "empty")
        let head = await client.request("HEAD", "/")
        #expect(head?.status == 202)
        #expect(head?.headers["content-length"] == "5")
        for path in ["/TraceSegments", "/GetSamplingRules"] {
          #expect(await client.request("POST", path, body: "{1}")?.body == "{1}")
        }
        #expect(server.counts.connectionsAccepted == 1)
        #expect(server.counts.requests[.init(path: "/TraceSegments", statusClass: 2)] == 1)
      }
    }

    @Test func `what the application does not take is refused in AWS's words`() async throws {
      try await withEcho { server, _ in
        let client = try Client(port: server.port)
        let unknown = await client.request("POST", "/Traces", body: "")
        #expect(unknown?.status == 404)
        #expect(unknown?.headers["x-amzn-errortype"] == "UnknownOperationException")
        let method = await client.request("POST", "/", body: "")
        #expect(method?.status == 405)
        #expect(method?.headers["allow"] == "GET, HEAD")
        let large = await client.request("POST", "/TraceSegments", body: String(repeating: "x", count: 1001))
        #expect(large?.status == 413)
        #expect(large?.headers["x-amzn-errortype"] == "RequestEntityTooLargeException")
      }
    }

    @Test func `bodies in chunks and after 100 Continue come in whole`() async throws {
      try await withEcho { server, _ in
        let client = try Client(port: server.port)
        await client.send(
          "POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        )
        #expect(await client.response()?.body == "abc")
        await client.send(
          "POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(await client.response()?.status == 100)
        await client.send("de")
        #expect(await client.response()?.body == "de")
      }
    }

    @Test func `an answer that takes too long is cancelled`() async throws {
      try await withEcho {
        $0.requestTimeout = .milliseconds(300)
      } _: { server, echo in
        echo.isHeld.withLock { $0 = true }
        let late = try await Client(port: server.port).request("POST", "/TraceSegments", body: "{}")
        #expect(late?.status == 504)
        try await eventually { echo.wasCancelled.withLock { $0 } }
      }
    }
  }
}
