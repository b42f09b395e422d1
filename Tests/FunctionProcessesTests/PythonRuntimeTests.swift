import FunctionProcesses
import Glibc
import LambdaEmitter
import Testing
import XRayModel

/// With Lambda's own runtime for Python, when `FLUORO_AWSLAMBDARIC` names the folder of a virtual environment with
/// awslambdaric and aws-xray-sdk.
@Suite(.enabled(if: getenv("FLUORO_AWSLAMBDARIC") != nil, "FLUORO_AWSLAMBDARIC names no virtual environment"))
struct `A function on Lambda's runtime for Python` {
  static let code = """
    import os
    print("imported")
    def handler(event, context):
        print("trace", os.environ["_X_AMZN_TRACE_ID"], context.aws_request_id, context.memory_limit_in_mb)
        if event.get("fail"): raise ValueError("boom: the value was wrong")
        return {"doubled": event["value"] * 2, "left": context.get_remaining_time_in_millis() > 0}
    """

  private func run(
    _ handler: String, code: String = code, beyondAWS: BeyondAWS = [],
    _ body: @escaping @Sendable (Fixture) async throws -> Void
  ) async throws {
    let folder = getenv("FLUORO_AWSLAMBDARIC").map { String(cString: $0) } ?? ""
    try await Fixture.run(
      ["app.py": code + "\n"], python: PythonInterpreter(executable: folder + "/bin/python"), beyondAWS: beyondAWS,
      {
        $0.runtime = "python3.11"
        $0.handler = handler
        $0.environment["PYTHONDONTWRITEBYTECODE"] = "1"
      }, body)
  }

  @Test func `answers, fails with a cause, and lives on`() async throws {
    try await run("app.handler") { fixture in
      let first = try await fixture.invoke(#"{"value":21}"#)
      #expect(try JSONValue(parsing: first.payload.span) == ["doubled": 42, "left": true])
      #expect(first.logLines.contains { $0.hasPrefix("trace Root=") && $0.hasSuffix("\(first.requestID) 512") })
      let second = try await fixture.invoke(#"{"fail":true}"#)
      let answer = try JSONValue(parsing: second.payload.span)
      #expect(answer["errorType"] == "ValueError")
      #expect(answer["errorMessage"] == "boom: the value was wrong")
      let function = try #require(fixture.recorder.functions.last)
      guard case .exceptions(let detail)? = function.part("Invocation")?.cause else {
        Issue.record("no cause")
        return
      }
      #expect(detail.workingDirectory == fixture.folder.path)
      #expect(detail.exceptions.first?.type == "ValueError")
      #expect(detail.exceptions.first?.stack.first?.label == "handler")
      #expect(function.partNames == ["Invocation", "Overhead"])
    }
  }

  @Test func `records with the X-Ray SDK what it does before its handler`() async throws {
    let code = """
      from aws_xray_sdk.core import xray_recorder
      with xray_recorder.in_subsegment("load") as subsegment:
          subsegment.put_annotation("rows", 3)
          with xray_recorder.in_subsegment("parse"): pass
      def handler(event, context):
          with xray_recorder.in_subsegment("work") as subsegment: subsegment.put_annotation("order", event["order"])
          return "done"
      """
    try await run("app.handler", code: code, beyondAWS: [.initialization, .annotations]) { fixture in
      for order in 1...2 { try await fixture.invoke(#"{"order":\#(order)}"#) }
      let functions = fixture.recorder.functions
      try #require(functions.count == 2)
      let entities = fixture.recorder.entities
      let load = try #require(entities.first { $0.name == "load" })
      #expect(load.parentID == functions[0].part("Initialization")?.id && load.traceID == functions[0].traceID)
      #expect(entities.first { $0.name == "parse" }?.parentID == load.id)
      #expect(
        entities.filter { $0.name == "work" }.map(\.parentID) == functions.map { $0.part("Invocation")?.id })
      #expect(
        functions.map { $0.annotations } == [1, 2].map { [Annotation(key: "order", value: .number(JSONNumber($0)))] })
      #expect(fixture.service.ledger.droppedTotal == 0)
    }
  }

  @Test func `without its handler fails its initialization`() async throws {
    try await run("app.missing") { fixture in
      let answer = try JSONValue(parsing: try await fixture.invoke().text)
      #expect(answer["errorType"] == "Runtime.HandlerNotFound")
      #expect(fixture.recorder.functions.first?.partNames == ["Initialization"])
    }
  }
}
