import FoundationEssentials
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

@Suite(.enabled(if: corpus != nil, "set FLUORO_CORPUS to compare with recorded traces"))
struct `Emitted documents have the shape of recorded ones` {
  private func gateway(_ fixture: Fixture) -> ApiGatewayStage {
    ApiGatewayStage(
      apiName: "dev-todo-list-app", stage: "dev", restAPIID: "abcdef1234", lambda: fixture.service,
      sampler: FixedSampler.always, random: fixture.random, emitter: fixture.recorder)
  }

  private static let created = Array(#"{"statusCode":201,"body":""}"#.utf8)

  /// A call of DynamoDB or Lambda as an SDK would record it.
  private static func call(_ name: String, _ context: InvocationContext, id: EntityID, aws: JSONObject) throws {
    let header = try TraceHeader(parsing: context.traceHeader)
    var entity = Entity(
      .subsegment, id: id, name: name, traceID: header.root, parentID: header.parent, start: context.clock.now,
      end: context.clock.now)
    entity.namespace = "aws"
    entity.http = HTTPBlock(response: .init(status: 200))
    entity.aws = aws
    context.emitter.emit(entity.document)
  }

  private static let putItem: JSONObject = [
    "retries": 0, "region": "us-east-1", "operation": "PutItem", "request_id": "MHEA", "table_name": "todo",
    "resource_names": ["todo"],
  ]

  @Test func `through API Gateway, cold and warm`() async throws {
    for (name, warmUps) in [("08", 0), ("07", 1)] {
      let recorder = try await Fixture.run { fixture in
        try fixture.function {
          $0.tracingMode = .passThrough
        } handler: { _, _ in
          Self.created
        }
        for _ in 0..<warmUps { _ = try await fixture.service.invoke("worker") }
        let response = await gateway(fixture).handle(GatewayRequest(method: "POST", path: "/add-task"), with: "worker")
        #expect(response.statusCode == 201)
      }
      #expect(try shapes(compiled(recorder), origins: all) == shapes(recording(name), origins: all), "\(name)")
    }
  }

  @Test func `with a call of DynamoDB`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function {
        $0.tracingMode = .passThrough
      } handler: { _, context in
        try Self.call("DynamoDB", context, id: fixture.random.entityID(), aws: Self.putItem)
        return Self.created
      }
      _ = try await fixture.service.invoke("worker")
      _ = await gateway(fixture).handle(GatewayRequest(method: "POST", path: "/add-task"), with: "worker")
    }
    #expect(try shapes(compiled(recorder), origins: all) == shapes(recording("09"), origins: all))
  }

  @Test func `from function to function`() async throws {
    let recorder = try await Fixture.run { fixture in
      let service = fixture.service
      try fixture.function("send") { $0.tracingMode = .passThrough }
      try fixture.function("post") {
        $0.tracingMode = .passThrough
      } handler: { event, context in
        try Self.call("DynamoDB", context, id: fixture.random.entityID(), aws: Self.putItem)
        var header = try TraceHeader(parsing: context.traceHeader)
        header.parent = fixture.random.entityID()
        let result = try await service.invoke("send", payload: event.bytes, traceHeader: header.description)
        try Self.call(
          "Lambda", context, id: try #require(header.parent),
          aws: [
            "retries": 0, "status_code": 200, "function_name": "send", "region": "us-east-1", "operation": "Invoke",
            "request_id": .string(result.requestID), "resource_names": ["send"],
          ])
        return Self.created
      }
      _ = try await service.invoke("send")
      _ = await gateway(fixture).handle(GatewayRequest(method: "POST", path: "/add-task"), with: "post")
    }
    #expect(try shapes(compiled(recorder), origins: all) == shapes(recording("10"), origins: all))
  }

  @Test func `asynchronous`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { $0.tracingMode = .passThrough }
      let response = await gateway(fixture).handle(
        GatewayRequest(method: "POST", path: "/order"), with: "worker", type: .event)
      #expect(response.statusCode == 200)
    }
    let origins = ["AWS::ApiGateway::Stage", "AWS::Lambda"]
    #expect(try shapes(compiled(recorder), origins: origins) == shapes(recording("01"), origins: origins))
  }

  @Test func `with the log group, without an upstream`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      _ = try await fixture.service.invoke("worker")
    }
    func shapes(_ segments: [JSONValue]) -> Set<Shape> { Set(segments.map { Shape($0).without(["links", "type"]) }) }
    #expect(try shapes(compiled(recorder)) == shapes(recording("03")))
  }
}
