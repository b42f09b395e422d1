import NIOCore
import NIOPosix
import SecureHTTP
import Testing
import XRayHTTP

@Suite struct `Outgoing HTTP` {
  private func trusting() throws -> CertificateCheck {
    .authorities(path: try Certificates.made.get().authority)
  }

  private func get(_ url: String, _ http: OutgoingHTTP, deadline: Duration = .seconds(600)) async throws -> String {
    let client = http.client(for: try #require(HTTPEndpoint(url: url)), deadline: deadline)
    do {
      let response = try await client.execute(HTTPRequest(path: "/"))
      await client.close()
      return String(decoding: response.body, as: UTF8.self)
    } catch {
      await client.close()
      throw error
    }
  }

  @Test func `speaks TLS and says which server it means`() async throws {
    try await SecureServer.run { server in
      let http = OutgoingHTTP(certificates: try trusting())
      let client = http.client(
        for: HTTPEndpoint(host: "localhost", port: server.port, isSecure: true), deadline: .seconds(600))
      for _ in 0..<3 {
        let response = try await client.execute(
          HTTPRequest(.POST, path: "/", body: [UInt8](repeating: 1, count: 60_000)))
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
      }
      await client.close()
      #expect(try await get("https://127.0.0.1:\(server.port)", http) == "hello")
      // One connection for the three requests; an address is no name for SNI.
      #expect(server.names == ["localhost", nil])
    }
  }

  @Test func `does not talk to a server whose certificate nobody trusted signed`() async throws {
    try await SecureServer.run { server in
      let error = await #expect(throws: HTTPClientError.self) {
        try await get("https://localhost:\(server.port)", OutgoingHTTP())
      }
      #expect(error?.reason == .untrusted && error?.server == "localhost:\(server.port)")
      #expect(error?.detail?.contains("no trusted authority") == true, "\(String(describing: error))")
      // Unless it is told not to look.
      let text = try await get("https://localhost:\(server.port)", OutgoingHTTP(certificates: .none))
      #expect(text == "hello")
    }
  }

  /// The certificate is for the address of the proxy too, which is not whom the request is meant for.
  @Test(arguments: ["other.test", "sub.xray.test", "wild.test", "a.b.wild.test", "10.0.0.1"])
  func `does not talk to a server with a certificate for another name`(_ host: String) async throws {
    try await SecureServer.run { server in
      try await ProxyServer.run(target: server.port) { proxy in
        let rules = try ProxyRules(address: "127.0.0.1:\(proxy.port)", environment: [:])
        let http = OutgoingHTTP(certificates: try trusting(), proxies: rules)
        let error = await #expect(throws: HTTPClientError.self) { try await get("https://\(host)", http) }
        #expect(error?.reason == .untrusted && error?.server == host)
        #expect(error?.detail?.contains("another name") == true, "\(String(describing: error))")
        let text = try await get("https://A.wild.test", http)
        #expect(text == "hello")
      }
    }
  }

