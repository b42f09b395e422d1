import Synchronization
import Testing
import XRayModel

@testable import LambdaRuntime

@Suite struct TraceTests {
  private static let parent = "b40d1e57569d4fbe"

  @Test func `subsegments of a handler belong to the invocation, and are sent before its answer`() async throws {
    let rig = Rig()
    let sentBefore = Mutex(0)
    let stub = try await StubAPI.start([Rig.traced]) { _ in
      sentBefore.withLock { $0 = rig.emitter.documents.count }
      return .accepted
    }
    try await rig.serve(stub, posts: 1) { _, context in
      try context.xray.withSubsegment("load") { load in
        load.annotate("items", 3)
        try context.xray.withSubsegment("read") { _ in }
      }
      // Never ended: sent as in progress.
      _ = try context.xray.beginSubsegment("forgotten")
      return []
    }
    #expect(sentBefore.withLock { $0 } == 3)
    let entities = rig.emitter.entities
    #expect(entities.map(\.name) == ["read", "load", "forgotten"])
    #expect(entities.allSatisfy { $0.traceID?.description == "1-6b015f5a-f395b0ce4ed24c2cbf3e82ed" })
    #expect(entities[0].parentID == entities[1].id)
    #expect(entities[1].parentID?.description == Self.parent && entities[2].parentID?.description == Self.parent)
    #expect(entities.map(\.isInProgress) == [false, false, true])
  }

  @Test func `nothing is recorded without a header, or with one that says so`() async throws {
    let rig = Rig()
    let unsampled = Rig.header.replacing("Sampled=1", with: "Sampled=0")
    let stub = try await StubAPI.start([
      .event("r-1", headers: ["Lambda-Runtime-Trace-Id": unsampled]), .event("r-2"), Rig.traced,
    ])
    let passed = Mutex<[String?]>([])
    try await rig.serve(stub, posts: 3) { _, context in
      try context.xray.withSubsegment("work") { _ in
        passed.withLock { $0.append(context.xray.currentHeader?.description) }
      }
      return []
    }
    #expect(rig.emitter.entities.map(\.name) == ["work"])
    let headers = passed.withLock { $0 }
    #expect(headers[0] == unsampled && headers[1] == nil && headers[2]?.hasSuffix("Sampled=1") == true)
    // Set for each invocation, and taken away where there is none.
    #expect(rig.variable.history == [unsampled, nil, Rig.header])
  }

  @Test(arguments: [(3000, 150), (1000, 100), (900_000, 1000)])
  func `open subsegments are sent shortly before the deadline, where that is wanted`(
    timeout: Int64, reserve: Int64
  ) async throws {
    var rig = Rig()
    rig.tracing = .progressBeforeDeadline
    let (clock, emitter) = (rig.clock, rig.emitter)
    let deadline = clock.now.ticks / 10_000 + timeout
    let stub = try await StubAPI.start([
      .event("r-1", deadline: deadline, headers: ["Lambda-Runtime-Trace-Id": Rig.header])
    ])
    try await rig.serve(stub, posts: 1) { _, context in
      try context.xray.withSubsegment("ended") { _ in }
      try await context.xray.withSubsegment("outer") { outer in
        outer.annotate("step", 1)
        try await context.xray.withSubsegment("inner") { _ in
          try await eventually { clock.sleeperCount == 1 }
          clock.advance(by: .milliseconds(timeout - reserve - 1))
          #expect(emitter.documents.count == 1)
          clock.advance(by: .milliseconds(1))
          try await eventually { emitter.documents.count == 3 }
        }
      }
      return []
    }
    let entities = emitter.entities
    #expect(entities.map(\.name) == ["ended", "outer", "inner", "inner", "outer"])
    #expect(entities.map(\.isInProgress) == [false, true, true, false, false])
    #expect(entities[1].annotation("step") == 1)
    #expect(entities[1].id == entities[4].id && entities[2].id == entities[3].id)
    #expect(entities[2].parentID == entities[1].id && entities[1].parentID?.description == Self.parent)
    #expect(clock.sleeperCount == 0)
  }

  @Test func `a handler that is done in time leaves nobody waiting for its deadline`() async throws {
    var rig = Rig()
    rig.tracing = .progressBeforeDeadline
    let stub = try await StubAPI.start([Rig.traced])
    try await rig.serve(stub, posts: 1) { _, _ in [] }
    #expect(rig.clock.sleeperCount == 0 && rig.emitter.documents.isEmpty)
  }

  @Test(arguments: [true, false])
  func `the initialization is recorded where that is wanted and a trace is there`(isWanted: Bool) async throws {
    var rig = Rig()
    rig.environment["_X_AMZN_TRACE_ID"] = Rig.header
    if isWanted { rig.tracing = .initialization }
    let stub = try await StubAPI.start([.event("r-1")])
    try await rig.serve(stub, posts: 1) { xray in
      try xray.withSubsegment("open table") { _ in }
      return FunctionHandler { _, context in
        try context.xray.withSubsegment("not traced") { _ in }
        return []
      }
    }
    let entities = rig.emitter.entities
    #expect(entities.map(\.name) == (isWanted ? ["open table"] : []))
    #expect(entities.allSatisfy { $0.parentID?.description == Self.parent })
  }
}
