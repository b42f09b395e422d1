import Synchronization
public import XRayModel

/// Tells those who feed a function to end after the batch they are at, which a cancellation would break off.
public final class StopSignal: Sendable {
  private struct State {
    var isStopped = false
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastID = 0
  }

  private let state = Mutex(State())

  /// A signal that is not given yet.
  public init() {}

  public var isStopped: Bool { state.withLock { $0.isStopped } }

  /// Gives the signal, once and for all.
  public func stop() {
    let waiting = state.withLock { state in
      state.isStopped = true
      defer { state.waiting = [:] }
      return state.waiting.sorted { $0.key < $1.key }.map(\.value)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Waits until the signal is given or the task is cancelled.
  public func wait() async {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          if state.isStopped || Task.isCancelled { return true }
          state.waiting[id] = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
    }
  }

  /// Sleeps until `moment`, until the signal is given or the task is cancelled.
  public func sleep(until moment: Timestamp, on clock: any WallClock) async {
    await firstOf({ try? await clock.sleep(until: moment, tolerance: nil) }, { await self.wait() })
  }
}

/// Runs works beside each other until the first of them ends; then cancels the others and waits for them.
func firstOf(_ works: @Sendable () async -> Void...) async {
  await withTaskGroup(of: Void.self) { group in
    for work in works { group.addTask { await work() } }
    await group.next()
    group.cancelAll()
  }
}
