import LambdaEmitter
import Synchronization
import Testing
import XRayModel

/// A runtime that works on for a while after each answer, and keeps what it is told.
private final class SlowRuntime: FunctionRuntime {
  private let clock: any WallClock
  private let told: Notes<PlatformEvent>
  private let isLost: Bool
  private let settled = Mutex(true)

  init(clock: any WallClock, told: Notes<PlatformEvent>, isLost: Bool) {
    self.clock = clock
    self.told = told
    self.isLost = isLost
  }

  func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] {
    if event.bytes == Array("0".utf8) { throw FunctionError(type: "Refused", message: "no") }
    return event.bytes
  }

  func freeze() async { settled.withLock { $0 = false } }
  var isSettled: Bool { settled.withLock { $0 } }

  func settle() async throws {
    try await clock.sleep(for: .seconds(1))
    settled.withLock { $0 = true }
    if isLost { throw RuntimeExit(extensionError: "Extension.Crash", reason: "exit status 1") }
  }

  func report(_ event: @autoclosure () -> PlatformEvent) { told.add(event()) }
}

@Suite struct `An environment that works on after its answer` {
  private func run(
    isLost: Bool = false, _ body: @escaping @Sendable (Fixture) async throws -> Void
  ) async throws -> (recorder: Recorder, told: [PlatformEvent]) {
    let told = Notes<PlatformEvent>()
    let recorder = try await Fixture.run(timing: .measured) { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try fixture.service.createFunction(configuration) {
        SlowRuntime(clock: fixture.clock, told: told, isLost: isLost)
      }
      try await body(fixture)
    }
    return (recorder, told.all)
  }

  @Test func `holds up neither the answer nor the next one`() async throws {
    let (recorder, told) = try await run { fixture in
      let result = try await fixture.service.invoke("worker", payload: Array("1".utf8))
      #expect(result.payload == Array("1".utf8))
      #expect(result.logLines.last?.hasPrefix("REPORT") == true)
      #expect(fixture.clock.now == startOfTime)
      // The environment is not free yet.
      _ = try await fixture.service.invoke("worker", payload: Array("2".utf8))
      try await fixture.clock.sleep(for: .seconds(2))
      _ = try await fixture.service.invoke("worker", payload: Array("3".utf8))
    }
    #expect(recorder.functions.map { $0.part("Initialization") != nil } == [true, true, false])
    for function in recorder.functions {
      let overhead = try #require(function.part("Overhead"))
      #expect(try #require(overhead.end).since(overhead.start) == 1)
      #expect(function.end == overhead.end)
    }
    #expect(recorder.services.count == 3)
    #expect(told.count == 11)
  }

  @Test func `is told of all that happens, in its order`() async throws {
    let (recorder, told) = try await run { fixture in
      _ = try await fixture.service.invoke("worker", payload: Array("0".utf8))
    }
    let function = try #require(recorder.functions.first)
    guard told.count == 4, case .initializationStarted(.initialization, _) = told[0],
      case .invocationStarted(let start) = told[1], case .invocationEnded(let end) = told[2],
      case .invocationReported(let report) = told[3]
    else {
      Issue.record("\(told)")
      return
    }
    #expect(start.version == "$LATEST")
    #expect(start.tracing?.span == function.id)
    #expect(end.status == .error(type: "Refused"))
    #expect(end.fault == nil)
    #expect(end.tracing?.span == function.part("Invocation")?.id)
    #expect(report.status == .error(type: "Refused"))
    #expect(report.tracing?.header == start.tracing?.header)
    let header = try TraceHeader(parsing: try #require(start.tracing?.header))
    #expect(header.root == function.traceID)
    #expect(header.parent == function.parentID)
    #expect(Set([start.requestID, end.requestID, report.requestID]).count == 1)
  }

  @Test func `may be lost by that`() async throws {
    let (recorder, told) = try await run(isLost: true) { fixture in
      _ = try await fixture.service.invoke("worker", payload: Array("1".utf8))
      try await fixture.clock.sleep(for: .seconds(2))
      _ = try await fixture.service.invoke("worker", payload: Array("2".utf8))
    }
    #expect(recorder.functions.allSatisfy { $0.part("Initialization") != nil && !$0.isFault })
    let statuses = told.compactMap { event in
      if case .invocationReported(let report) = event { report.status } else { nil }
    }
    #expect(statuses == [.error(type: "Extension.Crash"), .error(type: "Extension.Crash")])
  }
}
