import LambdaEmitter
import Testing
import XRayModel

@Suite struct `Concurrent invocations` {
  @Test func `each get an environment, which the next ones find warm`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function(milliseconds: 500)
      for _ in 0..<2 {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<3 { group.addTask { _ = try? await fixture.service.invoke("worker") } }
        }
      }
      _ = try await fixture.service.invoke("worker")
    }
    let cold = recorder.functions.map { $0.part("Initialization") != nil }
    #expect(cold == [true, true, true, false, false, false, false])
    #expect(Set(recorder.entities.map(\.id)).count == 14)
  }

  @Test func `are throttled beyond the account's limit, and their segments tell`() async throws {
    let recorder = try await Fixture.run(concurrency: 2) { fixture in
      try fixture.function(milliseconds: 2000)
      await withTaskGroup(of: LambdaError?.self) { group in
        for _ in 0..<3 { group.addTask { await refusal { _ = try await fixture.service.invoke("worker") } } }
        var refusals: [LambdaError] = []
        for await refusal in group { if let refusal { refusals.append(refusal) } }
        #expect(refusals.map(\.statusCode) == [429])
        #expect(refusals.first?.code.rawValue == "TooManyRequestsException")
        #expect(refusals.first?.reason?.rawValue == "ConcurrentInvocationLimitExceeded")
        #expect(refusals.first?.message == "Rate Exceeded.")
      }
      #expect(try await fixture.service.invoke("worker").statusCode == 200)
    }
    let throttled = recorder.services.filter { $0.http?.response?.status == 429 }
    #expect(throttled.count == 1)
    #expect(throttled.allSatisfy { $0.isError && $0.isThrottle && !$0.isFault })
    #expect(recorder.functions.count == 3)
    #expect(!recorder.functions.contains { $0.parentID == throttled.first?.id })
  }

  @Test func `keep to reserved concurrency, which others cannot use`() async throws {
    try await Fixture.run(concurrency: 2) { fixture in
      let service = fixture.service
      try fixture.function("reserved", milliseconds: 500)
      try fixture.function("other", milliseconds: 500)
      try service.reserveConcurrency(1, for: "reserved")
      let tooMuch = await refusal { try service.reserveConcurrency(2, for: "other") }
      #expect(tooMuch?.code == .invalidParameterValue)
      await withTaskGroup(of: (String, LambdaError?).self) { group in
        for name in ["reserved", "reserved", "other", "other"] {
          group.addTask { (name, await refusal { _ = try await service.invoke(name) }) }
        }
        var reasons: [String: [String]] = [:]
        for await (name, error) in group {
          if let reason = error?.reason { reasons[name, default: []].append(reason.rawValue) }
        }
        #expect(
          reasons == [
            "reserved": ["ReservedFunctionConcurrentInvocationLimitExceeded"],
            "other": ["ConcurrentInvocationLimitExceeded"],
          ])
      }
      try service.reserveConcurrency(0, for: "reserved")
      let stopped = await refusal { _ = try await service.invoke("reserved") }
      #expect(stopped?.statusCode == 429)
    }
  }

  @Test func `keep to ten requests a second for each place`() async throws {
    try await Fixture.run(timing: .measured) { fixture in
      try fixture.function(milliseconds: 0, initialization: 0)
      try fixture.service.reserveConcurrency(1, for: "worker")
      for _ in 0..<10 { _ = try await fixture.service.invoke("worker") }
      let refused = await refusal { _ = try await fixture.service.invoke("worker") }
      #expect(refused?.reason == .reservedInvocationRate)
      try await fixture.clock.sleep(for: .seconds(1))
      #expect(try await fixture.service.invoke("worker").statusCode == 200)
    }
  }

  @Test func `start cold after ten idle minutes and after each update`() async throws {
    final class Counted: FunctionRuntime {
      let ends: Notes<Int>
      init(_ ends: Notes<Int>) { self.ends = ends }
      func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] { event.bytes }
      func shutDown() async { ends.add(1) }
    }
    let ends = Notes<Int>()
    let recorder = try await Fixture.run { fixture in
      var configuration = FunctionConfiguration(name: "worker", role: roleARN)
      configuration.tracingMode = .active
      try fixture.service.createFunction(configuration) { Counted(ends) }
      for pause in [0, 500, 700] as [Int64] {
        try await fixture.clock.sleep(for: .seconds(pause))
        _ = try await fixture.service.invoke("worker")
      }
      try fixture.service.updateFunctionConfiguration("worker") { $0.memoryMegabytes = 256 }
      _ = try await fixture.service.invoke("worker")
      #expect(ends.all.count == 2)
    }
    #expect(recorder.functions.map { $0.part("Initialization") != nil } == [true, false, true, true])
    #expect(ends.all.count == 3)
  }
}
