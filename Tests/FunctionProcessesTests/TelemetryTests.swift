import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `Telemetry` {
  /// Subscribes to everything, and notes each event.
  static func watch(_ types: String = #"["platform", "function", "extension"]"#, more: String = "") -> String {
    """
    id = register()
    def take(events, request):
        for event in events: note(event, "events")
    subscribe(id, listen(take), \(types), buffering={"timeoutMs": 25}\(more))
    while next(id)["eventType"] == "INVOKE": pass
    """
  }

  private func events(_ fixture: Fixture, _ type: String) -> [JSONValue] {
    fixture.folder.notes("events").filter { $0["type"]?.string == type }
  }

  private func types(_ fixture: Fixture) -> [String] {
    fixture.folder.notes("events").compactMap { $0["type"]?.string }
  }

  private static let coldStart = [
    "platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension",
    "platform.initReport",
  ]
  private static let invocation = ["platform.start", "platform.runtimeDone", "platform.report"]

  @Test func `tells of a cold and a warm invocation`() async throws {
    try await Fixture.extended(["watch": Self.watch(#"["platform"]"#)]) { fixture in
      let cold = try await fixture.invoke("1")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      let warm = try await fixture.invoke("22")
      #expect(await holds { types(fixture).count >= 11 })
      #expect(types(fixture) == Self.coldStart + Self.invocation + Self.invocation)
      for event in fixture.folder.notes("events") {
        #expect(event["time"]?.string?.hasSuffix("Z") == true)
        #expect(event["record"]?.object != nil)
      }
      func record(_ type: String, _ index: Int = 0) throws -> JSONValue {
        let found = events(fixture, "platform.\(type)")
        return try #require(found.indices.contains(index) ? found[index]["record"] : nil)
      }
      #expect(
        try record("initStart") == [
          "initializationType": "on-demand", "phase": "init", "functionName": "worker", "functionVersion": "$LATEST",
        ])
      #expect(
        try record("telemetrySubscription") == ["name": "watch", "state": "Subscribed", "types": ["platform"]])
      #expect(
        try record("initRuntimeDone") == ["initializationType": "on-demand", "phase": "init", "status": "success"])
      #expect(try record("extension") == ["name": "watch", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]])
      #expect(try record("initReport")["metrics"]?["durationMs"]?.number.map { $0.double > 1 } == true)
      for (index, result) in [cold, warm].enumerated() {
        let function = fixture.recorder.functions[index]
        let header = "Root=\(try #require(function.traceID));Parent=\(try #require(function.parentID));Sampled=1"
        func tracing(_ span: EntityID?) -> JSONValue {
          ["spanId": .string(span?.description ?? ""), "type": "X-Amzn-Trace-Id", "value": .string(header)]
        }
        let start = try record("start", index)
        #expect(start["requestId"]?.string == result.requestID)
        #expect(start["version"] == "$LATEST")
        #expect(start["tracing"] == tracing(function.id))
        let done = try record("runtimeDone", index)
        #expect(done["requestId"]?.string == result.requestID)
        #expect(done["status"] == "success")
        #expect(done["metrics"]?["producedBytes"]?.number?.integer == result.payload.count)
        #expect((done["metrics"]?["durationMs"]?.number?.double ?? 0) > 0)
        #expect(
          done["spans"]?.array?.compactMap { $0["name"]?.string } == [
            "responseLatency", "responseDuration", "runtimeOverhead",
          ])
        #expect(done["tracing"] == tracing(function.part("Invocation")?.id))
        let report = try record("report", index)
        #expect(report["status"] == "success")
        #expect(report["spans"]?[0]?["name"] == "extensionOverhead")
        #expect(report["tracing"] == tracing(function.id))
        let line = try #require(result.logLines.last)
        let metrics = try #require(report["metrics"])
        #expect(line.contains("Billed Duration: \(try #require(metrics["billedDurationMs"]?.number?.integer)) ms"))
        #expect(metrics["memorySizeMB"] == 512)
        #expect((metrics["initDurationMs"] != nil) == (index == 0))
      }
    }
  }

  @Test func `tells what function and extension write`() async throws {
    let bootstrap = Python.bootstrap(
      """
      def handle(id, headers, body):
          print("working", flush=True)
          respond(id, body)
      loop(handle)
      """)
    let other = """
      id = register()
      while next(id)["eventType"] == "INVOKE": print("seen", flush=True)
      """
    try await Fixture.extended(
      ["watch": Self.watch(#"["function", "extension"]"#), "other": other], bootstrap: bootstrap
    ) { fixture in
      try await fixture.invoke()
      #expect(await holds { types(fixture).count == 2 })
      #expect(events(fixture, "function").first?["record"] == "working")
      #expect(events(fixture, "extension").first?["record"] == "seen")
    }
  }

  @Test func `of what is not traced has no tracing`() async throws {
    try await Fixture.extended(["watch": Self.watch(#"["platform"]"#)], { $0.tracingMode = .passThrough }) { fixture in
      try await fixture.invoke()
      #expect(await holds { types(fixture).contains("platform.report") })
      #expect(fixture.folder.notes("events").allSatisfy { $0["record"]?["tracing"] == nil })
    }
  }

  @Test func `tells of a timeout`() async throws {
    let bootstrap = Python.bootstrap("loop(lambda id, headers, body: time.sleep(3600))")
    try await Fixture.extended(
      ["watch": Self.watch(#"["platform"]"#)], bootstrap: bootstrap, shutdownSeconds: 600, { $0.timeoutSeconds = 15 }
    ) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == "Unhandled")
      #expect(types(fixture) == Self.coldStart + Self.invocation)
      let done = events(fixture, "platform.runtimeDone").first?["record"]
      #expect(done?["status"] == "timeout")
      #expect(done?["metrics"]?["producedBytes"] == 0)
      #expect(done?["spans"] == nil)
      #expect(events(fixture, "platform.report").first?["record"]?["status"] == "timeout")
    }
  }

  @Test func `tells of errors and crashes`() async throws {
    let bootstrap = Python.bootstrap(
      """
      def handle(id, headers, body):
          if body == b"2": os._exit(4)
          fail(id, json.dumps({"errorType": "ValueError", "errorMessage": "no"}))
      loop(handle)
      """)
    try await Fixture.extended(["watch": Self.watch(#"["platform"]"#)], bootstrap: bootstrap, shutdownSeconds: 600) {
      fixture in
      try await fixture.invoke("1")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      let crash = try await fixture.invoke("2")
      #expect(
        types(fixture) == Self.coldStart + Self.invocation + [
          "platform.start", "platform.fault", "platform.runtimeDone", "platform.report",
        ])
      let done = events(fixture, "platform.runtimeDone").compactMap { $0["record"] }
      #expect(done.map { $0["status"] } == ["error", "error"])
      #expect(done.map { $0["errorType"] } == ["ValueError", "Runtime.ExitError"])
      #expect(
        events(fixture, "platform.fault").first?["record"]?.string
          == "RequestId: \(crash.requestID) Error: Runtime exited with error: exit status 4\nRuntime.ExitError")
    }
  }

  @Test func `tells of an initialization that fails`() async throws {
    let bootstrap = Python.bootstrap(
      #"""
      ask("POST", BASE + "/init/error", '{"errorMessage": "no handler", "errorType": "Runtime.HandlerNotFound"}')
      sys.exit(1)
      """#)
    try await Fixture.extended(["watch": Self.watch(#"["platform"]"#)], bootstrap: bootstrap, shutdownSeconds: 600) {
      fixture in
      let result = try await fixture.invoke()
      #expect(result.text.contains("Runtime.HandlerNotFound"))
      #expect(
        types(fixture) == Self.coldStart + [
          "platform.start", "platform.fault", "platform.runtimeDone", "platform.report",
        ])
      for type in ["initRuntimeDone", "initReport", "runtimeDone", "report"] {
        let record = events(fixture, "platform.\(type)").first?["record"]
        #expect(record?["status"] == "error", "\(type)")
        #expect(record?["errorType"] == "Runtime.HandlerNotFound", "\(type)")
      }
      #expect(await fixture.allGone())
    }
  }

  @Test func `of a runtime that is done comes before its extensions are`() async throws {
    let script = """
      id = register()
      done = threading.Event()
      def take(events, request):
          for event in events:
              note(event, "events")
              if event["type"] == "platform.runtimeDone": done.set()
      subscribe(id, listen(take), ["platform"], buffering={"timeoutMs": 25})
      while next(id)["eventType"] == "INVOKE": done.wait()
      """
    try await Fixture.extended(["watch": script]) { fixture in
      let result = try await fixture.invoke("1")
      #expect(result.text == "1")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      #expect(await holds { types(fixture).last == "platform.report" })
    }
  }

  @Test func `of a process that takes the place of another begins anew`() async throws {
    let bootstrap = Python.bootstrap(
      """
      id, headers, body = next()
      respond(id, body)
      """)
    try await Fixture.extended(["watch": Self.watch(#"["platform"]"#)], bootstrap: bootstrap, shutdownSeconds: 600) {
      fixture in
      try await fixture.invoke("1")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      let second = try await fixture.invoke("2")
      #expect(second.text == "2")
      func starts() -> [JSONValue] { events(fixture, "platform.initStart").compactMap { $0["record"]?["phase"] } }
      #expect(await holds { starts().count == 2 })
      #expect(starts() == ["init", "invoke"])
    }
  }

  @Test func `comes in the older form where that was asked for`() async throws {
    let script = Self.watch(
      #"["platform"]"#, more: #", path="/2020-08-15/logs", schemaVersion="2020-08-15""#
    ).replacing("\"schemaVersion\": \"2022-12-13\", ", with: "")
    try await Fixture.extended(["watch": script]) { fixture in
      try await fixture.invoke()
      #expect(await holds { types(fixture).contains("platform.report") })
      #expect(
        types(fixture) == [
          "platform.logsSubscription", "platform.extension", "platform.start", "platform.end", "platform.report",
        ])
      #expect(events(fixture, "platform.start").first?["record"]?.object?.members.count == 2)
      #expect(events(fixture, "platform.report").first?["record"]?.object?.members.count == 2)
    }
  }

  @Test func `comes as lines over TCP`() async throws {
    let script = """
      import socket
      listener = socket.create_server(("127.0.0.1", 0))
      def read():
          for line in listener.accept()[0].makefile(): note(json.loads(line), "events")
      threading.Thread(target=read, daemon=True).start()
      id = register()
      subscribe(id, {"protocol": "TCP", "port": listener.getsockname()[1]}, ["platform"], buffering={"timeoutMs": 25})
      while next(id)["eventType"] == "INVOKE": pass
      """
    try await Fixture.extended(["watch": script]) { fixture in
      try await fixture.invoke()
      #expect(await holds { types(fixture).count >= 8 })
      #expect(types(fixture) == Self.coldStart + Self.invocation)
    }
  }

  @Test func `is sent before the end, however long its buffers would keep it`() async throws {
    let script = """
      id = register()
      def take(events, request):
          for event in events: note(event, "events")
      subscribe(id, listen(take), ["platform"], buffering={"timeoutMs": 30000})
      while next(id)["eventType"] == "INVOKE": pass
      """
    try await Fixture.extended(["watch": script], shutdownSeconds: 600) { fixture in
      try await fixture.invoke()
      #expect(await holds { fixture.recorder.functions.count == 1 })
      #expect(types(fixture).isEmpty)
      try await fixture.service.deleteFunction("worker")
      #expect(types(fixture) == Self.coldStart + Self.invocation)
    }
  }
}
