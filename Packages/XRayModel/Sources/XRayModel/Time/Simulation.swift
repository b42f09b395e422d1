import Dispatch
import Synchronization

/// Runs asynchronous code in virtual time, on one thread, always in the same order.
///
/// All tasks of the simulation run on an executor of its own, first come first served. When none of them
/// can go on, `settle` is called (to wait for what happens outside, such as a datagram on its way), and when
/// that brought nothing the clock jumps to the earliest sleeper. So hours take milliseconds, and the same seed
/// gives the same run.
///
/// Determinism ends where the code awaits something that another thread completes; do such work before or
/// after the simulation, or in `settle`. Child tasks stay on the executor; a bare `Task {}` does not.
public enum Simulation {
  /// Runs `body` to its end.
  ///
  /// - Parameters:
  ///   - start: The virtual moment at which the run begins.
  ///   - settle: Called each time before the clock moves, on the simulation's thread.
  ///   - body: Gets the clock that it and everything in it must use.
  public static func run<Result: Sendable>(
    from start: Timestamp,
    settle: @escaping @Sendable () -> Void = {},
    _ body: @escaping @Sendable (VirtualClock) async throws -> Result
  ) async throws -> Result {
    let executor = SimulationExecutor()
    let clock = VirtualClock(start: start)
    let task = Task(executorPreference: executor) {
      defer { executor.finish() }
      return try await body(clock)
    }
    DispatchQueue(label: "fluoro.simulation").async {
      while let step = executor.next() {
        switch step {
        case .run(let job): job.runSynchronously(on: executor.asUnownedTaskExecutor())
        case .idle:
          settle()
          // What came meanwhile belongs to the present moment.
          if executor.hasJobs || clock.advanceToNextSleeper() { continue }
          executor.waitForJob()
        }
      }
    }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}

/// A queue of jobs that one thread works off.
private final class SimulationExecutor: TaskExecutor {
  enum Step {
    case run(UnownedJob)
    case idle
  }

  private struct State {
    var jobs: [UnownedJob] = []
    var head = 0
    var isFinished = false
    /// Whether the thread of the simulation sleeps until the next job.
    var isWaiting = false

    var hasJobs: Bool { head < jobs.count }

    /// Notes an arrival; whether somebody must be woken for it.
    mutating func stopWaiting() -> Bool {
      defer { isWaiting = false }
      return isWaiting
    }
  }

  private let state = Mutex(State())
  private let arrival = DispatchSemaphore(value: 0)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustWake = state.withLock { state in
      state.jobs.append(job)
      return state.stopWaiting()
    }
    if mustWake { arrival.signal() }
  }

  /// Called by the simulation's own task as the last thing it does.
  func finish() {
    let mustWake = state.withLock { state in
      state.isFinished = true
      return state.stopWaiting()
    }
    if mustWake { arrival.signal() }
  }

  var hasJobs: Bool { state.withLock { $0.hasJobs } }

  /// What to do next, or `nil` when the simulation is over.
  func next() -> Step? {
    state.withLock { state in
      if state.hasJobs {
        let job = state.jobs[state.head]
        state.head += 1
        // Not one by one: removing the first of an array moves all others.
        if state.head == state.jobs.count || state.head == 1024 {
          state.jobs.removeFirst(state.head)
          state.head = 0
        }
        return .run(job)
      }
      return state.isFinished ? nil : .idle
    }
  }

  /// Blocks until a job comes from outside.
  func waitForJob() {
    let mustWait = state.withLock { state in
      state.isWaiting = !state.hasJobs && !state.isFinished
      return state.isWaiting
    }
    if mustWait { arrival.wait() }
  }
}
