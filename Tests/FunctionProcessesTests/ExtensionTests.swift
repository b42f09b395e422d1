import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `An extension` {
  static let watch = """
    id = register()
    while True:
        event = next(id)
        note(event)
        if event["eventType"] == "SHUTDOWN": sys.exit(0)
    """

  @Test func `of its own process is told of invocations and of the end`() async throws {
    try await Fixture.extended(["watch": Self.watch]) { fixture in
      let cold = try await fixture.invoke("1")
      #expect(cold.text == "1")
      #expect(cold.logLines.contains("EXTENSION\tName: watch\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"))
      let warm = try await fixture.invoke("2")
      #expect(await holds { fixture.folder.notes().count == 2 })
      #expect(await holds { fixture.recorder.functions.count == 2 })
      try await fixture.service.deleteFunction("worker")
      #expect(await fixture.allGone())
      let events = fixture.folder.notes()
      try #require(events.map { $0["eventType"] } == ["INVOKE", "INVOKE", "SHUTDOWN"])
      for (index, function) in fixture.recorder.functions.enumerated() {
        let event = events[index]
        #expect(event["requestId"]?.string == [cold, warm][index].requestID)
        #expect(event["invokedFunctionArn"]?.string?.hasSuffix(":function:worker") == true)
        #expect(event["tracing"]?["type"] == "X-Amzn-Trace-Id")
        let header = try TraceHeader(parsing: try #require(event["tracing"]?["value"]?.string))
        #expect(header.root == function.traceID)
        #expect(header.parent == function.parentID)
        #expect(header.sampling == .sampled)
        #expect((event["deadlineMs"]?.number?.integer ?? 0) > 0)
      }
      #expect(events.last?["shutdownReason"] == "spindown")
      #expect((events.last?["deadlineMs"]?.number?.integer ?? 0) > 0)
    }
  }

  @Test func `has the function's variables without the runtime's, and an answer that says whose it is`() async throws {
    let script = """
      status, headers, body = ask("POST", EXTENSION + "/register", '{"events": []}',
          {"Lambda-Extension-Name": NAME, "Lambda-Extension-Accept-Feature": "accountId"})
      note({"status": status, "answer": json.loads(body), "env": dict(os.environ)})
      next(headers["Lambda-Extension-Identifier"])
      """
    try await Fixture.extended(["watch": script], { $0.environment["MINE"] = "yes" }) { fixture in
      try await fixture.invoke()
      let noted = try #require(fixture.folder.notes().first)
      #expect(noted["status"] == 200)
      #expect(
        noted["answer"]
          == [
            "functionName": "worker", "functionVersion": "$LATEST", "handler": "bootstrap",
            "accountId": "123456789012",
          ])
      #expect(noted["env"]?["MINE"] == "yes")
      #expect(noted["env"]?["AWS_LAMBDA_FUNCTION_NAME"] == "worker")
      #expect(noted["env"]?["_HANDLER"] == nil)
      #expect(noted["env"]?["AWS_XRAY_DAEMON_ADDRESS"] == nil)
    }
  }

  @Test func `inside the runtime is told of invocations, and may not ask for the end`() async throws {
    let script = #"""
      import threading
      EXTENSION = "/2020-01-01/extension"
      def note(value):
          with open("notes", "a") as out: out.write(json.dumps(value) + "\n")
      refused = ask("POST", EXTENSION + "/register", '{"events": ["SHUTDOWN"]}', {"Lambda-Extension-Name": "inner"})
      note([refused[0], json.loads(refused[2])["errorType"]])
      id = ask("POST", EXTENSION + "/register", '{"events": ["INVOKE"]}', {"Lambda-Extension-Name": "inner"})[1]["Lambda-Extension-Identifier"]
      def watch():
          while True: note(json.loads(ask("GET", EXTENSION + "/event/next", None, {"Lambda-Extension-Identifier": id})[2])["eventType"])
      threading.Thread(target=watch, daemon=True).start()
      def handle(id, headers, body): respond(id, body)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke("1")
      #expect(result.text == "1")
      #expect(await holds { fixture.folder.notes() == [[403, "Extension.InvalidEventType"], "INVOKE"] })
    }
  }

  @Test func `is told what it may not do`() async throws {
    let script = #"""
      IDENTIFIER, NAMED = "Lambda-Extension-Identifier", "Lambda-Extension-Name"
      def tell(name, answer):
          note([name, answer[0], json.loads(answer[2]).get("errorType")])
      def post(path, body, headers): return ask("POST", EXTENSION + path, body, headers)
      tell("no name", post("/register", '{"events": []}', {}))
      tell("long name", post("/register", '{"events": []}', {NAMED: "x" * 1000}))
      tell("no json", post("/register", b"\xff\x00{", {NAMED: NAME}))
      tell("deep json", post("/register", "[" * 30000, {NAMED: NAME}))
      tell("a list", post("/register", "[]", {NAMED: NAME}))
      tell("numbers", post("/register", '{"events": [1]}', {NAMED: NAME}))
      tell("other events", post("/register", '{"events": ["RESTART"]}', {NAMED: NAME}))
      tell("too much", post("/register", '{"events": ["' + "x" * 70000 + '"]}', {NAMED: NAME}))
      tell("method", ask("GET", EXTENSION + "/register"))
      tell("path", ask("GET", EXTENSION + "/event"))
      tell("no identifier", ask("GET", EXTENSION + "/event/next"))
      tell("no uuid", ask("GET", EXTENSION + "/event/next", None, {IDENTIFIER: "me"}))
      tell("unknown", ask("GET", EXTENSION + "/event/next", None, {IDENTIFIER: "0" * 8 + "-0000-4000-8000-" + "0" * 12}))
      id = register()
      tell("again", post("/register", '{"events": []}', {NAMED: NAME}))
      tell("no type", post("/init/error", "{}", {IDENTIFIER: id}))
      for number in range(9): register(["INVOKE"], "inner-%d" % number)
      tell("twice", post("/register", '{"events": []}', {NAMED: "inner-1"}))
      tell("eleventh", post("/register", '{"events": []}', {NAMED: "inner-9"}))
      open("done", "w").close()
      time.sleep(3600)
      """#
    // The runtime leaves time to register.
    let bootstrap = Python.bootstrap("time.sleep(3600)")
    try await Fixture.extended(["watch": script], bootstrap: bootstrap) { fixture in
      await withTaskGroup { group in
        group.addTask { _ = try? await fixture.invoke() }
        #expect(await holds { access("\(fixture.folder.path)/done", F_OK) == 0 })
        group.cancelAll()
      }
      let expected: [JSONValue] = [
        ["no name", 403, "Extension.InvalidExtensionName"], ["long name", 403, "Extension.InvalidExtensionName"],
        ["no json", 403, "InvalidRequestFormat"], ["deep json", 403, "InvalidRequestFormat"],
        ["a list", 403, "InvalidRequestFormat"], ["numbers", 403, "InvalidRequestFormat"],
        ["other events", 403, "Extension.InvalidEventType"], ["too much", 413, "RequestEntityTooLarge"],
        ["method", 405, "MethodNotAllowed"], ["path", 404, "NotFound"],
        ["no identifier", 403, "Extension.MissingExtensionIdentifier"],
        ["no uuid", 403, "Extension.InvalidExtensionIdentifier"],
        ["unknown", 403, "Extension.UnknownExtensionIdentifier"], ["again", 403, "Extension.InvalidExtensionState"],
        ["no type", 403, "Extension.MissingHeader"], ["twice", 403, "Extension.InvalidExtensionState"],
        ["eleventh", 403, "Extension.TooManyExtensions"],
      ]
      #expect(fixture.folder.notes() == expected)
      #expect(await fixture.allGone())
    }
  }

  @Test func `registers before the environment is initialized, or never`() async throws {
    let script = """
      def handle(id, headers, body):
          status, _, answer = ask("POST", "/2020-01-01/extension/register", '{"events": []}', {"Lambda-Extension-Name": "late"})
          respond(id, json.dumps([status, json.loads(answer)["errorType"]]))
      loop(handle)
      """
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text == #"[403, "Extension.RegistrationClosed"]"#)
    }
  }

  @Test func `is waited for by the initialization, before and after the runtime`() async throws {
    let script = """
      time.sleep(0.2)
      note("registers")
      id = register([])
      wait("runtime")
      time.sleep(0.2)
      note("is ready")
      next(id)
      """
    let bootstrap = Python.bootstrap(
      #"""
      with open("notes", "a") as out: out.write('"runtime"\n')
      open("runtime", "w").close()
      def handle(id, headers, body): respond(id, json.dumps(open("notes").read().split("\n")))
      loop(handle)
      """#)
    try await Fixture.extended(["slow": script], bootstrap: bootstrap) { fixture in
      let answer = try JSONValue(parsing: try await fixture.invoke().text)
      #expect(answer == ["\"registers\"", "\"runtime\"", "\"is ready\"", ""])
      let initialization = try #require(fixture.recorder.functions.first?.part("Initialization"))
      #expect(initialization.start.duration(to: try #require(initialization.end)) >= .milliseconds(400))
    }
  }

  @Test(arguments: [false, true])
  func `holds up its environment, not the answer`(freezes: Bool) async throws {
    let script = """
      id = register(["INVOKE"])
      next(id)
      while True:
          wait("go")
          next(id)
      """
    let bootstrap = Python.bootstrap("loop(lambda id, headers, body: respond(id, str(os.getpid())))")
    try await Fixture.extended(["slow": script], bootstrap: bootstrap, freezes: freezes) { fixture in
      let first = try await fixture.invoke()
      #expect(first.logLines.last?.hasPrefix("REPORT") == true)
      #expect(fixture.recorder.services.count == 1)
      #expect(fixture.recorder.functions.isEmpty)
      // That environment is busy.
      let second = try await fixture.invoke()
      #expect(second.text != first.text)
      try fixture.folder.write("go", "")
      #expect(await holds { fixture.recorder.functions.count == 2 })
      let third = try await fixture.invoke()
      #expect([first.text, second.text].contains(third.text))
      #expect(await holds { fixture.recorder.functions.count == 3 })
      let service = try #require(fixture.recorder.services.first)
      let function = try #require(fixture.recorder.functions.first { $0.parentID == service.id })
      let overhead = try #require(function.part("Overhead"))
      #expect(function.end == overhead.end)
      #expect(try #require(service.end) < (try #require(function.end)))
      for name in ["responseLatency", "responseDuration", "runtimeOverhead", "extensionOverhead"] {
        #expect(function.annotation("aws:\(name)") != nil, "\(name)")
      }
    }
  }

  @Test func `that another program's package looks like is none`() async throws {
    try await Fixture.run(["bootstrap": Python.echo, "extensions/__init__.py": "\n"]) { fixture in
      chmod("\(fixture.folder.path)/extensions/__init__.py", 0o644)
      mkdir("\(fixture.folder.path)/extensions/folder", 0o755)
      let result = try await fixture.invoke("1")
      #expect(result.text == "1")
      #expect(!result.logLines.contains { $0.hasPrefix("EXTENSION") })
    }
  }
}
