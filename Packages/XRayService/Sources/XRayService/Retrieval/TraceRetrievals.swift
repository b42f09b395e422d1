import Synchronization
import XRayModel

/// The retrievals that were started, by their tokens. They end with the process.
final class TraceRetrievals: Sendable {
  /// Retrievals that are remembered; the oldest go first.
  private static let limit = 1000

  private struct State {
    var retrievals: [String: TraceRetrieval] = [:]
    /// In order of their start.
    var tokens: [String] = []
  }
  private let state = Mutex(State())

  func start(_ retrieval: TraceRetrieval, token: String) {
    state.withLock { state in
      state.retrievals[token] = retrieval
      state.tokens.append(token)
      if state.tokens.count > Self.limit { state.retrievals[state.tokens.removeFirst()] = nil }
    }
  }

  subscript(token: String) -> TraceRetrieval? { state.withLock { $0.retrievals[token] } }

  func cancel(_ token: String) { state.withLock { $0.retrievals[token]?.isCancelled = true } }
}
