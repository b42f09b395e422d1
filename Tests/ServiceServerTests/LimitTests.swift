import NIOHTTP1
import Testing
import XRayHTTP
import XRayModel

extension ServiceServerTests {
  struct Limits {
    @Test func `a gzipped body is taken, whole or in members`() async throws {
      try await withService { service in
        for parts in [1, 3] {
          let sample = Sample()
          let bytes = Array(sample.put.utf8)
          let size = bytes.count / parts + 1
          let body = stride(from: 0, to: bytes.count, by: size).flatMap { gzip(Array(bytes[$0...].prefix(size))) }
          let put = try await service.post("/TraceSegments", body, headers: ["Content-Encoding": "gzip"])
          #expect(put.status == 200)
          #expect(try await service.post("/Traces", sample.get).text.contains(sample.trace.description))
        }
      }
    }

    @Test func `a gzip bomb is answered with 413`() async throws {
      try await withService { service in
        let bomb = gzip([UInt8](repeating: 0x20, count: 64 << 20))
        #expect(bomb.count < 100_000)
        for path in ["/TraceSegments", "/Traces", "/v1/traces", "/api/v2/spans"] {
          let answer = try await service.post(
            path, bomb, headers: ["Content-Encoding": "gzip", "Content-Type": "application/json"])
          #expect(answer.status == 413)
          #expect(answer.errorType == "RequestEntityTooLargeException")
        }
      }
    }

    @Test func `memory for inflated bodies is bounded, and given back`() async throws {
      try await withService {
        $0.inflatedMemory = 100_000
      } _: { service in
        let large = gzip([UInt8](repeating: 0x20, count: 200_000))
        let answer = try await service.post("/Traces", large, headers: ["Content-Encoding": "gzip"])
        #expect(answer.status == 503)
        #expect(answer.headers["Retry-After"] == ["1"])
        for _ in 1...4 {
          let small = gzip(Array(Sample().put.utf8) + [UInt8](repeating: 0x20, count: 60_000))
          let answer = try await service.post("/TraceSegments", small, headers: ["Content-Encoding": "gzip"])
          #expect(answer.status == 200)
        }
      }
    }

    @Test func `damaged gzip and unknown encodings are answered with 4xx`() async throws {
      try await withService { service in
        let whole = gzip(Array(Sample().put.utf8))
        for body in [Array(whole.dropLast(5)), [], [1, 2, 3], whole + [7]] {
          let answer = try await service.post("/TraceSegments", body, headers: ["Content-Encoding": "gzip"])
          #expect(answer.status == 400)
          #expect(answer.errorType == "SerializationException")
        }
        let other = try await service.post("/TraceSegments", whole, headers: ["Content-Encoding": "br"])
        #expect(other.status == 415)
        #expect(try await service.store.statistics().documents == 0)
      }
    }

    @Test func `a body that is too long is answered with 413`() async throws {
      try await withService { service in
        let connection = try RawConnection(port: service.port)
        await connection.send("POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000001\r\n\r\n")
        let answer = await connection.receiveAll()
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.contains("x-amzn-ErrorType: RequestEntityTooLargeException"))
        let chunked = try RawConnection(port: service.port)
        await chunked.send("POST /Traces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n"
        for _ in 1...17 { await chunked.send(chunk) }
        #expect(await chunked.receiveAll().hasPrefix("HTTP/1.1 413 "))
      }
    }

    @Test func `a chunked body that never ends is cut off`() async throws {
      try await withService {
        $0.server.requestTimeout = .milliseconds(300)
      } _: { service in
        let connection = try RawConnection(port: service.port)
        await connection.send("POST /TraceSegments HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let sending = Task {
          while !Task.isCancelled, await connection.send("1\r\n \r\n") { try await Task.sleep(for: .milliseconds(20)) }
        }
        try await eventually { service.server.counts.refusals["request not complete in time"] == 1 }
        sending.cancel()
        #expect(await connection.receiveAll().hasPrefix("HTTP/1.1 408 "))
        #expect(try await service.get("/healthz").status == 200)
      }
    }

    @Test func `foreign host names and posts from other sites are refused`() async throws {
      try await withService { service in
        for path in ["/", "/metrics", "/Traces"] {
          let answer = try await service.post(path, "{}", headers: ["Host": "evil.example"])
          #expect(answer.status == 403)
        }
        let sample = Sample()
        let post = try await service.post("/TraceSegments", sample.put, headers: ["Origin": "http://evil.example"])
        #expect(post.status == 403)
        #expect(post.errorType == "AccessDeniedException")
        let own = try await service.post(
          "/TraceSegments", sample.put, headers: ["Origin": "http://127.0.0.1:\(service.port)"])
        #expect(own.status == 200)
      }
    }
  }
}
