import LambdaEmitter
import Testing
import XRayModel
import XRaySampler

@Suite struct `A stage of API Gateway` {
  static func stage(_ fixture: Fixture, sampler: any SamplingDecider = FixedSampler.always) -> ApiGatewayStage {
    ApiGatewayStage(
      apiName: "shop", stage: "prod", restAPIID: "abcdef1234", lambda: fixture.service, sampler: sampler,
      random: fixture.random, emitter: fixture.recorder)
  }

  @Test func `is the parent of what it calls`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, _ in
        let path = try JSONValue(parsing: event.bytes.span)["path"]?.string ?? ""
        return Array(#"{"statusCode":201,"body":"made \#(path)"}"#.utf8)
      }
      let response = await Self.stage(fixture).handle(GatewayRequest(method: "POST", path: "/orders"), with: "worker")
      #expect(response.statusCode == 201)
      #expect(String(decoding: response.body, as: UTF8.self) == "made /orders")
    }
    let stage = try #require(recorder.named("shop/prod").first)
    let call = try #require(stage.part("Lambda"))
    #expect(recorder.services.first?.parentID == call.id)
    #expect(call.http?.response?.status == 201)
    #expect(stage.http?.request?.url == "https://abcdef1234.execute-api.us-east-1.amazonaws.com/prod/orders")
    #expect(Set(recorder.entities.map(\.traceID)).count == 1)
    for document in recorder.documents { _ = try SegmentIndex(scanning: document.span) }
  }

  @Test func `answers 502 for a failed function and 500 for a throttled one`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { _, _ in throw Broken() }
      let stage = Self.stage(fixture)
      #expect(await stage.handle(GatewayRequest(method: "GET", path: "/"), with: "worker").statusCode == 502)
      try fixture.service.reserveConcurrency(0, for: "worker")
      #expect(await stage.handle(GatewayRequest(method: "GET", path: "/"), with: "worker").statusCode == 500)
      #expect(stage.ledger.passedOn == 2)
    }
    let stages = recorder.named("shop/prod")
    #expect(stages.map(\.isFault) == [true, true])
    #expect(stages.last?.part("Lambda")?.isThrottle == true)
  }

  @Test func `that does not sample leaves no trace anywhere`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function()
      let response = await Self.stage(fixture, sampler: FixedSampler.never)
        .handle(GatewayRequest(method: "GET", path: "/"), with: "worker")
      #expect(response.traceHeader.sampling == .notSampled)
    }
    #expect(recorder.documents.isEmpty)
  }
}
