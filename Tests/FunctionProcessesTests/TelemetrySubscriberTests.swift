import Glibc
import LambdaEmitter
import Testing
import XRayModel

@testable import FunctionProcesses

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `A subscriber to telemetry` {
  static let writer = Python.bootstrap(
    """
    line = "x" * 999 + "\\n"
    def handle(id, headers, body):
        for count in range(int(body)): sys.stdout.write(line)
        sys.stdout.flush()
        respond(id, body)
    loop(handle)
    """)

  @Test func `that is slow loses what its buffers cannot hold, and is told how much`() async throws {
    let script = """
      id = register()
      def take(events, request):
          note([[event["type"], event["record"]] if event["type"] == "platform.logsDropped" else len(event["record"])
              for event in events], "batches")
          wait("go")
      subscribe(id, listen(take), ["function", "platform"], buffering={"timeoutMs": 25})
      while next(id)["eventType"] == "INVOKE": pass
      """
    try await Fixture.extended(["slow": script], bootstrap: Self.writer) { fixture in
      let result = try await fixture.invoke("2000")
      #expect(result.text == "2000")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      let before = fixture.folder.notes("batches").count
      #expect(before <= 1)
      try fixture.folder.write("go", "")
      func dropped() -> [JSONValue] {
        fixture.folder.notes("batches").flatMap { $0.array ?? [] }.filter { $0[0] == "platform.logsDropped" }
      }
      #expect(await holds { !dropped().isEmpty })
      let record = try #require(dropped().first?[1])
      let records = try #require(record["droppedRecords"]?.number?.integer)
      #expect(records > 1000)
      #expect(try #require(record["droppedBytes"]?.number?.integer) > records * 999)
      #expect(record["reason"]?.string?.isEmpty == false)
    }
  }

  @Test(arguments: [
    "listen(take)", #"{"protocol": "HTTP", "URI": "http://sandbox:1/"}"#, #"{"protocol": "TCP", "port": 1}"#,
  ])
  func `that is gone, refuses or hangs holds up nobody`(destination: String) async throws {
    let script = """
      id = register()
      answers = [500, None]
      def take(events, request):
          if answers.pop(0): request.send_error(500)
          else: time.sleep(3600)
      subscribe(id, \(destination), buffering={"timeoutMs": 25})
      while next(id)["eventType"] == "INVOKE": pass
      """
    try await Fixture.extended(["gone": script], bootstrap: Self.writer) { fixture in
      for _ in 0..<3 {
        let result = try await fixture.invoke("100")
        #expect(result.text == "100")
      }
      try await fixture.service.deleteFunction("worker")
      #expect(await fixture.allGone())
    }
  }

  @Test func `is told what it may not do`() async throws {
    let script = #"""
      HTTP = {"protocol": "HTTP", "URI": "http://sandbox.localdomain:9000/x"}
      def tell(answer):
          note([answer[0], json.loads(answer[2]) if answer[0] == 200 else json.loads(answer[2])["errorType"]])
      tell(subscribe("nobody", HTTP))
      id = register(["INVOKE"])
      tell(subscribe(id, HTTP, types=[]))
      tell(subscribe(id, {"protocol": "HTTP", "URI": "http://example.com:80/"}))
      tell(ask("PUT", "/2022-07-01/telemetry", b"\xff" * 60000, {"Lambda-Extension-Identifier": id}))
      tell(ask("PUT", "/2022-07-01/telemetry", b"x" * 70000, {"Lambda-Extension-Identifier": id}))
      tell(subscribe(id, HTTP))
      tell(subscribe(id, HTTP, path="/2020-08-15/logs", schemaVersion="2020-08-15"))
      tell(subscribe(id, HTTP, path="/2022-07-01/telemetry/"))
      next(id)
      tell(subscribe(id, HTTP))
      next(id)
      """#
    try await Fixture.extended(["watch": script]) { fixture in
      try await fixture.invoke()
      let expected: [JSONValue] = [
        [403, "Extension.InvalidExtensionIdentifier"], [400, "ValidationError"], [400, "ValidationError"],
        [400, "ValidationError"], [413, "RequestEntityTooLarge"], [200, "OK"], [400, "ValidationError"], [200, "OK"],
        [403, "Telemetry.SubscriptionClosed"],
      ]
      #expect(await holds { fixture.folder.notes().count == expected.count })
      #expect(fixture.folder.notes() == expected)
    }
  }

  private static let destination = #""destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080"}"#

  @Test(arguments: [
    "", "1", "[]", "{}", #"{"types": ["platform"], \#(destination)}"#,
    #"{"schemaVersion": "2021-01-01", "types": ["platform"], \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": "platform", \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform", "all"], \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"]}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"], "buffering": 1, \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"], "buffering": {"maxItems": 999}, \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"], "buffering": {"maxItems": 1e300}, \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"], "buffering": {"maxBytes": 1048577}, \#(destination)}"#,
    #"{"schemaVersion": "2022-07-01", "types": ["platform"], "buffering": {"timeoutMs": 24.5}, \#(destination)}"#,
  ])
  func `has to say what it wants`(body: String) {
    let error = #expect(throws: ExtensionError.self) {
      try TelemetrySubscription(Array(body.utf8), api: .telemetry, name: "watch")
    }
    #expect(error?.status == .badRequest)
  }

  @Test(arguments: [
    ("http://sandbox.localdomain:8080", 8080, "/"), ("http://sandbox:80/a/b?c=d#e", 80, "/a/b?c=d"),
    ("http://sandbox.localdomain", 80, "/"), ("http://sandbox:1?x", 1, "/?x"),
  ])
  func `is in the environment itself`(uri: String, port: Int, path: String) throws {
    guard case .http(_, port, path) = try subscription(to: uri).destination else {
      Issue.record("another destination")
      return
    }
  }

  @Test(arguments: [
    "http://127.0.0.1:80", "http://localhost", "https://sandbox.localdomain", "http://sandbox.localdomain.example.com",
    "http://sandbox.localdomain:0", "http://sandbox.localdomain:65536", "http://sandbox.localdomain:-1",
    "http://sandbox.localdomain:", "http://sandbox:80:80/", "http://me@sandbox/", "http://", "",
    "http://sandbox/\r\nHost: x", "http://sandbox/\u{e9}", "http://sandbox/" + String(repeating: "x", count: 3000),
  ])
  func `is nowhere else`(uri: String) {
    #expect(throws: ExtensionError.self) { try subscription(to: uri) }
  }

  private func subscription(to uri: String) throws -> TelemetrySubscription {
    let body: JSONValue = [
      "schemaVersion": "2022-07-01", "types": ["platform"], "destination": ["protocol": "HTTP", "URI": .string(uri)],
    ]
    var writer = JSONWriter()
    writer.value(body)
    return try TelemetrySubscription(writer.bytes, api: .telemetry, name: "watch")
  }
}
