import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `A runtime that breaks the rules` {
  @Test func `is told what it may not do, and goes on`() async throws {
    let script = #"""
      seen = []
      def note(name, answer): seen.append([name, answer[0], json.loads(answer[2]).get("errorType")])
      note("early", respond("x", "1"))
      seen.append(["ping", ask("GET", "/ping")[0]])
      note("path", ask("GET", "/2018-06-01/runtime/nothing"))
      note("method", ask("PUT", BASE + "/invocation/next", "junk"))
      def handle(id, headers, body):
          if body == b"2": return respond(id, json.dumps(seen))
          note("other id", respond("00000000-0000-0000-0000-000000000000", "1"))
          note("next", ask("GET", BASE + "/invocation/next"))
          note("late init error", ask("POST", BASE + "/init/error", "{}"))
          answer = respond(id, body)
          seen.append(["first", answer[0], json.loads(answer[2])["status"]])
          note("second", respond(id, body))
          note("error", fail(id, "{}"))
          note("other id", fail("other", "{}"))
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let first = try await fixture.invoke("1")
      #expect(first.text == "1")
      let seen = try JSONValue(parsing: try await fixture.invoke("2").text)
      let expected: JSONValue = [
        ["early", 403, "InvalidStateTransition"], ["ping", 200], ["path", 404, "NotFound"],
        ["method", 405, "MethodNotAllowed"], ["other id", 400, "InvalidRequestID"],
        ["next", 403, "InvalidStateTransition"], ["late init error", 403, "InvalidStateTransition"],
        ["first", 202, "OK"], ["second", 403, "InvalidStateTransition"], ["error", 403, "InvalidStateTransition"],
        ["other id", 400, "InvalidRequestID"],
      ]
      #expect(seen == expected)
    }
  }

  @Test func `by losing its connection while it waits is given the event on another`() async throws {
    let script = #"""
      import socket
      def handle(id, headers, body):
          respond(id, body)
          for count in range(3):
              lost = socket.create_connection(tuple(API.split(":")))
              lost.sendall(b"GET " + BASE.encode() + b"/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")
              lost.shutdown(socket.SHUT_WR)
              lost.recv(1)
          with open("lost", "w") as file: file.write("3\n")
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      try await fixture.invoke("6")
      #expect(await holds { fixture.folder.lines(of: "lost") == ["3"] })
      let result = try await fixture.invoke("7")
      #expect(result.text == "7")
    }
  }

  @Test func `with a response over 6 MB fails, and one of 6 MB does not`() async throws {
    let script = #"""
      def handle(id, headers, body):
          size = json.loads(body)
          status, _, answer = respond(id, b'"' + b"x" * (size - 2) + b'"')
          print("status", status, answer.decode(), flush=True)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let largest = try await fixture.invoke("6291556")
      #expect(largest.payload.count == 6_291_556)
      let result = try await fixture.invoke("6291557")
      #expect(try JSONValue(parsing: result.payload.span)["errorType"] == "Function.ResponseSizeTooLarge")
      #expect(result.logLines.contains { $0.hasPrefix("status 413") && $0.contains("(6291556 bytes)") })
      let next = try await fixture.invoke("10")
      #expect(next.payload.count == 10)
    }
  }

  @Test func `with a body that has no end is cut off`() async throws {
    let script = #"""
      import socket
      def handle(id, headers, body):
          other = socket.create_connection(tuple(API.split(":")))
          other.sendall(b"POST " + BASE.encode() + b"/invocation/" + id.encode() + b"/response HTTP/1.1\r\nHost: x\r\n"
              + b"Transfer-Encoding: chunked\r\n\r\n")
          try:
              while True: other.sendall(b"100000\r\n" + b"x" * 0x100000 + b"\r\n")
          except OSError: print("cut off", flush=True)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(try JSONValue(parsing: result.payload.span)["errorType"] == "Function.ResponseSizeTooLarge")
      #expect(result.logLines.contains("cut off"))
    }
  }

  @Test func `with junk, half requests and a hundred connections hinders only itself`() async throws {
    let script = #"""
      import socket
      held = []
      def handle(id, headers, body):
          for part in [b"\x00\xff\x16\x03\x01junk\r\n\r\n", b"GET /2018-06-01/runtime/invocation/next HT", b"POST / HTTP/9.9\r\n\r\n",
                       b"POST " + BASE.encode() + b"/invocation/" + id.encode() + b"/response HTTP/1.1\r\nContent-Length: 99\r\n\r\nx"] * 25:
              connection = socket.create_connection(tuple(API.split(":")))
              try: connection.sendall(part)
              except OSError: pass
              held.append(connection)
          for connection in held: connection.close()
          time.sleep(0.05)
          for attempt in range(1000):
              try: return respond(id, '"well"')
              except OSError: time.sleep(0.01)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text == #""well""#)
    }
  }

  @Test func `that writes without end takes no memory`() async throws {
    let script = #"""
      def handle(id, headers, body):
          for count in range(5000): os.write(1, b"nothing to say " * 100 + b"\n")
          os.write(1, b"x" * 100000)
          respond(id, body)
      loop(handle)
      """#
    try await Fixture.python(script) { fixture in
      let result = try await fixture.invoke("1")
      #expect(result.text == "1")
      #expect(result.logLines.reduce(0) { $0 + $1.utf8.count } < 100_000)
      #expect(result.logLines.contains { $0.hasSuffix("lines left out)") })
    }
  }

  @Test func `that leaves processes behind leaves none`() async throws {
    let script = #"""
      def note():
          with open("pids", "a") as file: file.write(str(os.getpid()) + "\n")
      def handle(id, headers, body):
          note()
          ready, written = os.pipe()
          if os.fork() == 0:
              note()
              if os.fork() == 0:
                  os.setsid()
                  signal.signal(signal.SIGTERM, signal.SIG_IGN)
                  note()
                  os.write(written, b"x")
              time.sleep(3600)
          os.read(ready, 1)
          respond(id, body)
          if body == b"1": os._exit(0)
      loop(handle)
      """#
    for payload in ["1", "2"] {
      try await Fixture.python(script) { fixture in
        let result = try await fixture.invoke(payload)
        #expect(result.text == payload)
        #expect(fixture.folder.lines(of: "pids").count == 3)
        try await fixture.service.deleteFunction("worker")
        #expect(await fixture.allGone())
      }
    }
  }

  @Test func `that ignores SIGTERM is killed`() async throws {
    let script = #"""
      signal.signal(signal.SIGTERM, signal.SIG_IGN)
      def handle(id, headers, body):
          with open("pids", "a") as file: file.write(str(os.getpid()) + "\n")
          respond(id, body)
      loop(handle)
      """#
    for freezes in [false, true] {
      try await Fixture.python(script, freezes: freezes) { fixture in
        try await fixture.invoke()
        #expect(fixture.survivors.count == 1)
        let start = ContinuousClock.now
        try await fixture.service.deleteFunction("worker")
        #expect(start.duration(to: .now) >= .seconds(2))
        #expect(fixture.survivors.isEmpty)
      }
    }
  }
}

@Suite struct `Environments that are over` {
  @Test(.enabled(if: access("/bin/bash", X_OK) == 0, "no bash here"))
  func `leave no process and no open file`() async throws {
    let script = #"""
      #!/bin/bash
      echo $$ >> pids
      exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API/://}"
      ask() { printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n' >&3; }
      ask
      while read -r line <&3; do
        case "$line" in *Request-Id:*) id="${line#*: }"; id="${id%$'\r'}"; break ;; esac
      done
      printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1' "$id" >&3
      ask
      sleep 3600
      """#
    try await Fixture.run(["bootstrap": script + "\n"]) { fixture in
      let count = 200
      let before = openFiles()
      let program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: fixture.folder.path)
      for index in 0..<count {
        var configuration = FunctionConfiguration(name: "short-\(index)", role: roleARN)
        configuration.timeoutSeconds = 600
        try fixture.service.createFunction(configuration) { ProcessRuntime(program, freezes: index % 2 == 0) }
        let answer = try await fixture.service.invoke(configuration.name)
        #expect(answer.text == "1")
        try await fixture.service.deleteFunction(configuration.name)
      }
      #expect(fixture.folder.lines(of: "pids").count == count)
      #expect(await fixture.allGone())
      // Other tests open files at the same time.
      #expect(await holds { openFiles() < before + count / 2 })
    }
  }

  private func openFiles() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}
