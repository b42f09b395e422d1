import FunctionProcesses
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `A function in its own process` {
  static let echo = """
    print("starting", flush=True)
    def handle(id, headers, body):
        print("event", body.decode(), file=sys.stderr, flush=True)
        respond(id, body)
    loop(handle)
    """

  @Test func `answers, and its segments are measured`() async throws {
    try await Fixture.python(Self.echo) { fixture in
      let cold = try await fixture.invoke(#"{"a":1}"#)
      #expect(cold.text == #"{"a":1}"#)
      #expect(cold.functionError == nil)
      let warm = try await fixture.invoke("[2]")
      #expect(warm.text == "[2]")
      let functions = fixture.recorder.functions
      try #require(functions.count == 2)
      #expect(functions[0].partNames == ["Initialization", "Invocation", "Overhead"])
      #expect(functions[1].partNames == ["Invocation", "Overhead"])
      #expect(fixture.recorder.services.map(\.http?.response?.status) == [200, 200])
      #expect(functions.allSatisfy { !$0.isFault })
      let initialization = try #require(functions[0].part("Initialization"))
      #expect(initialization.start < functions[0].start)
    }
  }

  @Test func `writes into the log of its invocation`() async throws {
    try await Fixture.python(Self.echo) { fixture in
      let lines = try await fixture.invoke(#""x""#).logLines
      #expect(lines.first == "starting")
      #expect(lines.contains(#"event "x""#))
      #expect(lines.last?.hasPrefix("REPORT") == true)
      let report = try #require(lines.last)
      #expect(!report.contains("Max Memory Used: 0 MB"))
    }
  }

  @Test func `has its caller's context on one line`() async throws {
    let script = """
      def handle(id, headers, body): respond(id, json.dumps(headers["Lambda-Runtime-Client-Context"]))
      loop(handle)
      """
    try await Fixture.python(script) { fixture in
      let context = Array("{\"a\":\r\n\t{\"b\": 1}}".utf8)
      let answer = try await fixture.service.invoke("worker", clientContext: context)
      #expect(answer.text == #""{\"a\":   {\"b\": 1}}""#)
      #expect(try await fixture.invoke().text == "null")
    }
  }

  @Test func `finds Lambda's variables, headers and its code`() async throws {
    let script = """
      def handle(id, headers, body):
          respond(id, json.dumps({"cwd": os.getcwd(), "env": dict(os.environ), "headers": dict(headers), "id": id}))
      loop(handle)
      """
    try await Fixture.python(script, { $0.environment["MINE"] = "yes" }) { fixture in
      let result = try await fixture.invoke()
      let answer = try JSONValue(parsing: result.payload.span)
      #expect(answer["cwd"]?.string == fixture.folder.path)
      let variables = try #require(answer["env"])
      #expect(variables["LAMBDA_TASK_ROOT"]?.string == fixture.folder.path)
      #expect(variables["AWS_LAMBDA_FUNCTION_NAME"] == "worker")
      #expect(variables["MINE"] == "yes")
      #expect(variables["_X_AMZN_TRACE_ID"] == nil)
      #expect(variables["HOME"] == nil)
      let headers = try #require(answer["headers"])
      #expect(headers["Lambda-Runtime-Aws-Request-Id"]?.string == result.requestID)
      #expect(headers["Lambda-Runtime-Invoked-Function-Arn"]?.string?.hasSuffix(":function:worker") == true)
      #expect(headers["Content-Type"] == "application/json")
      let deadline = try #require(headers["Lambda-Runtime-Deadline-Ms"]?.string.flatMap { Int64($0) })
      #expect(deadline > SystemClock().now.wholeSeconds * 1000)
      let invocation = try #require(fixture.recorder.functions.first?.part("Invocation"))
      let header = try TraceHeader(parsing: try #require(headers["Lambda-Runtime-Trace-Id"]?.string))
      #expect(header.parent == invocation.id)
    }
  }

  @Test func `has no file of the service open`() async throws {
    let script = """
      def handle(id, headers, body): respond(id, json.dumps(sorted(os.listdir("/proc/self/fd"))))
      loop(handle)
      """
    try await Fixture.python(script) { fixture in
      // The three standard ones, and that of the listing itself.
      let files = try await fixture.invoke().text
      #expect(files == #"["0", "1", "2", "3"]"#)
    }
  }

  @Test func `works in as many processes as there are invocations at a time`() async throws {
    let script = """
      def handle(id, headers, body):
          open("here-" + str(os.getpid()), "w").close()
          while len([name for name in os.listdir(".") if name.startswith("here-")]) < 2: time.sleep(0.005)
          respond(id, str(os.getpid()))
      loop(handle)
      """
    try await Fixture.python(script) { fixture in
      async let first = fixture.invoke()
      async let second = fixture.invoke()
      let answers = [try await first.text, try await second.text]
      #expect(Set(answers).count == 2)
    }
  }

  @Test func `stands still between invocations when it freezes`() async throws {
    let script = """
      import threading
      count = 0
      def tick():
          global count
          while True:
              count += 1
              time.sleep(0.001)
      threading.Thread(target=tick, daemon=True).start()
      def handle(id, headers, body):
          respond(id, json.dumps([os.getpid(), open("/proc/self/stat").read().split()[2]]))
      loop(handle)
      """
    try await Fixture.python(script, freezes: true) { fixture in
      let first = try JSONValue(parsing: try await fixture.invoke().text)
      let process = try #require(first[0]?.number?.integer)
      #expect(first[1] == "R")
      let table = CodeFolder(path: "/proc/\(process)")
      #expect(await holds { table.lines(of: "stat").first?.split(separator: " ").dropFirst(2).first == "T" })
      let second = try JSONValue(parsing: try await fixture.invoke().text)
      #expect(second[0]?.number?.integer == process)
    }
  }

  @Test func `that ends after its response is started anew`() async throws {
    let script = """
      id, headers, body = next()
      respond(id, str(os.getpid()))
      """
    try await Fixture.python(script) { fixture in
      let answers = [try await fixture.invoke(), try await fixture.invoke(), try await fixture.invoke()]
      #expect(answers.allSatisfy { $0.functionError == nil })
      #expect(Set(answers.map(\.text)).count == 3)
    }
  }

  @Test func `costs little when it is warm`() async throws {
    let script = """
      connection = http.client.HTTPConnection(API)
      while True:
          connection.request("GET", BASE + "/invocation/next")
          response = connection.getresponse()
          id = response.headers["Lambda-Runtime-Aws-Request-Id"]
          body = response.read()
          connection.request("POST", BASE + "/invocation/" + id + "/response", body)
          connection.getresponse().read()
      """
    try await Fixture.python(script) { fixture in
      try await fixture.invoke()
      var times: [Duration] = []
      for _ in 0..<200 {
        let start = ContinuousClock.now
        try await fixture.invoke()
        times.append(start.duration(to: .now))
      }
      times.sort()
      print("warm invocation, client's side included: p50 \(times[100]), p90 \(times[180])")
    }
  }
}
