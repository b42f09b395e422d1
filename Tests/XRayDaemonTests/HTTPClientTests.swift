import Testing
import XRayHTTP

@Suite struct `The HTTP client` {
  private func client(
    _ server: ScriptedServer, deadline: Duration = .seconds(600), bodyLimit: Int = 1000
  ) -> HTTPClient {
    HTTPClient(
      endpoint: HTTPEndpoint(host: "127.0.0.1", port: server.port), deadline: deadline, bodyLimit: bodyLimit)
  }

  @Test func `sends a request and reads its response`() async throws {
    let server = ScriptedServer { _ in .json("{\"a\":1}", status: "404 Not Found", headers: "X-One: 1\r\n") }
    let client = client(server)
    defer { server.stop() }
    let response = try await client.execute(
      HTTPRequest(.POST, path: "/here?q=%20", headers: ["X-Two": "2"], body: Array("body".utf8)))
    #expect(response.status == 404 && response.headers.first(name: "x-one") == "1")
    #expect(String(decoding: response.body, as: UTF8.self) == "{\"a\":1}")
    let request = try #require(server.requests.first)
    #expect(request.line == "POST /here?q=%20 HTTP/1.1" && request.body == Array("body".utf8))
    #expect(request.header("host") == "127.0.0.1:\(server.port)" && request.header("x-two") == "2")
    await client.close()
  }

  @Test func `reads responses in chunks, without a length and without a body`() async throws {
    let server = ScriptedServer { request in
      switch request.line.split(separator: " ")[1] {
      case "/chunks": .bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
      case "/end": .lastBytes("HTTP/1.1 200 OK\r\n\r\nuntil the end")
      case "/continue": .bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
      default: .bytes("HTTP/1.1 204 No Content\r\n\r\n")
      }
    }
    let client = client(server)
    defer { server.stop() }
    for (path, body) in [("/chunks", "abcde"), ("/none", ""), ("/end", "until the end"), ("/continue", "ok")] {
      let response = try await client.execute(HTTPRequest(path: path))
      #expect(String(decoding: response.body, as: UTF8.self) == body)
    }
    await client.close()
  }

  @Test func `knows that a response to HEAD has no body`() async throws {
    let server = ScriptedServer { _ in .bytes("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n") }
    let client = client(server)
    defer { server.stop() }
    for _ in 0..<2 { #expect(try await client.execute(HTTPRequest(.HEAD, path: "/")).body.isEmpty) }
    #expect(server.connections == 1)
    await client.close()
  }

  @Test func `uses a connection again, and another one for a request beside it`() async throws {
    let server = ScriptedServer { _ in .json("{}") }
    let client = client(server)
    defer { server.stop() }
    for _ in 0..<5 { _ = try await client.execute(HTTPRequest(path: "/")) }
    #expect(server.connections == 1)
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 { group.addTask { try await client.execute(HTTPRequest(path: "/")).status } }
      for try await status in group { #expect(status == 200) }
    }
    #expect(server.requests.count == 25 && server.connections <= 20)
    await client.close()
  }

  @Test func `makes a new connection after the server ended one`() async throws {
    let server = ScriptedServer { _ in
      .lastBytes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    }
    let client = client(server)
    defer { server.stop() }
    for _ in 0..<3 { _ = try await client.execute(HTTPRequest(path: "/")) }
    #expect(server.connections == 3)
    await client.close()
  }

  @Test(arguments: [
    ("garbage\r\n\r\n", HTTPClientError.Reason.malformedResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n", .malformedResponse),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", .malformedResponse),
    ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .closed),
    ("HTTP/1.1 200 OK\r\nContent-", .closed),
    ("", .closed),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", .responseTooLarge),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n\(String(repeating: "x", count: 1001))\r\n0\r\n\r\n",
      .responseTooLarge
    ),
  ])
  func `says what is wrong with a response`(_ answer: String, _ reason: HTTPClientError.Reason) async {
    let server = ScriptedServer { _ in .lastBytes(answer) }
    let client = client(server)
    defer { server.stop() }
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: "/")) }
    #expect(error == HTTPClientError(reason, server: "127.0.0.1:\(server.port)"))
    await client.close()
  }

  @Test func `gives up at the deadline`() async {
    let server = ScriptedServer { _ in .silence }
    let client = client(server, deadline: .milliseconds(20))
    defer { server.stop() }
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: "/")) }
    #expect(error?.reason == .timedOut)
    await client.close()
  }

  @Test func `gives up when its task is cancelled`() async throws {
    let (stream, arrival) = AsyncStream<Void>.makeStream()
    let server = ScriptedServer { _ in
      arrival.yield()
      return .silence
    }
    let client = client(server)
    defer { server.stop() }
    let task = Task { try await client.execute(HTTPRequest(path: "/")) }
    for await _ in stream { break }
    task.cancel()
    let error = await #expect(throws: HTTPClientError.self) { try await task.value }
    #expect(error?.reason == .cancelled)
    await client.close()
  }

  @Test func `says when nobody listens`() async {
    let client = HTTPClient(endpoint: HTTPEndpoint(host: "127.0.0.1", port: 1), deadline: .seconds(600))
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: "/")) }
    #expect(error?.reason == .refused && error?.description == "127.0.0.1:1: connection refused")
  }

  @Test(arguments: ["", "no-slash", "/with blank", "/line\r\nbreak", "/é"])
  func `refuses paths that cannot be sent`(_ path: String) async {
    let client = HTTPClient(endpoint: HTTPEndpoint(host: "127.0.0.1", port: 1))
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: path)) }
    #expect(error?.reason == .malformedRequest)
  }

  @Test func `refuses headers that would begin another one`() async {
    let server = ScriptedServer { _ in .json("{}") }
    let client = client(server)
    defer { server.stop() }
    let error = await #expect(throws: HTTPClientError.self) {
      try await client.execute(HTTPRequest(path: "/", headers: ["X": "1\r\nEvil: 2"]))
    }
    #expect(error?.reason == .malformedRequest && server.requests.isEmpty)
    await client.close()
  }

  @Test func `takes no request once closed`() async {
    let client = HTTPClient(endpoint: HTTPEndpoint(host: "127.0.0.1", port: 1))
    await client.close()
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: "/")) }
    #expect(error?.reason == .clientClosed)
  }
}

@Suite struct `An HTTP endpoint` {
  @Test(arguments: [
    ("http://127.0.0.1:2000", "127.0.0.1", 2000, ""), ("HTTP://localhost", "localhost", 80, ""),
    ("http://h:1/", "h", 1, ""), ("http://h:65535/a/b/", "h", 65_535, "/a/b"), ("http://[::1]:9", "::1", 9, ""),
  ])
  func `is read from its URL`(_ text: String, _ host: String, _ port: Int, _ path: String) {
    let endpoint = HTTPEndpoint(text)
    #expect(endpoint == HTTPEndpoint(host: host, port: port, basePath: path))
    #expect(endpoint.flatMap { HTTPEndpoint($0.description) } == endpoint)
  }

  @Test(arguments: [
    "", "http://", "https://h", "h:80", "http://h:0", "http://h:65536", "http://h:x", "http://h:", "http://u@h",
    "http://h?q", "http://h/a?q", "http://h /", "http://[::1", "http://[::1]x", "http://h/\r\n",
  ])
  func `is nothing else`(_ text: String) {
    #expect(HTTPEndpoint(text) == nil)
  }
}
