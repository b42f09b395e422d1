import FoundationEssentials
import FunctionProcesses
import LambdaEmitter
import Testing
import XRayModel
import XRaySampler

/// The members of a document and their kinds, without values; subsegments by name.
private indirect enum Shape: Hashable {
  case scalar(String)
  case list(Set<Shape>)
  case members([String: Shape])

  init(_ value: JSONValue) {
    switch value {
    case .null: self = .scalar("null")
    case .bool: self = .scalar("boolean")
    case .number: self = .scalar("number")
    case .string: self = .scalar("string")
    case .array(let elements): self = .list(Set(elements.map(Shape.init)))
    case .object(let object):
      var members: [String: Shape] = [:]
      for member in object.members where member.key != "subsegments" { members[member.key] = Shape(member.value) }
      for subsegment in object["subsegments"]?.array ?? [] {
        members["subsegment \(subsegment["name"]?.string ?? "")"] = Shape(subsegment)
      }
      self = .members(members)
    }
  }

  /// Without members that `keys` names, at any depth.
  func without(_ keys: Set<String>) -> Shape {
    switch self {
    case .scalar: self
    case .list(let elements): .list(Set(elements.map { $0.without(keys) }))
    case .members(let members):
      .members(members.filter { !keys.contains($0.key) }.mapValues { $0.without(keys) })
    }
  }
}

private let corpus = ProcessInfo.processInfo.environment["FLUORO_CORPUS"]

/// The segments of a recorded trace.
private func recording(_ prefix: String) throws -> [JSONValue] {
  let folder = "\(corpus ?? "")/../lambda-segments"
  let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix(prefix) })
  let bytes = [UInt8](try #require(FileManager.default.contents(atPath: "\(folder)/\(name)")))
  let value = try JSONValue(parsing: bytes.span)
  return (value["Segments"] ?? value).array ?? []
}

/// What X-Ray would answer for the documents: independent subsegments within their parents, wire-only members gone.
private func compiled(_ recorder: Recorder) throws -> [JSONValue] {
  var independent = recorder.entities.filter { $0.kind == .subsegment }
  func place(_ entity: Entity) -> Entity {
    var entity = entity
    let own = independent.filter { $0.parentID == entity.id }
    independent.removeAll { $0.parentID == entity.id }
    entity.subsegments = (entity.subsegments + own).map(place)
    if entity.kind == .subsegment { (entity.traceID, entity.parentID) = (nil, nil) }
    return entity
  }
  let segments = recorder.entities.filter { $0.kind == .segment }.map(place)
  #expect(independent.isEmpty)
  return try segments.map { try JSONValue(parsing: $0.document.span) }
}

/// Shapes of segments by origin; segments that X-Ray infers are not sent by anyone.
private func shapes(_ segments: [JSONValue], origins: [String]) -> [String: Set<Shape>] {
  var shapes: [String: Set<Shape>] = [:]
  for segment in segments where segment["inferred"]?.bool != true {
    guard let origin = segment["origin"]?.string, origins.contains(origin) else { continue }
    // `type` stands in our embedded subsegments' documents only while they travel alone.
    shapes[origin, default: []].insert(Shape(segment).without(["type", "cloudwatch_logs", "links"]))
  }
  return shapes
}

private let all = ["AWS::ApiGateway::Stage", "AWS::Lambda", "AWS::Lambda::Function"]

/// What Lambda's own segments look like does not depend on where the function runs.
@Suite(
  .enabled(if: Python.path != nil, "no python3 here"),
  .enabled(if: corpus != nil, "set FLUORO_CORPUS to compare with recorded traces"))
struct `Documents of functions in processes have the shape of recorded ones` {
  /// Answers; as `worker` it puts an item and calls `send`, which a stub does: the test, by way of two files.
  private static let script = """
    def call(header, id, name, aws):
        put(name, header, id=id, namespace="aws", http={"response": {"status": 200}}, aws=aws)
    def handle(id, headers, body):
        header = headers.get(HEADER, "")
        if os.path.exists("chain") and os.environ["AWS_LAMBDA_FUNCTION_NAME"] == "worker":
            call(header, os.urandom(8).hex(), "DynamoDB", {"retries": 0, "region": "us-east-1", "operation": "PutItem",
                "request_id": "MHEA", "table_name": "todo", "resource_names": ["todo"]})
            parts = dict(part.split("=") for part in header.split(";"))
            caller = os.urandom(8).hex()
            with open("call.new", "w") as file: file.write(f"Root={parts['Root']};Parent={caller};Sampled=1\\n")
            os.rename("call.new", "call")
            while not os.path.exists("answer"): time.sleep(0.01)
            call(header, caller, "Lambda", {"retries": 0, "status_code": 200, "function_name": "send",
                "region": "us-east-1", "operation": "Invoke", "request_id": "x", "resource_names": ["send"]})
        respond(id, '{"statusCode":201,"body":""}')
    loop(handle)
    """

  private func gateway(_ fixture: Fixture) -> ApiGatewayStage {
    ApiGatewayStage(
      apiName: "dev-todo-list-app", stage: "dev", restAPIID: "abcdef1234", lambda: fixture.service,
      sampler: FixedSampler.always, random: RandomSource(seed: 2), emitter: fixture.recorder)
  }

  @Test(arguments: [("08", 0), ("07", 1)]) func `cold and warm`(name: String, warmUps: Int) async throws {
    let recorder = try await Fixture.python(Python.sender + Self.script, { $0.tracingMode = .passThrough }) { fixture in
      for _ in 0..<warmUps { try await fixture.invoke() }
      let response = await gateway(fixture).handle(GatewayRequest(method: "POST", path: "/add-task"), with: "worker")
      #expect(response.statusCode == 201)
      return fixture.recorder
    }
    #expect(try shapes(compiled(recorder), origins: all) == shapes(recording(name), origins: all))
  }

  @Test func `from function to function`() async throws {
    let recorder = try await Fixture.python(Python.sender + Self.script, { $0.tracingMode = .passThrough }) { fixture in
      let program = try RuntimeProgram(runtime: "provided", handler: "x", codeFolder: fixture.folder.path)
      var configuration = FunctionConfiguration(name: "send", role: roleARN)
      (configuration.tracingMode, configuration.timeoutSeconds) = (.passThrough, 600)
      try fixture.service.createFunction(configuration) { ProcessRuntime(program) }
      _ = try await fixture.service.invoke("send")
      try fixture.folder.write("chain", "")
      let gateway = gateway(fixture)
      async let answer = gateway.handle(GatewayRequest(method: "POST", path: "/add-task"), with: "worker")
      #expect(await holds { !fixture.folder.lines(of: "call").isEmpty })
      _ = try await fixture.service.invoke("send", traceHeader: fixture.folder.lines(of: "call").first)
      try fixture.folder.write("answer", "")
      #expect(await answer.statusCode == 201)
      return fixture.recorder
    }
    #expect(try shapes(compiled(recorder), origins: all) == shapes(recording("10"), origins: all))
  }
}
