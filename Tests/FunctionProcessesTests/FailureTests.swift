import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `A function that fails` {
  @Test func `with an error of its own has that error's cause in its segment`() async throws {
    let script = #"""
      cause = {"working_directory": "/var/task", "paths": ["/var/task/a.py"], "extra": 1, "exceptions": [
          {"message": "boom", "type": "ValueError", "stack": [{"label": "f", "path": "/var/task/a.py", "line": 7}]}]}
      error = {"errorMessage": "boom", "errorType": "ValueError", "stackTrace": ["  File a.py, line 7"]}
      def handle(id, headers, body):
          fail(id, json.dumps(error), {"lambda-runtime-function-xray-error-cause": json.dumps(cause)})
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == "Unhandled")
      let answer = try JSONValue(parsing: result.payload.span)
      #expect(answer["errorType"] == "ValueError")
      #expect(answer["errorMessage"] == "boom")
      #expect(answer["stackTrace"] == ["  File a.py, line 7"])
      let invocation = try #require(fixture.recorder.functions.first?.part("Invocation"))
      guard case .exceptions(let detail)? = invocation.cause else {
        Issue.record("no cause")
        return
      }
      #expect(detail.workingDirectory == "/var/task")
      #expect(detail.paths == ["/var/task/a.py"])
      #expect(detail.exceptions.first?.type == "ValueError")
      #expect(detail.exceptions.first?.stack.first == StackFrame(path: "/var/task/a.py", line: 7, label: "f"))
      #expect(fixture.recorder.functions.first?.part("Overhead") != nil)
      // The process lives on.
      #expect(try await fixture.invoke().functionError == "Unhandled")
      #expect(fixture.recorder.functions.last?.part("Initialization") == nil)
    }
  }

  @Test func `with a cause of hundreds of kilobytes keeps what fits`() async throws {
    let script = #"""
      cause = {"working_directory": "/var/task", "paths": ["/var/task/%06d.py" % n for n in range(20000)]}
      def handle(id, headers, body):
          status, _, _ = fail(id, "{}", {
              "Lambda-Runtime-Function-Error-Type": "Function.Large",
              "Lambda-Runtime-Function-XRay-Error-Cause": json.dumps(cause)})
          print("status", status, flush=True)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(try JSONValue(parsing: result.payload.span)["errorType"] == "Function.Large")
      #expect(result.logLines.contains("status 202"))
      guard case .exceptions(let detail)? = fixture.recorder.functions.first?.part("Invocation")?.cause else {
        Issue.record("no cause")
        return
      }
      #expect(detail.workingDirectory == "/var/task")
    }
  }

  @Test func `during initialization says why`() async throws {
    let script = #"""
      print("Traceback of many words\nno handler", file=sys.stderr, flush=True)
      ask("POST", BASE + "/init/error", '{"errorMessage": "no handler", "errorType": "Runtime.HandlerNotFound"}')
      sys.exit(1)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(try JSONValue(parsing: result.payload.span)["errorType"] == "Runtime.HandlerNotFound")
      let lines = result.logLines.map { $0.prefix { $0 != " " } }
      #expect(lines == ["Traceback", "no", "START", "END", "REPORT"])
      let function = try #require(fixture.recorder.functions.first)
      #expect(function.partNames == ["Initialization"])
      #expect(function.part("Initialization")?.isError == true)
    }
  }

  @Test(arguments: [("sys.exit(3)", "exit status 3"), ("os.abort()", "signal: aborted")])
  func `by ending during initialization is reported with its status`(end: String, reason: String) async throws {
    try await Fixture.python(end) { fixture in
      let answer = try JSONValue(parsing: try await fixture.invoke().text)
      #expect(answer["errorType"] == "Runtime.ExitError")
      #expect(answer["errorMessage"]?.string?.contains(reason) == true)
    }
  }

  @Test(arguments: [
    ("os._exit(0)", "exit status 0"), ("os._exit(1)", "exit status 1"),
    ("os.kill(os.getpid(), signal.SIGKILL)", "signal: killed"),
    ("os.kill(os.getpid(), signal.SIGSEGV)", "signal: segmentation fault"),
  ])
  func `by ending during an invocation is reported with its status`(end: String, reason: String) async throws {
    let script = """
      def handle(id, headers, body):
          if body == b"1": \(end)
          print("last words", flush=True)
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke("1")
      #expect(result.functionError == "Unhandled")
      #expect(result.text.contains("Runtime exited with error: \(reason)"))
      let function = try #require(fixture.recorder.functions.first)
      #expect(function.isFault)
      #expect(function.part("Overhead") == nil)
      let next = try await fixture.invoke("2")
      #expect(next.text == "2")
      #expect(next.logLines.contains("last words"))
      #expect(fixture.recorder.functions.last?.part("Initialization") != nil)
    }
  }

  @Test func `without a program says that it is missing`() async throws {
    try await Fixture.run([:]) { fixture in
      let answer = try JSONValue(parsing: try await fixture.invoke().text)
      #expect(answer["errorType"] == "Runtime.InvalidEntrypoint")
    }
  }

  @Test func `by taking too long is stopped with all its processes`() async throws {
    let script = """
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      def handle(id, headers, body):
          if os.fork() == 0: signal.signal(signal.SIGINT, signal.SIG_IGN)
          with open("pids", "a") as file: file.write(str(os.getpid()) + "\\n")
          print("going to sleep", flush=True)
          time.sleep(3600)
      loop(handle)
      """
    try await Fixture.python(script, { $0.timeoutSeconds = 20 }) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text.contains("Task timed out after 20.00 seconds"))
      #expect(result.logLines.contains("going to sleep"))
      #expect(await fixture.allGone())
      let function = try #require(fixture.recorder.functions.first)
      #expect(function.part("Invocation")?.isFault == true)
      #expect(function.part("Overhead") == nil)
    }
  }

  @Test func `by taking too long is stopped when it was frozen before, too`() async throws {
    let script = """
      def handle(id, headers, body):
          with open("pids", "a") as file: file.write(str(os.getpid()) + "\\n")
          if body == b"2": time.sleep(3600)
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(script, freezes: true, { $0.timeoutSeconds = 20 }) { fixture in
      try await fixture.invoke("1")
      #expect(fixture.survivors.count == 1)
      let late = try await fixture.invoke("2")
      #expect(late.text.contains("Task timed out after 20.00 seconds"))
      #expect(await fixture.allGone())
      let next = try await fixture.invoke("3")
      #expect(next.text == "3")
    }
  }

  @Test func `by forking on and on is stopped with all that it made`() async throws {
    // Bounded: other tests need the machine. Each one leaves the group and forks again.
    let script = """
      def handle(id, headers, body):
          for generation in range(40):
              if os.fork() != 0: break
              os.setsid()
              signal.signal(signal.SIGTERM, signal.SIG_IGN)
              with open("pids", "a") as file: file.write(str(os.getpid()) + "\\n")
          time.sleep(3600)
      loop(handle)
      """
    try await Fixture.python(script, { $0.timeoutSeconds = 20 }) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == "Unhandled")
      #expect(fixture.folder.lines(of: "pids").count == 40)
      #expect(await fixture.allGone())
    }
  }

  @Test func `by holding too much memory is killed`() async throws {
    let script = """
      def handle(id, headers, body):
          kept = []
          while True:
              kept.append(bytearray(os.urandom(1 << 20)))
              time.sleep(0.002)
      loop(handle)
      """
    try await Fixture.python(script, { $0.memoryMegabytes = 128 }) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text.contains("signal: killed"))
      #expect(result.logLines.contains { $0.contains("XRAY daemon terminated") })
      #expect(result.logLines.last?.contains("Max Memory Used: 128 MB") == true)
    }
  }
}

@Suite struct `A runtime's program` {
  @Test func `is a bootstrap or a Python`() throws {
    #expect(
      try RuntimeProgram(runtime: "provided.al2023", handler: "x", codeFolder: "/code").executable == "/code/bootstrap")
    let python = PythonInterpreter(executable: "/usr/bin/python3", packageFolders: ["/ric"])
    let program = try RuntimeProgram(runtime: "python3.12", handler: "a.b", codeFolder: "/code", python: python)
    #expect(program.arguments == ["-m", "awslambdaric", "a.b"])
    #expect(program.variables["PYTHONPATH"] == "/code:/ric")
  }

  @Test(arguments: ["nodejs22.x", "java21", "python3.12", "python2.7", "providedly", ""])
  func `that is not here is refused`(runtime: String) {
    let error = #expect(throws: LambdaError.self) {
      try RuntimeProgram(runtime: runtime, handler: "x", codeFolder: "/code")
    }
    #expect(error?.code == .invalidParameterValue)
    #expect(error?.message == "runtime \(runtime) cannot be run on this machine")
  }
}
