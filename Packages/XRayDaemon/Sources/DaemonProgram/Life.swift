import DaemonOptions
import DaemonServer
import Synchronization

/// What changes while the program runs.
final class Life: Sendable {
  private struct State {
    var isStopping = false
    var server: BoundServer?
    var options: DaemonOptions?
  }

  private let state = Mutex(State())

  var isStopping: Bool {
    get { state.withLock { $0.isStopping } }
    set { state.withLock { $0.isStopping = newValue } }
  }

  var server: BoundServer? {
    get { state.withLock { $0.server } }
    set { state.withLock { $0.server = newValue } }
  }

  /// The last that were read again.
  var options: DaemonOptions? {
    get { state.withLock { $0.options } }
    set { state.withLock { $0.options = newValue } }
  }
}

/// Waits for `body`, but no longer than `limit`.
func within(_ limit: Duration, _ body: @escaping @Sendable () async -> Void) async {
  await withTaskGroup(of: Void.self) { group in
    group.addTask(operation: body)
    group.addTask { try? await Task.sleep(for: limit) }
    await group.next()
    group.cancelAll()
  }
}
