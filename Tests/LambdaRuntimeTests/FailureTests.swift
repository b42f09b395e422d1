import Testing
import XRayModel

@testable import LambdaRuntime

@Suite struct FailureTests {
  @Test func `an error of the handler is told with its type, message, place and causes`() async throws {
    let stub = try await StubAPI.start([.event("r-1"), .event("r-2", "fine")])
    let posts = try await Rig().serve(stub, posts: 2) { event, _ in
      if event == Array("fine".utf8) { return event }
      throw OrderError("no stock ✓\u{1F375}", cause: OrderError("warehouse\nclosed"))
    }
    #expect(posts[0].path == "/2018-06-01/runtime/invocation/r-1/error")
    #expect(posts[0].json?["errorType"] == "OrderError")
    #expect(posts[0].json?["errorMessage"] == "no stock ✓\u{1F375}")
    #expect(posts[0].json?["stackTrace"] == ["handler (shop/main.swift:7)"])
    #expect(posts[0].headers["Content-Type"] == ["application/vnd.aws.lambda.error+json"])
    #expect(posts[0].headers["Lambda-Runtime-Function-Error-Type"] == ["Function.OrderError"])
    let header = try #require(posts[0].headers["Lambda-Runtime-Function-XRay-Error-Cause"].first)
    #expect(header.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
    let cause = try JSONValue(parsing: header)
    #expect(cause["working_directory"] == "/var/task")
    #expect(cause["paths"] == ["shop/main.swift"])
    #expect(
      cause["exceptions"] == [
        [
          "type": "OrderError", "message": "no stock ✓\u{1F375}",
          "stack": [["path": "shop/main.swift", "line": 7, "label": "handler"]],
        ], ["type": "OrderError", "message": "warehouse\nclosed", "stack": []],
      ])
    #expect(posts[1].text == "fine")
  }

  @Test func `the cause of an endless chain of long errors stays within what Lambda reads`() async throws {
    let message = String(repeating: "\u{1F375}", count: 100_000)
    var error = OrderError(message)
    for _ in 0..<50 { error = OrderError(message, cause: error) }
    let report = ErrorReport(error)
    #expect(report.cause(workingDirectory: "/var/task").utf8.count < 1 << 20)
    #expect(report.body.count < 512 << 10)
    #expect(report.message.hasSuffix("..."))
  }

  @Test func `types that Lambda does not take from the header are told in the body alone`() {
    enum Größe: Error { case falsch }
    #expect(ErrorReport(Größe.falsch).headerType == "Function.Unknown")
    #expect(ErrorReport(Größe.falsch).type == "Größe")
    #expect(ErrorReport(CancellationError()).headerType == "Function.CancellationError")
  }

  @Test func `an error of the initialization is told before any event, and ends the runtime`() async throws {
    let stub = try await StubAPI.start([.event("r-1")])
    let runtime = Rig().runtime(stub) { _ in throw OrderError("no table") }
    await #expect(throws: LambdaRuntimeError.initializationFailed(reason: "no table")) { try await runtime.serve() }
    #expect(stub.calls.map(\.path) == ["/2018-06-01/runtime/init/error"])
    #expect(stub.calls.first?.json?["errorType"] == "OrderError")
    #expect(stub.calls.first?.json?["errorMessage"] == "no table")
    #expect(stub.calls.first?.headers["Lambda-Runtime-Function-Error-Type"] == ["Function.OrderError"])
    #expect(stub.calls.first?.headers.contains(name: "Lambda-Runtime-Function-XRay-Error-Cause") == true)
  }

  @Test func `an error of the initialization that Lambda refuses to hear of ends the runtime, too`() async throws {
    let stub = try await StubAPI.start([]) { _ in .answer(status: 403) }
    let runtime = Rig().runtime(stub) { _ in throw OrderError("no table") }
    await #expect(
      throws: LambdaRuntimeError.refused(request: "POST /2018-06-01/runtime/init/error", status: 403, message: "")
    ) { try await runtime.serve() }
  }

  @Test(arguments: [403, 500, 200, 404])
  func `a refusal of a result that Lambda has no other for ends the runtime`(status: Int) async throws {
    let stub = try await StubAPI.start([.event("r-1"), .event("r-2")]) { _ in
      .answer(status: status, body: Array("why".utf8))
    }
    let runtime = Rig().runtime(stub) { _ in FunctionHandler { _, _ in [] } }
    await #expect(
      throws: LambdaRuntimeError.refused(
        request: "POST /2018-06-01/runtime/invocation/r-1/response", status: status, message: "why")
    ) { try await runtime.serve() }
    #expect(stub.calls.count == 2)
  }

  @Test(arguments: [400, 413])
  func `a result that Lambda has settled in another way is not the end`(status: Int) async throws {
    let stub = try await StubAPI.start([.event("r-1"), .event("r-2")]) { _ in .answer(status: status) }
    #expect(try await Rig().serve(stub, posts: 2) { _, _ in [] }.count == 2)
  }

  @Test(arguments: [403, 500, 204])
  func `a refusal of an event ends the runtime`(status: Int) async throws {
    let stub = try await StubAPI.start([.answer(status: status)])
    let runtime = Rig().runtime(stub) { _ in FunctionHandler { _, _ in [] } }
    await #expect(
      throws: LambdaRuntimeError.refused(
        request: "GET /2018-06-01/runtime/invocation/next", status: status, message: "")
    ) { try await runtime.serve() }
  }

  @Test(
    arguments: [
      ("", "had no complete answer"), ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "had no complete answer"),
      ("SMTP ready\r\n\r\n", "is not HTTP"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "has no header Lambda-Runtime-Aws-Request-Id"),
      (event("../../init/error", "1"), "has an odd request id"), (event("r-1", "soon"), "has a deadline"),
      (event("r-1", "99999999999999999999"), "has a deadline"),
    ])
  func `an answer that is no event ends the runtime`(raw: String, reason: String) async throws {
    let stub = try await StubAPI.start([.raw(raw)])
    let runtime = Rig().runtime(stub) { _ in FunctionHandler { _, _ in [] } }
    let error = await #expect(throws: LambdaRuntimeError.self) { try await runtime.serve() }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    #expect(stub.posts.isEmpty)
  }

  private static func event(_ id: String, _ deadline: String) -> String {
    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: \(id)\r\nLambda-Runtime-Deadline-Ms: \(deadline)\r\n"
      + "Content-Length: 2\r\n\r\n{}"
  }

  @Test func `a deadline beyond all time is the last moment there is`() async throws {
    let stub = try await StubAPI.start([.event("r-1", deadline: .max)])
    try await Rig().serve(stub, posts: 1) { _, context in
      #expect(context.deadline == .upperBound)
      return []
    }
  }

  @Test(arguments: [nil, "", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:http"])
  func `a program that does not run in Lambda is told so`(address: String?) async throws {
    var rig = Rig()
    rig.environment["AWS_LAMBDA_RUNTIME_API"] = address
    let runtime = LambdaRuntime(
      tracing: [], environment: rig.environment, recorder: rig.recorder, logger: Rig.quiet, setTraceVariable: { _ in }
    ) { _ in FunctionHandler { _, _ in [] } }
    await #expect(throws: LambdaRuntimeError.noRuntimeAPI(address: address)) { try await runtime.serve() }
  }

  @Test func `a port where nobody listens is told`() async throws {
    let stub = try await StubAPI.start([])
    let address = stub.address
    await stub.stop()
    var rig = Rig()
    rig.environment["AWS_LAMBDA_RUNTIME_API"] = address
    let runtime = LambdaRuntime(environment: rig.environment, recorder: rig.recorder, logger: Rig.quiet) { _ in
      FunctionHandler { _, _ in [] }
    }
    let error = await #expect(throws: LambdaRuntimeError.self) { try await runtime.serve() }
    guard case .connectionFailed = error else { return #expect(Bool(false), "\(String(describing: error))") }
  }
}
