import Insights
import Synchronization
import Testing
import Traces
import XRayModel

@Suite struct `An insight watcher` {
  /// What a test and the watcher's closures share.
  final class World: Sendable {
    struct State {
      var groups: [String] = ["Default"]
      var asked: [(group: String, range: Range<Timestamp>, at: Timestamp)] = []
      var logs: [InsightLog] = []
      var isDown = false
    }
    struct Down: Error {}

    let clock: VirtualClock
    let state = Mutex(State())
    init(clock: VirtualClock) { self.clock = clock }

    /// `users` fail from minute 5 to minute 7.
    func watcher(_ log: InsightLog = InsightLog()) -> InsightWatcher {
      InsightWatcher(log: log, clock: clock, random: RandomSource(seed: 1)) {
        self.state.withLock { $0.groups }
      } graphs: { group, range in
        let isDown = self.state.withLock { state in
          state.asked.append((group, range, self.clock.now))
          return state.isDown
        }
        if isDown { throw Down() }
        let isFailing = (minute(5)..<minute(8)).contains(range.lowerBound)
        return ServiceGraph(`An insight detector`.shop(users: isFailing ? 50 : 0))
      } changed: { log in
        self.state.withLock { $0.logs.append(log) }
      }
    }

    var insights: [Insight] {
      state.withLock { $0.logs.last }?.insights(ofGroup: "Default", overlapping: start..<minute(10_000)) ?? []
    }
  }

  /// Runs a watcher from `start` on while `body` looks at it.
  static func run(
    _ log: InsightLog = InsightLog(), from moment: Timestamp = start,
    _ body: @escaping @Sendable (World) async throws -> Void
  ) async throws {
    try await Simulation.run(from: moment) { clock in
      let world = World(clock: clock)
      let watcher = world.watcher(log)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await watcher.run() }
        try await body(world)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.next() }
      }
    }
  }

  @Test func `asks for each minute once, ten seconds after its end`() async throws {
    try await Self.run { world in
      try await world.clock.sleep(until: minute(30).advanced(by: .seconds(30)))
      let asked = world.state.withLock { $0.asked }
      let expected = (-61..<30).map { minute($0)..<minute($0 + 1) }
      #expect(asked.map(\.range) == expected)
      for question in asked.dropFirst(60) {
        #expect(question.at == question.range.upperBound.advanced(by: .seconds(10)))
      }
    }
  }

  @Test func `opens and closes insights, and hands over the log`() async throws {
    try await Self.run { world in
      try await world.clock.sleep(until: minute(7))
      #expect(world.insights.map(\.state) == [.active])
      #expect(world.insights.first?.rootCause.name == "users")
      try await world.clock.sleep(until: minute(30))
      #expect(world.insights.map(\.end) == [minute(8)])
      // The hour before, and then each minute.
      #expect(world.state.withLock { $0.logs.count } == 31)
    }
  }

  @Test func `goes on where it was kept, and catches up an hour at most`() async throws {
    var log = InsightLog()
    log.observe(minute: minute(3), ofGroup: "Default", graph: ServiceGraph([]), random: RandomSource(seed: 2))
    try await Self.run(log, from: minute(20)) { world in
      try await world.clock.sleep(until: minute(21))
      #expect(world.state.withLock { $0.asked }.first?.range.lowerBound == minute(4))
    }
    try await Self.run(log, from: minute(500)) { world in
      try await world.clock.sleep(until: minute(500).advanced(by: .seconds(5)))
      let asked = world.state.withLock { $0.asked }
      #expect(asked.count == 60 && asked.last?.range.upperBound == minute(499))
    }
    // Kept by a clock that was far ahead.
    try await Self.run(log, from: minute(-5000)) { world in
      try await world.clock.sleep(until: minute(-4999))
      #expect(world.state.withLock { $0.asked }.count == 61)
    }
  }

  @Test func `tries again what could not be asked for`() async throws {
    try await Self.run { world in
      try await world.clock.sleep(until: minute(5))
      world.state.withLock { $0.isDown = true }
      try await world.clock.sleep(until: minute(15))
      #expect(world.insights.isEmpty)
      world.state.withLock { $0.isDown = false }
      try await world.clock.sleep(until: minute(16).advanced(by: .seconds(30)))
      #expect(world.insights.map(\.start) == [minute(5)])
    }
  }

  @Test func `ends what it knows of a group that is no longer watched`() async throws {
    try await Self.run { world in
      try await world.clock.sleep(until: minute(7))
      world.state.withLock { $0.groups = ["Other"] }
      try await world.clock.sleep(until: minute(8))
      #expect(world.insights.map(\.state) == [.closed])
      #expect(world.state.withLock { $0.logs.last?.groups } == ["Other"])
    }
  }
}
