import Synchronization
import XRayModel

/// Documents between the socket and one sink, in the order of their reception.
///
/// They lie in batches from the start: a document is copied once, behind those before it. The budget bounds what is
/// queued and what is in flight together: a document's bytes are free again only when the sink has answered. A
/// document that finds no room is dropped and counted; those before it are kept.
final class DocumentBuffer: Sendable {
  typealias Instant = ContinuousClock.Instant

  struct Limits: Sendable {
    /// Bytes for all documents, queued and in flight.
    var budget: Int
    var batchDocuments: Int
    var batchBytes: Int
    /// How long a document waits for its batch to fill while somebody could take it.
    var interval: Duration
    /// Bytes that batches may have which are in flight together; one batch always may.
    var inFlightBytes = Int.max
  }

  /// A batch that was taken out to be given to the sink.
  struct Taken: Sendable {
    var batch: DocumentBatch
    /// The number of its first document.
    let sequence: Int
    let count: Int
    let cost: Int
  }

  /// What a document costs beside its own bytes: its end, and its share of the batch's own.
  static let overhead = 32

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

  func hasRoom(for count: Int) -> Bool { state.withLock { $0.hasRoom(for: count) } }

  /// Counts a datagram that holds no document.
  func reject(_ reason: String) { state.withLock { $0.reject(reason) } }

  /// Copies a document in; `false` when there was no room for it, which is counted unless the caller tries again.
  @discardableResult
  func append(_ document: UnsafeBufferPointer<UInt8>, at now: Instant, isLastTry: Bool = true) -> Bool {
    let (isAccepted, handovers, mustWake) = state.withLock { state in
      let wasDue = state.headDue
      if !isLastTry, !state.hasRoom(for: document.count) { return (false, state.handovers(at: now), false) }
      let isAccepted = state.append(document, at: now)
      let handovers = state.handovers(at: now)
      return (isAccepted, handovers, wasDue == nil && state.headDue != nil && !state.takers.isEmpty)
    }
    handovers.perform()
    if mustWake { wake() }
    return isAccepted
  }

  /// Takes what one call to the kernel brought, and hands batches over that are full or old enough. Returns how many
  /// documents found no room.
  func append(_ reception: borrowing DatagramBatch, at now: Instant) -> Int {
    let (dropped, handovers) = state.withLock { state in
      var dropped = 0
      reception.forEachDocument { result in
        switch result {
        case .success(let document): if !state.append(document, at: now) { dropped += 1 }
        case .failure(let rejection): state.reject(rejection.rawValue)
        }
      }
      return (dropped, state.handovers(at: now))
    }
    handovers.perform()
    return dropped
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
    let (handovers, flushed) = state.withLock { state in
      state.finish(taken)
      state.counts.settle(taken.count, settlement)
      return (state.handovers(at: .now), state.finishedFlushes())
    }
    handovers.perform()
    for flush in flushed { flush.resume() }
  }

  /// Counts what became of documents that ``abandon(keepingFor:)`` returned.
  func settleAbandoned(_ count: Int, _ settlement: Settlement) {
    state.withLock { $0.counts.settle(count, settlement) }
  }

  /// Counts what became of documents that were spooled.
  func settleSpooled(_ count: Int, _ settlement: Settlement) {
    state.withLock { $0.counts.settleSpooled(count, settlement) }
  }

  /// Counts documents that an earlier process left in the spool.
  func restore(_ count: Int) { state.withLock { $0.counts.restore(count) } }

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

  /// Closes, and gives up what is still queued: it is returned for the spool, or was counted as dropped.
  func abandon(keepingFor spool: Bool) -> [DocumentBatch] {
    let (batches, handovers, flushed) = state.withLock { state in
      state.isClosed = true
      let batches = state.giveUpQueue(isDropped: !spool)
      return (batches, state.handovers(at: .now), state.finishedFlushes())
    }
    handovers.perform()
    for flush in flushed { flush.resume() }
    return batches
  }
}
