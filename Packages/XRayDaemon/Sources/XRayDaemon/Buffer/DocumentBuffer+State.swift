import XRayModel

extension DocumentBuffer {
  /// Everything that changes, with the rules by which it does.
  struct State: Sendable {
    private struct Queued: Sendable {
      var batch = DocumentBatch()
      /// When its first document came.
      var arrival = Instant.now
      /// The number of its first document.
      var sequence = 0
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
    var flushes: [Int: Flush] = [:]
    var isClosed = false

    /// The first documents of the batches in flight.
    private var inFlight: [Int] = []
    private var inFlightBytes = 0
    /// Batches that nothing is added to any more, from `head` on.
    private var full: [Queued] = []
    private var head = 0
    private var filling = Queued()
    /// Bytes of the last batch: what the next one will likely need.
    private var usualBytes = 0
    /// The number of the next document, counted from the first one.
    private var nextSequence = 0
    /// Documents before this one are handed over at once.
    private var urgentBefore = 0
    private var lastFlushID = 0

    init(limits: Limits) { self.limits = limits }

    private var hasFull: Bool { head < full.count }
    private var headSequence: Int { hasFull ? full[head].sequence : nextSequence - filling.batch.count }

    /// When the oldest queued document must be handed over.
    var headDue: Instant? {
      if hasFull { return full[head].arrival.advanced(by: limits.interval) }
      return filling.batch.isEmpty ? nil : filling.arrival.advanced(by: limits.interval)
    }

    // MARK: In

    mutating func reject(_ reason: String) {
      counts.received += 1
      counts.rejected[reason, default: 0] += 1
    }

    func hasRoom(for count: Int) -> Bool { count + DocumentBuffer.overhead <= limits.budget - usedBytes && !isClosed }

    mutating func append(_ document: UnsafeBufferPointer<UInt8>, at now: Instant) -> Bool {
      counts.received += 1
      guard hasRoom(for: document.count) else {
        counts.dropped[isClosed ? DropReason.stopped : DropReason.bufferFull, default: 0] += 1
        urgentBefore = nextSequence
        return false
      }
      if !filling.batch.isEmpty, filling.batch.bytes.count + document.count > limits.batchBytes { closeFilling() }
      if filling.batch.isEmpty {
        filling.arrival = now
        filling.sequence = nextSequence
        filling.batch.reserveCapacity(
          documents: min(limits.batchDocuments, 64), bytes: max(document.count, min(usualBytes, limits.batchBytes)))
      }
      filling.batch.append(copying: UnsafeRawBufferPointer(document))
      usedBytes += document.count + DocumentBuffer.overhead
      counts.held += 1
      nextSequence += 1
      if filling.batch.count == limits.batchDocuments || filling.batch.bytes.count >= limits.batchBytes {
        closeFilling()
      }
      return true
    }

    private mutating func closeFilling() {
      usualBytes = filling.batch.bytes.count
      // What a batch was given in vain would not be within the budget.
      if filling.batch.bytes.capacity > usualBytes + usualBytes / 4 + 1024 { filling.batch.trim() }
      full.append(filling)
      filling = Queued()
    }

    // MARK: Out

    private func isReady(at now: Instant) -> Bool {
      guard let headDue, inFlight.isEmpty || inFlightBytes + headBytes <= limits.inFlightBytes else { return false }
      return hasFull || isClosed || now >= headDue || headSequence < urgentBefore
    }

    private var headBytes: Int { hasFull ? full[head].batch.bytes.count : filling.batch.bytes.count }
    private var isEmpty: Bool { !hasFull && filling.batch.isEmpty }

    /// Pairs those who wait with the batches that are ready.
    mutating func handovers(at now: Instant) -> [Handover] {
      if takers.isEmpty { return [] }
      var handovers: [Handover] = []
      while !takers.isEmpty {
        // Behind a full batch the rest waits for company, if only until it is looked for again.
        if isReady(at: now), handovers.isEmpty || hasFull || isClosed || headSequence < urgentBefore {
          handovers.append(Handover(taker: takers.removeFirst(), taken: take()))
        } else if isClosed, isEmpty {
          handovers.append(Handover(taker: takers.removeFirst(), taken: nil))
        } else {
          break
        }
      }
      return handovers
    }

    private mutating func take() -> Taken {
      let next = removeHead()
      inFlight.append(next.sequence)
      inFlightBytes += next.batch.bytes.count
      return Taken(batch: next.batch, sequence: next.sequence, count: next.batch.count, cost: Self.cost(next.batch))
    }

    private static func cost(_ batch: DocumentBatch) -> Int {
      batch.bytes.count + batch.count * DocumentBuffer.overhead
    }

    private mutating func removeHead() -> Queued {
      var next = Queued()
      guard hasFull else {
        usualBytes = filling.batch.bytes.count
        swap(&next, &filling)
        return next
      }
      swap(&next, &full[head])
      head += 1
      if head == full.count {
        full.removeAll(keepingCapacity: head <= 1024)
        head = 0
      } else if head > 64, head > full.count / 2 {
        full.removeFirst(head)
        head = 0
      }
      return next
    }

    mutating func finish(_ taken: Taken) {
      inFlight.removeAll { $0 == taken.sequence }
      // Its documents may have been moved on meanwhile.
      inFlightBytes -= taken.cost - taken.count * DocumentBuffer.overhead
      usedBytes -= taken.cost
    }

    /// Takes everything out that nobody has taken.
    mutating func giveUpQueue(isDropped: Bool) -> [DocumentBatch] {
      var batches: [DocumentBatch] = []
      while !isEmpty {
        let batch = removeHead().batch
        usedBytes -= Self.cost(batch)
        if isDropped {
          counts.settle(batch.count, .dropped(batch.count, reason: DropReason.stopped))
        } else {
          batches.append(batch)
        }
      }
      return batches
    }

    // MARK: Flushing

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
