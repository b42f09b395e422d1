import LambdaEmitter
import Testing
import XRayModel

@Suite struct `A run in virtual time` {
  /// Many kinds of invocations at once, some of which fail.
  static func run(seed: UInt64) async throws -> [[UInt8]] {
    try await Fixture.run(seed: seed, concurrency: 6) { fixture in
      let service = fixture.service
      try fixture.function("flaky") {
        $0.deadLetterTarget = "arn:dead"
      } handler: { event, context in
        if fixture.random.fraction() < 0.5 { throw Broken() }
        context.emitter.emit(
          Entity(
            .subsegment, id: fixture.random.entityID(), name: "step",
            traceID: try TraceHeader(parsing: context.traceHeader).root,
            parentID: try TraceHeader(parsing: context.traceHeader).parent, start: context.clock.now,
            end: context.clock.now
          ).document)
        return event.bytes
      }
      try fixture.function("slow", milliseconds: 4000)
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<24 {
          group.addTask {
            let type: InvocationType = index % 3 == 0 ? .event : .requestResponse
            _ = try? await service.invoke(index % 4 == 0 ? "slow" : "flaky", type: type)
          }
        }
      }
    }.documents
  }

  @Test func `gives the same documents for the same seed, and others for another`() async throws {
    let first = try await Self.run(seed: 42)
    #expect(first.count > 40)
    #expect(try await Self.run(seed: 42) == first)
    #expect(try await Self.run(seed: 43) != first)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `emits only valid documents whose parents are known`(seed: UInt64) async throws {
    let documents = try await Self.run(seed: seed)
    var known: Set<EntityID> = []
    for document in documents {
      _ = try SegmentIndex(scanning: document.span)
      try Entity(document: document.span).forEach { known.insert($0.id) }
    }
    for document in documents {
      let entity = try Entity(document: document.span)
      if let parent = entity.parentID { #expect(known.contains(parent)) }
    }
  }
}

@Suite struct `A run on the system's clock` {
  @Test func `works as well`() async throws {
    let recorder = Recorder()
    let service = LambdaService(
      clock: SystemClock(), random: RandomSource(), sampler: CountingSampler(true), emitter: recorder, timing: .measured
    )
    service.putRole(try ExecutionRole(arn: roleARN, managedPolicies: ["AWSXrayWriteOnlyAccess"]))
    var configuration = FunctionConfiguration(name: "worker", role: roleARN)
    configuration.tracingMode = .active
    try service.createFunction(configuration) { event, _ in event.bytes }
    try await service.serving { service in
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<40 {
          group.addTask { _ = try? await service.invoke("worker", type: index % 2 == 0 ? .event : .requestResponse) }
        }
      }
    }
    #expect(recorder.services.count == 40)
    #expect(recorder.functions.count == 40)
    #expect(recorder.named("Attempt #1").count == 20)
    #expect(service.ledger.isBalanced)
    #expect(service.ledger.passedOn == recorder.documents.count)
  }
}
