import Dispatch
import XRayDaemon
import XRayModel

extension Daemon.Configuration {
  /// On a free port of the loopback interface; batches wait so long that only a full batch, a flush or the end
  /// sends them.
  static func test(_ change: (inout Daemon.Configuration) -> Void = { _ in }) -> Daemon.Configuration {
    var configuration = Daemon.Configuration()
    configuration.address.port = 0
    configuration.batchInterval = .seconds(3600)
    configuration.retryDelay = .milliseconds(1)
    configuration.drainDeadline = .seconds(600)
    change(&configuration)
    return configuration
  }
}

extension Daemon {
  /// Runs the daemon around `body`, then stops it and waits for its end.
  func whileRunning<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    async let run: Void = run()
    do {
      let result = try await body()
      stop()
      try await run
      return result
    } catch {
      stop()
      try await run
      throw error
    }
  }

  /// Waits off the concurrency pool until `count` datagrams were received.
  func received(_ count: Int) async -> Bool {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "test").async {
        continuation.resume(returning: self.drain(received: count, timeout: .seconds(600)))
      }
    }
  }

  func hop(_ name: String) -> LedgerHop { ledger.hops.first { $0.name == name } ?? LedgerHop(name: "missing") }
}
