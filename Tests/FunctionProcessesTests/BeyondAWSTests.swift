import FunctionProcesses
import LambdaEmitter
import Testing
import XRayModel

@Suite(.enabled(if: Python.path != nil, "no python3 here")) struct `Beyond AWS, a function's process` {
  /// Like SDKs that keep the first header of a trace: what the handler records names Initialization as its parent.
  static let early = """
    first = os.environ.get("_X_AMZN_TRACE_ID")
    if first: put("load", first)
    def handle(id, headers, body):
        put("work", first or headers[HEADER])
        respond(id, json.dumps(first))
    loop(handle)
    """

  @Test func `records its initialization, and its invocations in their own place`() async throws {
    try await Fixture.python(Python.sender + Self.early, beyondAWS: .initialization) { fixture in
      let result = try await fixture.invoke()
      let function = try #require(fixture.recorder.functions.first)
      let initialization = try #require(function.part("Initialization"))
      let header = try TraceHeader(parsing: try #require(try JSONValue(parsing: result.payload.span).string))
      #expect(header.root == function.traceID && header.parent == initialization.id && header.sampling == .sampled)
      let entities = fixture.recorder.entities
      #expect(entities.first { $0.name == "load" }?.parentID == initialization.id)
      #expect(entities.first { $0.name == "work" }?.parentID == function.part("Invocation")?.id)
    }
  }

  @Test func `knows nothing of a trace while it initializes otherwise`() async throws {
    try await Fixture.python(Python.sender + Self.early) { fixture in
      let result = try await fixture.invoke()
      #expect(result.text == "null")
    }
    try await Fixture.python(Python.sender + Self.early, beyondAWS: .initialization) { fixture in
      let result = try await fixture.service.invoke(
        "worker", traceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
      #expect(result.text == "null")
    }
  }

  @Test func `has what it left in progress ended with it`() async throws {
    let script = """
      def handle(id, headers, body):
          put("started", headers[HEADER], id="1111111111111111", in_progress=True, end_time=None)
          put("started", headers[HEADER], id="2222222222222222", in_progress=True, end_time=None)
          put("started", headers[HEADER], id="2222222222222222")
          if body == b'"exit"': os._exit(3)
          time.sleep(3600)
      loop(handle)
      """
    for (payload, seconds, message) in [
      ("{}", 8, "Task timed out after 8.00 seconds"), (#""exit""#, 600, "exit status 3"),
    ] {
      try await Fixture.python(Python.sender + script, beyondAWS: .timeouts, { $0.timeoutSeconds = seconds }) {
        fixture in
        try await fixture.invoke(payload)
        let open = fixture.recorder.entities.filter { $0.id == EntityID("1111111111111111") }
        try #require(open.count == 2)
        #expect(open[0].isInProgress && !open[1].isInProgress && open[1].isFault)
        #expect(open[1].end == fixture.recorder.functions.first?.end)
        guard case .exceptions(let cause)? = open[1].cause else {
          Issue.record("no cause")
          return
        }
        #expect(cause.exceptions.first?.message?.hasSuffix(message) == true)
        #expect(fixture.recorder.entities.filter { $0.id == EntityID("2222222222222222") }.count == 2)
      }
    }
  }
}
