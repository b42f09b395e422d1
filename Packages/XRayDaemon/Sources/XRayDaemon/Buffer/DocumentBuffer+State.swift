extension DocumentBuffer {
  /// Everything that changes, with the rules by which it does.
  struct State: Sendable {
    private struct Queued: Sendable {
      var bytes: [UInt8]
      var arrival: Instant
    }

    struct Flush: Sendable {
      /// The first document that need not be answered.
      var target: Int
      var continuation: CheckedContinuation<Void, any Error>
    }

    let limits: Limits
    var counts = DocumentCounts()
    /// Of what is queued and in flight.
    var usedBytes = 0
    /// Those who wait for a batch, longest first.
    var takers: [CheckedContinuation<Taken?, Never>] = []
    /// The first documents of the batches in flight.
    var inFlight: [Int] = []
    var flushes: [Int: Flush] = [:]
    var isClosed = false

    private var queue: [Queued] = []
    private var head = 0
    private var queuedBytes = 0
    /// The number of the next document, counted from the first one.
    private var nextSequence = 0
    /// Documents before this one are handed over at once.
    private var urgentBefore = 0
    private var lastFlushID = 0

    init(limits: Limits) { self.limits = limits }

    private var queuedCount: Int { queue.count - head }
    private var headSequence: Int { nextSequence - queuedCount }

    /// When the oldest queued document must be handed over.
    var headDue: Instant? { queuedCount == 0 ? nil : queue[head].arrival.advanced(by: limits.interval) }

    mutating func append(_ document: UnsafeBufferPointer<UInt8>, at now: Instant) -> Bool {
      counts.received += 1
      let cost = document.count + DocumentBuffer.overhead
      guard cost <= limits.budget - usedBytes else {
        counts.dropped[DropReason.bufferFull, default: 0] += 1
        urgentBefore = nextSequence
        return false
      }
      queue.append(Queued(bytes: Array(document), arrival: now))
      queuedBytes += document.count
      usedBytes += cost
      counts.held += 1
      nextSequence += 1
      return true
    }

    private func isReady(at now: Instant) -> Bool {
      guard let headDue else { return false }
      return isClosed || now >= headDue || headSequence < urgentBefore || queuedCount >= limits.batchDocuments
        || queuedBytes >= limits.batchBytes
    }

    /// Pairs those who wait with the batches that are ready.
    mutating func handovers(at now: Instant) -> [Handover] {
      var handovers: [Handover] = []
      while !takers.isEmpty {
        if isReady(at: now) {
          handovers.append(Handover(taker: takers.removeFirst(), taken: take()))
        } else if isClosed {
          handovers.append(Handover(taker: takers.removeFirst(), taken: nil))
        } else {
          break
        }
      }
      return handovers
    }

    private mutating func take() -> Taken {
      let sequence = headSequence
      var documents: [[UInt8]] = []
      documents.reserveCapacity(min(queuedCount, limits.batchDocuments))
      var bytes = 0
      while queuedCount > 0, documents.count < limits.batchDocuments {
        let count = queue[head].bytes.count
        if !documents.isEmpty, bytes + count > limits.batchBytes { break }
        var document: [UInt8] = []
        swap(&document, &queue[head].bytes)
        documents.append(document)
        bytes += count
        head += 1
      }
      queuedBytes -= bytes
      compactQueue()
      inFlight.append(sequence)
      return Taken(
        documents: documents, sequence: sequence, count: documents.count,
        cost: bytes + documents.count * DocumentBuffer.overhead)
    }

    private mutating func compactQueue() {
      if head == queue.count {
        queue.removeAll(keepingCapacity: head <= 4096)
        head = 0
      } else if head > 1024, head > queue.count / 2 {
        queue.removeFirst(head)
        head = 0
      }
    }

    mutating func dropQueue() {
      guard queuedCount > 0 else { return }
      counts.settle(queuedCount, .dropped(reason: DropReason.stopped))
      usedBytes -= queuedBytes + queuedCount * DocumentBuffer.overhead
      queuedBytes = 0
      queue = []
      head = 0
    }

    mutating func newFlushID() -> Int {
      lastFlushID += 1
      return lastFlushID
    }

    /// Begins a flush of everything received so far; what it leads to is for the caller to carry out.
    mutating func flush(
      _ id: Int, _ continuation: CheckedContinuation<Void, any Error>, failing error: (any Error)?
    ) -> (handovers: [Handover], flushed: [FinishedFlush]) {
      if let error { return ([], [FinishedFlush(continuation: continuation, error: error)]) }
      urgentBefore = nextSequence
      flushes[id] = Flush(target: nextSequence, continuation: continuation)
      return (handovers(at: .now), finishedFlushes())
    }

    /// Removes and returns the flushes whose documents are all settled.
    mutating func finishedFlushes() -> [FinishedFlush] {
      guard !flushes.isEmpty else { return [] }
      let unsettled = min(headSequence, inFlight.min() ?? .max)
      let finished = flushes.filter { $0.value.target <= unsettled }
      for id in finished.keys { flushes[id] = nil }
      return finished.values.map { FinishedFlush(continuation: $0.continuation, error: nil) }
    }
  }

  /// A batch, or the end, for one who waited. Carried out outside the lock.
  struct Handover: Sendable {
    var taker: CheckedContinuation<Taken?, Never>
    var taken: Taken?
  }

  struct FinishedFlush: Sendable {
    var continuation: CheckedContinuation<Void, any Error>
    var error: (any Error)?

    func resume() {
      if let error { continuation.resume(throwing: error) } else { continuation.resume() }
    }
  }
}

extension [DocumentBuffer.Handover] {
  func perform() {
    for handover in self { handover.taker.resume(returning: handover.taken) }
  }
}
