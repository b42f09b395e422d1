import Synchronization
import XRayModel

/// Documents between the socket and the sink, in the order of their reception.
///
/// Its budget bounds what is queued and what is in flight together: a document's bytes are free again only when
/// the sink has answered. A document that finds no room is dropped and counted; those before it are kept.
final class DocumentBuffer: Sendable {
  typealias Instant = ContinuousClock.Instant

  struct Limits: Sendable {
    var budget: Int
    var batchDocuments: Int
    var batchBytes: Int
    var interval: Duration
  }

  /// Documents that were taken out to be given to the sink.
  struct Taken: Sendable {
    var documents: [[UInt8]]
    let sequence: Int
    let count: Int
    let cost: Int
  }

  /// What a document costs beside its own bytes: array header, allocation, place in the queue.
  static let overhead = 64

  private let state: Mutex<State>
  private let wake: @Sendable () -> Void

  /// - Parameter wake: Called when ``nextDue`` may have become earlier.
  init(limits: Limits, wake: @escaping @Sendable () -> Void = {}) {
    precondition(limits.batchDocuments > 0, "a batch holds at least one document")
    state = Mutex(State(limits: limits))
    self.wake = wake
  }

  var counts: DocumentCounts { state.withLock { $0.counts } }
  /// Bytes of the budget that are in use.
  var usedBytes: Int { state.withLock { $0.usedBytes } }
  /// When ``tick(at:)`` must be called; `nil` while nobody waits for a batch or nothing is queued.
  var nextDue: Instant? { state.withLock { $0.takers.isEmpty ? nil : $0.headDue } }

  /// Counts a datagram that holds no document.
  func reject(_ rejection: DatagramRejection) {
    state.withLock { state in
      state.counts.received += 1
      state.counts.rejected[rejection.rawValue, default: 0] += 1
    }
  }

  /// Copies a document in; `false` when there was no room for it.
  @discardableResult
  func append(_ document: UnsafeBufferPointer<UInt8>, at now: Instant) -> Bool {
    let (isAccepted, handovers) = state.withLock { state in
      (state.append(document, at: now), state.handovers(at: now))
    }
    handovers.perform()
    return isAccepted
  }

  /// Hands a batch over that waited long enough.
  func tick(at now: Instant) {
    state.withLock { $0.handovers(at: now) }.perform()
  }

  /// Waits for the next batch: full, old enough, or asked for by a flush. `nil` once the buffer is closed and empty.
  func next(at now: Instant = .now) async -> Taken? {
    await withCheckedContinuation { taker in
      let (handovers, mustWake) = state.withLock { state in
        state.takers.append(taker)
        return (state.handovers(at: now), state.headDue != nil)
      }
      handovers.perform()
      if mustWake { wake() }
    }
  }

  /// Counts what became of a batch and frees its bytes.
  func settle(_ taken: Taken, _ settlement: Settlement) {
    let flushed = state.withLock { state in
      state.inFlight.removeAll { $0 == taken.sequence }
      state.usedBytes -= taken.cost
      state.counts.settle(taken.count, settlement)
      return state.finishedFlushes()
    }
    for flush in flushed { flush.resume() }
  }

  /// Waits until the sink answered for everything that is in the buffer now.
  func flush() async throws {
    let id = state.withLock { $0.newFlushID() }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let (handovers, flushed) = state.withLock { state in
          // Cancelled before this: nobody would find the continuation any more.
          let error = Task.isCancelled ? CancellationError() : nil
          return state.flush(id, continuation, failing: error)
        }
        handovers.perform()
        for flush in flushed { flush.resume() }
      }
    } onCancel: {
      let flush = state.withLock { $0.flushes.removeValue(forKey: id) }
      flush?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Takes no further documents, and hands out what is there without waiting for full batches.
  func close() {
    state.withLock { state in
      state.isClosed = true
      return state.handovers(at: .now)
    }.perform()
  }

  /// Closes, and drops what is still queued.
  func abandon() {
    let (handovers, flushed) = state.withLock { state in
      state.isClosed = true
      state.dropQueue()
      return (state.handovers(at: .now), state.finishedFlushes())
    }
    handovers.perform()
    for flush in flushed { flush.resume() }
  }
}
