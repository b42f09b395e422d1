import Synchronization
import Testing
import XRayModel

private let start = Timestamp(seconds: 1_800_000_000)

/// What happened in a simulation, in order, with its moment.
private final class Log: Sendable {
  private let entries = Mutex<[String]>([])
  var all: [String] { entries.withLock { $0 } }

  func add(_ text: String, at clock: VirtualClock) {
    let seconds = start.duration(to: clock.now).inSeconds
    entries.withLock { $0.append("\(seconds) \(text)") }
  }
}

struct SimulationTests {
  /// Forty tasks that sleep, compute and yield by the numbers of one source.
  private func run(seed: UInt64) async throws -> [String] {
    let log = Log()
    let random = RandomSource(seed: seed)
    try await Simulation.run(from: start) { clock in
      await withThrowingTaskGroup { group in
        for task in 0..<40 {
          group.addTask {
            for step in 0..<25 {
              try await clock.sleep(for: .milliseconds(Int(random.next() % 5000)))
              if random.fraction() < 0.5 { await Task.yield() }
              log.add("\(task).\(step) \(random.entityID())", at: clock)
            }
          }
        }
      }
    }
    return log.all
  }

  @Test func `the same seed gives the same order, another seed another`() async throws {
    let first = try await run(seed: 1)
    #expect(first.count == 1000)
    #expect(try await run(seed: 1) == first)
    #expect(try await run(seed: 2) != first)
  }

  @Test func `hours of virtual time pass at once, and moments come in order`() async throws {
    let log = Log()
    let end = try await Simulation.run(from: start) { clock in
      async let slow: Void = {
        try await clock.sleep(for: .seconds(6 * 3600))
        log.add("slow", at: clock)
      }()
      for _ in 0..<3 {
        try await clock.sleep(for: .seconds(60))
        log.add("quick", at: clock)
      }
      try await slow
      return clock.now
    }
    #expect(end == start.advanced(by: .seconds(6 * 3600)))
    #expect(log.all == ["60.0 quick", "120.0 quick", "180.0 quick", "21600.0 slow"])
  }

  @Test func `sleepers of one moment wake in the order in which they slept`() async throws {
    let log = Log()
    try await Simulation.run(from: start) { clock in
      await withThrowingTaskGroup { group in
        for task in 0..<20 {
          group.addTask {
            // The later ones sleep shorter from a later moment.
            if task >= 10 { try await clock.sleep(for: .seconds(1)) }
            try await clock.sleep(until: start.advanced(by: .seconds(5)))
            log.add("\(task)", at: clock)
          }
        }
      }
    }
    #expect(log.all == (0..<20).map { "5.0 \($0)" })
  }

  @Test func `actors work in virtual time too`() async throws {
    actor Counter {
      var count = 0
      func add(after clock: VirtualClock) async throws {
        let before = count
        try await clock.sleep(for: .seconds(1))
        count = before + 1
      }
    }
    let count = try await Simulation.run(from: start) { clock in
      let counter = Counter()
      try await withThrowingTaskGroup { group in
        for _ in 0..<10 { group.addTask { try await counter.add(after: clock) } }
        try await group.waitForAll()
      }
      return await counter.count
    }
    // All ten read the count before the first of them wrote it.
    #expect(count == 1)
  }

  @Test func `a cancelled sleeper wakes at once with a cancellation`() async throws {
    let log = Log()
    try await Simulation.run(from: start) { clock in
      await withTaskGroup { group in
        group.addTask {
          do {
            try await clock.sleep(for: .seconds(1000))
          } catch {
            log.add("\(error is CancellationError)", at: clock)
          }
          // A sleep that begins in a cancelled task does not begin.
          await #expect(throws: CancellationError.self) { try await clock.sleep(for: .seconds(1)) }
          log.add("end", at: clock)
        }
        try? await clock.sleep(for: .seconds(2))
        group.cancelAll()
      }
      #expect(clock.sleeperCount == 0)
    }
    #expect(log.all == ["2.0 true", "2.0 end"])
  }

  @Test func `cancelling from outside ends the simulation`() async throws {
    let (begun, signal) = AsyncStream<Void>.makeStream()
    let task = Task {
      try await Simulation.run(from: start) { clock in
        signal.finish()
        // Nobody else is there to wait with the clock, and it never comes to an end by itself.
        while true { try await clock.sleep(for: .seconds(1)) }
      }
    }
    for await _ in begun {}
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func `an error of the body comes out`() async {
    struct Failure: Error {}
    await #expect(throws: Failure.self) {
      try await Simulation.run(from: start) { clock in
        try await clock.sleep(for: .seconds(1))
        throw Failure()
      }
    }
  }

  @Test func `what comes while settling runs before the clock moves`() async throws {
    let log = Log()
    let waiting = Mutex<CheckedContinuation<Void, Never>?>(nil)
    let settled = Mutex(0)
    try await Simulation.run(
      from: start,
      settle: {
        settled.withLock { $0 += 1 }
        waiting.withLock { $0.take() }?.resume()
      },
      { clock in
        async let other: Void = {
          try await clock.sleep(for: .seconds(1))
          log.add("slept", at: clock)
        }()
        await withCheckedContinuation { continuation in waiting.withLock { $0 = continuation } }
        log.add("came", at: clock)
        try await other
      })
    #expect(log.all == ["0.0 came", "1.0 slept"])
    #expect(settled.withLock { $0 } == 2)
  }

  @Test func `a job from another thread is waited for`() async throws {
    let value = try await Simulation.run(from: start) { clock in
      try await clock.sleep(for: .seconds(1))
      // The detached task does not run on the simulation's thread.
      return await Task.detached { 42 }.value
    }
    #expect(value == 42)
  }
}

struct VirtualClockTests {
  @Test func `the clock stands still until it is moved, and wakes who is due`() async throws {
    let clock = VirtualClock(start: start)
    #expect(clock.now == start && !clock.advanceToNextSleeper())
    try await clock.sleep(until: start)
    async let first: Void = clock.sleep(for: .seconds(5))
    async let second: Void = clock.sleep(for: .seconds(9))
    while clock.sleeperCount < 2 { await Task.yield() }
    clock.advance(by: .seconds(4))
    #expect(clock.sleeperCount == 2 && clock.now == start.advanced(by: .seconds(4)))
    clock.advance(by: .seconds(1))
    #expect(clock.sleeperCount == 1)
    try await first
    #expect(clock.advanceToNextSleeper() && clock.now == start.advanced(by: .seconds(9)))
    try await second
    clock.advance(by: .seconds(-5))
    #expect(clock.now == start.advanced(by: .seconds(9)))
  }

  @Test func `cancelling a thousand sleepers from many threads leaves none`() async {
    let clock = VirtualClock(start: start)
    let outcomes = await withTaskGroup { group in
      for task in 0..<1000 {
        group.addTask {
          do {
            try await clock.sleep(for: .seconds(task % 7))
            return true
          } catch { return false }
        }
        if task % 100 == 50 { clock.advance(by: .milliseconds(300)) }
      }
      group.cancelAll()
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(outcomes <= 1000 && clock.sleeperCount == 0)
  }

  @Test func `the system clock tells this century and waits without error`() async throws {
    let clock = SystemClock()
    let before = clock.now
    #expect(before > Timestamp(seconds: 1_700_000_000) && before < .upperBound)
    try await clock.sleep(until: before, tolerance: nil)
    #expect(clock.minimumResolution == .nanoseconds(100))
  }
}
