import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `An extension that fails` {
  private func type(_ result: InvocationResult) throws -> String? {
    try JSONValue(parsing: result.payload.span)["errorType"]?.string
  }

  @Test(arguments: [
    ("sys.exit(3)", "Extension.Crash", "exit status 3"),
    ("register(); os.abort()", "Extension.Crash", "signal: aborted"),
    (
      #"""
      ask("POST", EXTENSION + "/init/error", "{}", {"Lambda-Extension-Identifier": register(), "Lambda-Extension-Function-Error-Type": "Extension.NoKey"}); sys.exit(1)
      """#, "Extension.InitError", "Extension.NoKey"
    ),
  ])
  func `during initialization fails it`(script: String, type: String, reason: String) async throws {
    try await Fixture.extended(["watch": script]) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == "Unhandled")
      #expect(try self.type(result) == type)
      #expect(result.text.contains(reason))
      let function = try #require(fixture.recorder.functions.first)
      #expect(function.partNames == ["Initialization"])
      #expect(function.part("Initialization")?.isError == true)
      #expect(await fixture.allGone())
    }
  }

  @Test func `by not being a program fails the initialization`() async throws {
    try await Fixture.run(["bootstrap": Python.echo, "extensions/watch": "#!/nowhere/at/all\n"]) { fixture in
      let result = try await fixture.invoke()
      #expect(try type(result) == "Extension.LaunchError")
    }
  }

  @Test func `by being the eleventh fails the initialization`() async throws {
    let many = Dictionary(uniqueKeysWithValues: (0..<11).map { ("watch-\($0)", "next(register())") })
    try await Fixture.extended(many) { fixture in
      let result = try await fixture.invoke()
      #expect(try type(result) == "Extension.LaunchError")
      #expect(fixture.survivors.isEmpty)
    }
  }

  @Test(arguments: [
    ("os._exit(7)", "Extension.Crash", "exit status 7"),
    (
      #"""
      ask("POST", EXTENSION + "/exit/error", "{}", {"Lambda-Extension-Identifier": id, "Lambda-Extension-Function-Error-Type": "Extension.Full"})
      """#, "Extension.ExitError", "Extension.Full"
    ),
  ])
  func `during an invocation fails that, tells the others, and costs the environment`(
    end: String, type: String, reason: String
  ) async throws {
    let script = """
      id = register(["INVOKE"])
      next(id)
      if not os.path.exists("failed"):
          open("failed", "w").close()
          \(end)
      next(id)
      """
    let other = """
      id = register(["SHUTDOWN"])
      note(next(id))
      """
    let bootstrap = Python.bootstrap(
      """
      def handle(id, headers, body):
          if body == b"1": time.sleep(3600)
          respond(id, body)
      loop(handle)
      """)
    try await Fixture.extended(["bad": script, "good": other], bootstrap: bootstrap) { fixture in
      let result = try await fixture.invoke("1")
      #expect(try self.type(result) == type)
      #expect(result.text.contains(reason))
      #expect(fixture.folder.notes().first?["shutdownReason"] == "failure")
      let next = try await fixture.invoke("2")
      #expect(next.text == "2")
      #expect(fixture.recorder.functions.last?.part("Initialization") != nil)
    }
  }

  @Test func `after the answer costs the environment`() async throws {
    let script = """
      id = register(["INVOKE"])
      next(id)
      wait("go")
      os._exit(1)
      """
    try await Fixture.extended(["bad": script]) { fixture in
      let first = try await fixture.invoke("1")
      #expect(first.text == "1")
      try fixture.folder.write("go", "")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      #expect(await fixture.allGone())
      let next = try await fixture.invoke("2")
      #expect(next.logLines.last?.contains("Init Duration") == true)
    }
  }

  @Test func `to ask again in time costs the environment`() async throws {
    let script = """
      id = register()
      next(id)
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      time.sleep(3600)
      """
    try await Fixture.extended(["hang": script], { $0.timeoutSeconds = 15 }) { fixture in
      let first = try await fixture.invoke("1")
      #expect(first.text == "1")
      #expect(await holds { fixture.recorder.functions.count == 1 })
      #expect(await fixture.allGone())
    }
  }

  @Test func `to end when it is told to is killed after two seconds`() async throws {
    let script = """
      id = register()
      while True: note(next(id)["eventType"])
      """
    for freezes in [false, true] {
      try await Fixture.extended(["stubborn": script], freezes: freezes) { fixture in
        try await fixture.invoke()
        #expect(await holds { fixture.recorder.functions.count == 1 })
        #expect(fixture.survivors.count == 2)
        let start = ContinuousClock.now
        try await fixture.service.deleteFunction("worker")
        #expect(start.duration(to: .now) >= .seconds(2))
        #expect(fixture.survivors.isEmpty)
        #expect(fixture.folder.notes() == ["INVOKE", "SHUTDOWN"])
      }
    }
  }

  @Test func `to notice a timeout is told of it`() async throws {
    let script = """
      id = register(["SHUTDOWN"])
      note(next(id))
      """
    let bootstrap = Python.bootstrap("loop(lambda id, headers, body: time.sleep(3600))")
    try await Fixture.extended(["watch": script], bootstrap: bootstrap, { $0.timeoutSeconds = 15 }) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text.contains("Task timed out after 15.00 seconds"))
      #expect(fixture.folder.notes().first?["shutdownReason"] == "timeout")
      #expect(await fixture.allGone())
    }
  }

  @Test func `and leaves processes behind leaves none`() async throws {
    let script = """
      id = register()
      next(id)
      if os.fork() == 0:
          with open("pids", "a") as out: out.write(str(os.getpid()) + "\\n")
          os.setsid()
          signal.signal(signal.SIGTERM, signal.SIG_IGN)
          open("forked", "w").close()
          time.sleep(3600)
      wait("forked")
      next(id)
      """
    try await Fixture.extended(["watch": script]) { fixture in
      try await fixture.invoke()
      #expect(await holds { fixture.recorder.functions.count == 1 })
      #expect(fixture.survivors.count == 3)
      try await fixture.service.deleteFunction("worker")
      #expect(await fixture.allGone())
    }
  }
}
