import NIOPosix
import Testing
import XRayModel

@testable import FunctionProcesses
@testable import LambdaEmitter

extension Python {
  /// What a script needs to send documents as SDKs do: `put(name, header, …)`.
  static let sender = """
    import socket
    def daemon():
        host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
        return host, int(port)
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    def send(datagram): wire.sendto(datagram, daemon())
    def put(name, header, id=None, **more):
        parts = dict(part.split("=") for part in header.split(";"))
        now = time.time()
        document = {"id": id or os.urandom(8).hex(), "name": name, "type": "subsegment", "trace_id": parts["Root"],
            "parent_id": parts["Parent"], "start_time": now, "end_time": now}
        document.update(more)
        document = {key: value for key, value in document.items() if value is not None}
        send(b'{"format":"json","version":1}\\n' + json.dumps(document).encode())
        return document["id"]
    HEADER = "Lambda-Runtime-Trace-Id"

    """
}

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `The daemon of a function's process` {
  @Test func `passes what was sent before the response, before the function's segment`() async throws {
    let script = """
      def handle(id, headers, body):
          for number in range(50): put("part", headers[HEADER])
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(Python.sender + script) { fixture in
      for count in 1...10 {
        try await fixture.invoke()
        #expect(fixture.service.ledger.received == count * 52)
      }
      var parts = 0
      for entity in fixture.recorder.entities {
        if entity.name == "part" { parts += 1 }
        guard entity.origin == "AWS::Lambda::Function" else { continue }
        #expect(parts == 50)
        parts = 0
      }
      #expect(fixture.service.ledger.droppedTotal == 0 && fixture.service.ledger.isBalanced)
    }
  }

  @Test func `goes first when the function grows, and log and trace tell`() async throws {
    let script = """
      held = []
      def resident():
          with open("/proc/self/statm") as file: return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
      def handle(id, headers, body):
          if body == b'"grow"':
              put("before", headers[HEADER])
              while resident() < 248: held.append(bytearray(b"x" * (1 << 20)))
          else: put("after", headers[HEADER])
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(Python.sender + script, { $0.memoryMegabytes = 256 }) { fixture in
      let first = try await fixture.invoke(#""grow""#)
      #expect(first.functionError == nil)
      #expect(first.logLines.filter { $0.hasPrefix("XRAY daemon terminated") }.count == 1)
      let second = try await fixture.invoke()
      #expect(second.functionError == nil)
      let names = fixture.recorder.entities.map(\.name)
      #expect(names.contains("before") && !names.contains("after"))
      #expect(fixture.recorder.functions.last?.metadata["fluoro"]?["documents_lost"] == 1)
      #expect(fixture.service.ledger.dropped == ["daemon terminated": 1])
    }
  }

  static let onePart = """
    def handle(id, headers, body):
        put("part", headers[HEADER])
        respond(id, json.dumps([daemon(), os.environ["_AWS_XRAY_DAEMON_PORT"]]))
    loop(handle)
    """

  @Test func `asks the role for each document`() async throws {
    try await Fixture.python(Python.sender + Self.onePart) { fixture in
      fixture.service.putRole(ExecutionRole(arn: roleARN))
      try await fixture.invoke()
      // The function's own segment is refused as well.
      #expect(fixture.service.ledger.dropped == ["access denied": 2])
      fixture.service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXRayDaemonWriteAccess"]))
      try await fixture.invoke()
      #expect(fixture.recorder.entities.filter { $0.name == "part" }.count == 1)
    }
  }

  @Test func `leaves functions alone that name another address`() async throws {
    try await Fixture.python(
      Python.sender + Self.onePart, { $0.environment["AWS_XRAY_DAEMON_ADDRESS"] = "127.0.0.1:9" }
    ) { fixture in
      let answer = try await fixture.invoke()
      #expect(answer.text == #"[["127.0.0.1", 9], "2000"]"#)
      #expect(fixture.service.ledger.received == 2)
    }
  }

  @Test func `counts what is no document`() async throws {
    let script = """
      def handle(id, headers, body):
          for datagram in [b"", b"x", b"{}\\n{}", b'{"format":"json","version":2}\\n{}',
              b'{"format":"json","version":1}\\n', b"\\xff" * 60000]: send(datagram)
          put("part", headers[HEADER])
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(Python.sender + script) { fixture in
      for _ in 0..<2 { try await fixture.invoke() }
      let ledger = fixture.service.ledger
      #expect(
        ledger.rejected == [
          "empty datagram": 2, "no line feed after the header": 4, "unknown format": 2, "unknown version": 2,
          "no document after the header": 2,
        ])
      #expect(ledger.passedOn == 6 && ledger.isBalanced)
    }
  }

  @Test func `counts every datagram of a flood, passed or lost`() async throws {
    let script = """
      def handle(id, headers, body):
          for number in range(30000): send(b'{"format":"json","version":1}\\n{}')
          respond(id, body)
      loop(handle)
      """
    try await Fixture.python(Python.sender + script) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == nil)
      let ledger = fixture.service.ledger
      #expect(ledger.received == 30_002 && ledger.isBalanced)
      #expect(ledger.dropped.keys.allSatisfy { $0 == "socket full" })
    }
  }

  @Test func `passes what was sent in time, and loses the rest, when the time is up`() async throws {
    let script = """
      def handle(id, headers, body):
          number = 0
          while True:
              put("part", headers[HEADER], annotations={"number": number})
              number += 1
              time.sleep(0.002)
      loop(handle)
      """
    try await Fixture.python(Python.sender + script, { $0.timeoutSeconds = 8 }) { fixture in
      let result = try await fixture.invoke()
      #expect(result.functionError == "Unhandled")
      let parts = fixture.recorder.entities.filter { $0.name == "part" }
      let numbers = parts.compactMap { $0.annotation("number")?.json.number?.integer }
      #expect(numbers == Array(0..<numbers.count))
      let function = try #require(fixture.recorder.functions.first)
      let end = try #require(function.end)
      #expect(parts.first.map { $0.start < end } == true)
      let ledger = fixture.service.ledger
      #expect(ledger.isBalanced && ledger.dropped.keys.allSatisfy { $0 == "environment ended" })
      #expect(ledger.passedOn == parts.count + 2)
    }
  }

  @Test func `gives its port back`() async throws {
    let script = """
      with open("port", "w") as file: file.write(str(daemon()[1]))
      loop(respond)
      """
    try await Fixture.python(Python.sender + script) { fixture in
      let program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: fixture.folder.path)
      let clock = SystemClock()
      let context = InitializationContext(environment: [:], deadline: clock.now, clock: clock)
      let loop = MultiThreadedEventLoopGroup.singleton.next()
      let process = try await ProcessHandle.start(program, variables: [:], daemon: context, on: loop)
      try await process.waitUntilReady()
      let port = try #require(fixture.folder.lines(of: "port").first.flatMap { Int($0) })
      #expect(openPorts().contains(port))
      await process.stop(grace: .seconds(2))
      // A process that another test starts at this moment may hold the port until it runs its program.
      #expect(await holds { !openPorts().contains(port) })
    }
  }

  /// The UDP ports of the loopback interface that anyone holds.
  private func openPorts() -> Set<Int> {
    Set(
      CodeFolder(path: "/proc/net").lines(of: "udp").compactMap { line in
        let fields = line.split(separator: " ")
        guard fields.count > 1, fields[1].hasPrefix("0100007F:") else { return nil }
        return Int(fields[1].dropFirst(9), radix: 16)
      })
  }
}
