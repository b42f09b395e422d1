import Dispatch
import Synchronization

/// How many datagrams were received; threads may wait for a number.
final class ReceptionCount: Sendable {
  private struct State {
    var count = 0
    var isFinal = false
    var waiters: [(target: Int, semaphore: DispatchSemaphore)] = []
  }

  private let state = Mutex(State())

  func add(_ count: Int) { change { $0.count += count } }

  /// Nothing will be received any more.
  func finish() { change { $0.isFinal = true } }

  private func change(_ body: (inout sending State) -> Void) {
    state.withLock { state in
      body(&state)
      guard !state.waiters.isEmpty else { return }
      state.waiters.removeAll { waiter in
        guard state.isFinal || waiter.target <= state.count else { return false }
        waiter.semaphore.signal()
        return true
      }
    }
  }

  /// Blocks the thread until `target` is reached, and tells whether it was within `timeout`.
  func wait(for target: Int, timeout: Duration) -> Bool {
    let semaphore = DispatchSemaphore(value: 0)
    let isSettled = state.withLock { state in
      if state.count >= target || state.isFinal { return true }
      state.waiters.append((target, semaphore))
      return false
    }
    if !isSettled { _ = semaphore.wait(timeout: .now() + timeout.dispatchInterval) }
    return state.withLock { state in
      state.waiters.removeAll { $0.semaphore === semaphore }
      return state.count >= target
    }
  }
}

extension Duration {
  fileprivate var dispatchInterval: DispatchTimeInterval {
    .milliseconds(Int(min(max((self / .milliseconds(1)).rounded(.up), 0), 86_400_000)))
  }
}