  @Test func `gives up at the deadline when TLS does not come about`() async throws {
    try await ProxyServer.run(answer: "HTTP/1.1 400 Bad Request\r\n\r\n") { server in
      // The proxy's stand-in waits for the end of a head, which a TLS greeting does not have.
      let error = await #expect(throws: HTTPClientError.self) {
        try await get(
          "https://localhost:\(server.port)", OutgoingHTTP(certificates: .none), deadline: .milliseconds(50))
      }
      #expect(error?.reason == .timedOut, "\(String(describing: error))")
    }
  }

  @Test func `reports certificates that cannot be read`() async throws {
    try await SecureServer.run { server in
      let http = OutgoingHTTP(certificates: .authorities(path: "/nonexistent.pem"))
      let error = await #expect(throws: HTTPClientError.self) {
        try await get("https://localhost:\(server.port)", http)
      }
      #expect(error?.reason == .untrusted, "\(String(describing: error))")
    }
  }

  @Test func `asks the proxy for a way through, with its user and password`() async throws {
    try await SecureServer.run { server in
      try await ProxyServer.run(target: server.port) { proxy in
        let rules = try ProxyRules(
          address: nil, environment: ["HTTPS_PROXY": "http://me:p%40ss@127.0.0.1:\(proxy.port)/"])
        let http = OutgoingHTTP(certificates: try trusting(), proxies: rules)
        #expect(try await get("https://xray.test", http) == "hello")
        // me:p@ss
        #expect(
          proxy.heads == [
            "CONNECT xray.test:443 HTTP/1.1\r\nHost: xray.test:443\r\nProxy-Authorization: Basic bWU6cEBzcw==\r\n\r\n"
          ])
        #expect(server.names == ["xray.test"])
      }
    }
  }

  @Test func `sends plain requests with their whole URL to the proxy`() async throws {
    try await ProxyServer.run(answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") { proxy in
      let rules = try ProxyRules(address: "http://u:@127.0.0.1:\(proxy.port)", environment: [:])
      #expect(try await get("http://xray.test:8080/base", OutgoingHTTP(proxies: rules)) == "ok")
      let head = try #require(proxy.heads.first)
      #expect(head.hasPrefix("GET http://xray.test:8080/base/ HTTP/1.1\r\n"))
      #expect(head.contains("Host: xray.test:8080\r\n") && head.contains("Proxy-Authorization: Basic dTo=\r\n"))
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407 Proxy Authentication Required"),
    ("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "403 Forbidden"),
    ("SSH-2.0\r\n\r\n", "no HTTP answer"),
  ])
  func `says what the proxy answered`(_ answer: String, _ detail: String) async throws {
    try await ProxyServer.run(answer: answer) { proxy in
      let rules = try ProxyRules(address: "127.0.0.1:\(proxy.port)", environment: [:])
      let error = await #expect(throws: HTTPClientError.self) {
        try await get("https://xray.test", OutgoingHTTP(proxies: rules))
      }
      #expect(error == HTTPClientError(.proxyRefused, server: "127.0.0.1:\(proxy.port)", detail: detail))
    }
  }

  @Test func `says that the proxy is not there`() async throws {
    let rules = try ProxyRules(address: "127.0.0.1:1", environment: [:])
    let error = await #expect(throws: HTTPClientError.self) {
      try await get("https://xray.test", OutgoingHTTP(proxies: rules))
    }
    #expect(error == HTTPClientError(.refused, server: "127.0.0.1:1"))
  }

  @Test func `keeps to the event loop it is given, and so do tasks that run there`() async throws {
    try await SecureServer.run { server in
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let http = OutgoingHTTP(certificates: try trusting(), eventLoopGroup: group)
      let loop = group.next()
      let task = Task(executorPreference: EventLoopExecutor(loop)) {
        let text = try await get("https://localhost:\(server.port)", http)
        return loop.inEventLoop ? text : "elsewhere"
      }
      #expect(try await task.value == "hello")
      try await group.shutdownGracefully()
    }
  }
}

@Suite struct `A client without TLS` {
  @Test func `says that it has none`() async {
    let client = HTTPClient(endpoint: HTTPEndpoint(host: "localhost", port: 1, isSecure: true))
    let error = await #expect(throws: HTTPClientError.self) { try await client.execute(HTTPRequest(path: "/")) }
    #expect(error?.description == "localhost:1: https needs a client with TLS")
  }
}

@Suite struct `The endpoint of a URL` {
  @Test(arguments: [
    ("https://h", "h", 443, "", true), ("HTTPS://h:80/a/", "h", 80, "/a", true),
    ("https://[::1]", "::1", 443, "", true),
    ("http://h:443", "h", 443, "", false), ("http://h", "h", 80, "", false),
  ])
  func `may be secure`(_ url: String, _ host: String, _ port: Int, _ path: String, _ isSecure: Bool) {
    let endpoint = HTTPEndpoint(url: url)
    #expect(endpoint == HTTPEndpoint(host: host, port: port, basePath: path, isSecure: isSecure))
    #expect(endpoint.flatMap { HTTPEndpoint(url: $0.description) } == endpoint)
  }

  @Test(arguments: ["https:/h", "https:", "https://", "httpss://h", "https://u@h", "https://h?q", "https//h"])
  func `is nothing else`(_ url: String) {
    #expect(HTTPEndpoint(url: url) == nil)
  }
}
