import EventSources
import Testing
import XRayModel

@Suite struct `A long poll` {
  private func withQueue(
    _ body: @escaping @Sendable (EventQueue, VirtualClock) async throws -> Void
  ) async throws {
    try await Simulation.run(from: start) { clock in
      try await body(try makeRegistry().create("q", at: start), clock)
    }
  }

  @Test func `ends with the first message that is sent`() async throws {
    try await withQueue { queue, clock in
      async let messages = queue.receive(10, until: after(20), on: clock)
      try await clock.sleep(until: after(7))
      try queue.put("a", at: 7)
      #expect(await messages.map(\.text) == ["a"])
      #expect(clock.now == after(7))
    }
  }

  @Test func `ends when its time is up`() async throws {
    try await withQueue { queue, clock in
      #expect(await queue.receive(1, until: after(20), on: clock).isEmpty)
      #expect(clock.now == after(20))
    }
  }

  @Test func `ends when a hidden message becomes visible`() async throws {
    try await withQueue { queue, clock in
      try queue.put("delayed", delay: 3)
      #expect(await queue.receive(1, until: after(20), on: clock, visibility: .seconds(5)).map(\.text) == ["delayed"])
      #expect(clock.now == after(3))
      #expect(await queue.receive(1, until: after(20), on: clock).map(\.receiveCount) == [2])
      #expect(clock.now == after(8))
    }
  }

  @Test func `gives a message to one of several who wait`() async throws {
    try await withQueue { queue, clock in
      try await withThrowingTaskGroup(of: [QueueMessage].self) { group in
        for _ in 0..<10 { group.addTask { await queue.receive(1, until: after(20), on: clock) } }
        try await clock.sleep(until: after(1))
        for body in ["a", "b"] { try queue.put(body, at: 1) }
        var received: [String] = []
        for try await messages in group { received += messages.map(\.text) }
        #expect(received.sorted() == ["a", "b"])
      }
    }
  }

  @Test func `ends at once when it is cancelled`() async throws {
    try await withQueue { queue, clock in
      await withTaskGroup(of: Void.self) { group in
        group.addTask { _ = await queue.receive(1, until: after(20), on: clock) }
        try? await clock.sleep(until: after(1))
        group.cancelAll()
      }
      #expect(clock.now == after(1))
    }
  }
}
