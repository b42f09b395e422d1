import LambdaEmitter
import Testing
import XRayModel

@Suite struct `The daemon in an environment` {
  /// The most that a function may use beside its daemon.
  @Test(arguments: [
    (128, 112), (512, 496), (533, 517), (534, 517), (1024, 993), (3008, 2917), (10_240, 9932),
  ])
  func `takes the greater of 16 MB and 3 percent`(memory: Int, usable: Int) async throws {
    try await Fixture.run { fixture in
      for (name, used) in [("within", usable), ("beyond", usable + 1)] {
        try fixture.function(name) {
          $0.memoryMegabytes = memory
        } handler: { event, context in
          try context.useMemory(megabytes: used)
          context.emitter.emit(Array("{}".utf8))
          return event.bytes
        }
      }
      _ = try await fixture.service.invoke("within")
      #expect(fixture.service.ledger.droppedTotal == 0)
      _ = try await fixture.service.invoke("beyond")
      #expect(fixture.service.ledger.dropped == ["daemon terminated": 1])
    }
  }

  @Test func `goes first, once, and the function works on without its documents`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, context in
        try context.useMemory(megabytes: 120)
        try context.useMemory(megabytes: 121)
        context.emitter.emit(Array("{}".utf8))
        return event.bytes
      }
      let first = try await fixture.service.invoke("worker")
      #expect(first.functionError == nil)
      #expect(first.logLines.filter { $0.contains("XRAY daemon terminated") }.count == 1)
      #expect(first.logLines.last?.contains("Max Memory Used: 121 MB") == true)
      let second = try await fixture.service.invoke("worker")
      #expect(!second.logLines.contains { $0.contains("XRAY daemon terminated") })
      #expect(fixture.service.ledger.dropped == ["daemon terminated": 2])
      #expect(fixture.service.ledger.isBalanced)
    }
    #expect(recorder.functions.map { $0.metadata["fluoro"]?["documents_lost"] } == [1, 1])
    #expect(recorder.documents.count == 4)
  }

  @Test(arguments: [true, false]) func `is followed by the function when memory runs out`(isCaught: Bool) async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function { event, context in
        do { try context.useMemory(megabytes: 129) } catch { if !isCaught { throw error } }
        return event.bytes
      }
      let result = try await fixture.service.invoke("worker")
      #expect(String(decoding: result.payload, as: UTF8.self).contains("signal: killed"))
      #expect(result.logLines.last?.contains("Max Memory Used: 128 MB") == true)
      _ = try await fixture.service.invoke("worker")
    }
    #expect(recorder.functions.allSatisfy { $0.isFault && $0.part("Initialization") != nil })
  }

  @Test func `does not run where nothing is traced`() async throws {
    let recorder = try await Fixture.run { fixture in
      try fixture.function {
        $0.tracingMode = .passThrough
      } handler: { event, context in
        context.emitter.emit(Array("{}".utf8))
        try context.useMemory(megabytes: 128)
        return event.bytes
      }
      let result = try await fixture.service.invoke("worker")
      #expect(result.functionError == nil)
      #expect(!result.logLines.contains { $0.contains("XRAY") })
      #expect(fixture.service.ledger.dropped == ["no daemon": 1])
    }
    #expect(recorder.documents.isEmpty)
  }
}
