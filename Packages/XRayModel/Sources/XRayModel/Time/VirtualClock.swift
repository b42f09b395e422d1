import Synchronization

/// A clock that stands still until somebody moves it: tests move it by hand, a ``Simulation`` moves it to
/// the next sleeper whenever nothing is left to do at the present moment.
public final class VirtualClock: WallClock {
  private struct Sleeper {
    var deadline: Timestamp
    var order: UInt64
    var continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Timestamp
    var nextOrder: UInt64 = 0
    /// Latest first, so that the next one to wake is the last.
    var sleepers: [Sleeper] = []
    /// Sleeps that were cancelled before they began.
    var cancelled: Set<UInt64> = []

    /// By deadline, then by order. Compares members in place: a copy of a sleeper counts references.
    mutating func insert(_ sleeper: Sleeper) {
      var low = 0
      var high = sleepers.count
      while low < high {
        let middle = (low + high) / 2
        let deadline = sleepers[middle].deadline
        let isLater =
          deadline == sleeper.deadline ? sleepers[middle].order > sleeper.order : deadline > sleeper.deadline
        if isLater { low = middle + 1 } else { high = middle }
      }
      sleepers.insert(sleeper, at: low)
    }

    mutating func removeSleeper(_ order: UInt64) -> Sleeper? {
      guard let index = sleepers.firstIndex(where: { $0.order == order }) else { return nil }
      return sleepers.remove(at: index)
    }
  }

  private let state: Mutex<State>

  public init(start: Timestamp) { state = Mutex(State(now: start)) }

  public var now: Timestamp { state.withLock { $0.now } }

  /// How many sleep at present. A test that moves the clock by hand waits for it to know that all have gone to sleep.
  public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

  /// Waits until the clock is moved to `deadline`; sleepers of one moment wake in the order in which they slept.
  public func sleep(until deadline: Timestamp, tolerance: Duration? = nil) async throws {
    let order = state.withLock { state in
      state.nextOrder += 1
      return state.nextOrder
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        enqueue(Sleeper(deadline: deadline, order: order, continuation: continuation))
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        let sleeper = state.removeSleeper(order)
        if sleeper == nil { state.cancelled.insert(order) }
        return sleeper
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
    // A cancellation that came after waking left its mark behind.
    state.withLock { _ = $0.cancelled.remove(order) }
  }

  private func enqueue(_ sleeper: Sleeper) {
    enum Next { case wait, wake, cancel }
    let next: Next = state.withLock { state in
      if state.cancelled.remove(sleeper.order) != nil { return .cancel }
      if sleeper.deadline <= state.now { return .wake }
      state.insert(sleeper)
      return .wait
    }
    switch next {
    case .wait: break
    case .wake: sleeper.continuation.resume()
    case .cancel: sleeper.continuation.resume(throwing: CancellationError())
    }
  }

  /// Moves the clock to the earliest sleeper and wakes it. `false` when nobody sleeps.
  @discardableResult
  public func advanceToNextSleeper() -> Bool {
    let sleeper = state.withLock { state -> Sleeper? in
      guard let sleeper = state.sleepers.popLast() else { return nil }
      state.now = max(state.now, sleeper.deadline)
      return sleeper
    }
    sleeper?.continuation.resume()
    return sleeper != nil
  }

  /// Moves the clock by `duration` and wakes everyone whose deadline has come, earliest first.
  ///
  /// Who is woken and sleeps again is a new sleeper: a loop that wakes every second is woken once by a step of ten.
  public func advance(by duration: Duration) {
    let target = now.advanced(by: duration)
    while let next = state.withLock({ $0.sleepers.last?.deadline }), next <= target {
      advanceToNextSleeper()
    }
    state.withLock { $0.now = max($0.now, target) }
  }
}
