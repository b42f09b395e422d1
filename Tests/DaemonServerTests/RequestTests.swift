import DaemonServer
import Testing

extension DaemonServerTests {
  struct Requests {
    @Test func `health, readiness and metrics are served on one connection`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        let health = try #require(await client.request("GET", "/healthz"))
        #expect(health.status == 200)
        #expect(health.body == #"{"status":"ok"}"#)
        #expect(await client.request("GET", "/readyz?verbose=1")?.status == 200)
        backend.set { $0.unreadiness = ["no region", "spool \"full\""] }
        let unready = await client.request("GET", "/readyz")
        #expect(unready?.status == 503)
        #expect(unready?.body == #"{"status":"not ready","reasons":["no region","spool \"full\""]}"#)
        let metrics = await client.request("GET", "/metrics")
        #expect(metrics?.body == "up 1\n")
        #expect(metrics?.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let head = await client.request("HEAD", "/healthz")
        #expect(head?.headers["content-length"] == "15")
        #expect(await client.request("GET", "/healthz")?.status == 200)
        #expect(server.counts.requests[.init(path: "/readyz", statusClass: 5)] == 1)
        #expect(server.counts.requests[.init(path: "/healthz", statusClass: 2)] == 3)
        #expect(server.counts.connectionsAccepted == 1)
      }
    }

    @Test func `sampling requests are passed on with selected headers only`() async throws {
      try await withServer { server, backend in
        backend.set {
          $0.response = ProxyResponse(
            status: 429, headers: ["X-Amzn-RequestId": "r1", "Connection": "close", "Transfer-Encoding": "chunked"],
            body: Array("{\"message\":\"slow down\"}".utf8))
        }
        let client = try Client(port: server.port)
        let response = await client.request(
          "POST", "/SamplingTargets?x=1",
          headers: "Content-Type: application/json\r\nAuthorization: secret\r\nCookie: a=b\r\nX-Amz-Date: now\r\n",
          body: "{\"a\":1}")
        #expect(response?.status == 429)
        #expect(response?.body == "{\"message\":\"slow down\"}")
        #expect(response?.headers["x-amzn-requestid"] == "r1")
        #expect(response?.headers["connection"] == nil)
        #expect(await client.request("POST", "/GetSamplingRules")?.status == 429)
        let forwarded = backend.current.forwarded
        #expect(forwarded.map(\.path) == ["/SamplingTargets", "/GetSamplingRules"])
        #expect(forwarded[0].headers.map(\.name) == ["Content-Type"])
        #expect(String(decoding: forwarded[0].body, as: UTF8.self) == "{\"a\":1}")
        #expect(forwarded[1].body.isEmpty)
      }
    }

    @Test func `the rest of the X-Ray API is refused and other mistakes are told from it`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        let refused = await client.request("POST", "/TraceSummaries")
        #expect(refused?.status == 403)
        #expect(refused?.body.contains("/GetSamplingRules, /SamplingTargets") == true)
        #expect(await client.request("DELETE", "/Groups")?.status == 403)
        #expect(await client.request("GET", "/nothing")?.status == 404)
        let wrong = await client.request("GET", "/GetSamplingRules")
        #expect(wrong?.status == 405)
        #expect(wrong?.headers["allow"] == "POST")
        #expect(await client.request("PUT", "/metrics")?.status == 405)
        #expect(await client.request("GET", "/healthz")?.status == 200)
        #expect(backend.current.forwarded.isEmpty)
        #expect(server.refusals("not on the allow-list") == 2)
        #expect(server.refusals("wrong method") == 2)
      }
    }

    @Test func `the allow-list can be another one`() async throws {
      try await withServer {
        $0.proxiedPaths = ["/TraceSummaries"]
      } _: { server, _ in
        let client = try Client(port: server.port)
        #expect(await client.request("POST", "/TraceSummaries")?.status == 200)
        #expect(await client.request("POST", "/GetSamplingRules")?.status == 403)
      }
    }

    @Test(arguments: [
      ("localhost", 200), ("LOCALHOST:2000", 200), ("localhost.", 200), ("a.localhost", 200), ("127.0.0.1:1", 200),
      ("127.9.9.9", 200), ("[::1]:2000", 200), ("10.0.0.1", 200), ("xray.internal", 200), ("XRay.internal:2000", 200),
      ("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("127.evil", 403),
      ("xray.internal.evil", 403), ("", 400), ("[::1", 400), ("a:b", 400), ("user@localhost", 403),
    ])
    func `only known host names are served on loopback`(host: String, status: Int) async throws {
      try await withServer {
        $0.allowedHosts = ["xray.internal"]
      } _: { server, _ in
        let client = try Client(port: server.port)
        #expect(await client.request("GET", "/healthz", host: host)?.status == status)
      }
    }

    @Test func `any host name is good on other addresses unless names are given`() async throws {
      try await withServer {
        $0.host = "0.0.0.0"
      } _: { server, _ in
        #expect(await fetch(server.port, "GET", "/healthz", host: "x.example")?.status == 200)
      }
      try await withServer {
        $0.host = "0.0.0.0"
        $0.allowedHosts = ["xray.example"]
      } _: { server, _ in
        #expect(await fetch(server.port, "GET", "/healthz", host: "x.example")?.status == 403)
        #expect(await fetch(server.port, "GET", "/healthz", host: "xray.example")?.status == 200)
      }
    }

    @Test func `a request names its host once`() async throws {
      try await withServer { server, _ in
        let client = try Client(port: server.port)
        #expect(await client.request("GET", "/healthz", headers: "Host: localhost\r\n")?.status == 400)
        await client.send("GET /healthz HTTP/1.1\r\n\r\n")
        #expect(await client.response()?.status == 400)
        await client.send("GET /healthz HTTP/1.0\r\n\r\n")
        let old = await client.response()
        #expect(old?.status == 200)
        #expect(old?.headers["connection"] == "close")
        #expect(await client.isEnded())
      }
    }

    @Test(arguments: [
      ("http://localhost:2000", 200), ("http://LOCALHOST:2000", 200), ("http://localhost:3000", 403),
      ("https://evil.example", 403), ("null", 403), ("", 403),
    ])
    func `posts from pages of other sites are refused`(origin: String, status: Int) async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        let response = await client.request(
          "POST", "/GetSamplingRules", headers: "Origin: \(origin)\r\n", host: "localhost:2000")
        #expect(response?.status == status)
        #expect(backend.current.forwarded.count == (status == 200 ? 1 : 0))
      }
    }

    @Test func `pipelined requests are answered in order, also behind a slow one`() async throws {
      try await withServer { server, backend in
        backend.set { $0.delay = .milliseconds(150) }
        let client = try Client(port: server.port)
        let requests = [
          Client.request("GET", "/metrics"), Client.request("POST", "/GetSamplingRules", body: "{}"),
          Client.request("GET", "/healthz"), Client.request("GET", "/nothing"),
          Client.request("POST", "/SamplingTargets", body: "{}"), Client.request("GET", "/readyz"),
        ]
        await client.send(requests.joined())
        var answers: [String] = []
        for _ in requests { answers.append(await client.response()?.body ?? "-") }
        #expect(
          answers == [
            "up 1\n", "{}", #"{"status":"ok"}"#, #"{"message":"no such path"}"#, "{}", #"{"status":"ready"}"#,
          ])
      }
    }

    @Test func `a client that only sends gets its answers before the end`() async throws {
      try await withServer { server, backend in
        backend.set { $0.delay = .milliseconds(100) }
        let client = try Client(port: server.port)
        await client.send(Client.request("POST", "/GetSamplingRules") + Client.request("GET", "/healthz"))
        await client.endOutput()
        #expect(await client.response()?.body == "{}")
        #expect(await client.response()?.status == 200)
        #expect(await client.isEnded())
      }
    }

    @Test func `a body may come in chunks and after a 100 Continue`() async throws {
      try await withServer { server, backend in
        let client = try Client(port: server.port)
        await client.send(
          "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
        #expect(await client.response()?.status == 200)
        await client.send(
          "POST /GetSamplingRules HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(await client.response()?.status == 100)
        await client.send("xyz")
        #expect(await client.response()?.status == 200)
        #expect(backend.current.forwarded.map { String(decoding: $0.body, as: UTF8.self) } == ["abcde", "xyz"])
        await client.send(
          "POST /Traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(await client.response()?.status == 403)
        #expect(await client.isEnded())
      }
    }

    @Test func `an offer to speak HTTP 2 is passed over`() async throws {
      try await withServer { server, backend in
        let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        let client = try Client(port: server.port)
        #expect(await client.request("GET", "/healthz", headers: upgrade)?.headers["connection"] == "close")
        #expect(await client.isEnded())
        let posting = try Client(port: server.port)
        #expect(await posting.request("POST", "/GetSamplingRules", headers: upgrade, body: "{\"a\":1}")?.status == 200)
        #expect(backend.current.forwarded.map { String(decoding: $0.body, as: UTF8.self) } == ["{\"a\":1}"])
        let tunnel = try Client(port: server.port)
        await tunnel.send("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(await tunnel.response()?.status == 404)
        #expect(await tunnel.isEnded())
      }
    }

    @Test func `an unknown expectation is not met`() async throws {
      try await withServer { server, _ in
        let client = try Client(port: server.port)
        #expect(
          await client.request("POST", "/GetSamplingRules", headers: "Expect: wonders\r\n", body: "a")?.status == 417)
      }
    }
  }
}
