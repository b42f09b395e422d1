import Logging
import Synchronization
import XRayModel

/// One sink with the documents that wait for it: senders that put batches, try again, and spool what cannot be put.
final class Delivery: Sendable {
  let name: String
  let buffer: DocumentBuffer
  let failures = FailureCounts()
  private let sink: any SegmentSink
  private let spool: Spool?
  private let policy: RetryPolicy
  private let senders: Int
  private let logger: Logger
  /// Whether the sink did not answer when it was last asked: then batches go to the spool at once, and only what is
  /// read back from it asks the sink again.
  private let isSinkDown = Atomic(false)

  init(
    name: String, sink: any SegmentSink, buffer: DocumentBuffer, spool: Spool?, policy: RetryPolicy, senders: Int,
    logger: Logger
  ) {
    self.name = name
    self.sink = sink
    self.buffer = buffer
    self.spool = spool
    self.policy = policy
    self.senders = max(1, senders)
    self.logger = logger
    if let left = spool?.documents, left > 0 {
      buffer.restore(left)
      logger.info("Found \(left) documents in the spool", metadata: ["spool": "\(spool?.directory ?? "")"])
    }
  }

  /// What the spool holds on disk.
  var spooledBytes: Int { spool?.bytes ?? 0 }

  /// Delivers until the buffer is closed and empty, or the task is cancelled. What the spool holds stays there.
  func run() async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<senders { group.addTask { await self.send() } }
      await withTaskGroup(of: Void.self) { replaying in
        if let spool { replaying.addTask { await self.replay(spool) } }
        await group.waitForAll()
        replaying.cancelAll()
      }
    }
  }

  /// Gives up what nobody has taken from the buffer: to the spool, or as dropped.
  func abandon() {
    for batch in buffer.abandon(keepingFor: spool != nil) {
      buffer.settleAbandoned(batch.count, keep(batch) ?? .dropped(batch.count, reason: DropReason.stopped))
    }
  }

  private func send() async {
    while var taken = await buffer.next() {
      var batch = DocumentBatch()
      swap(&batch, &taken.batch)
      buffer.settle(taken, await deliver(batch))
    }
  }

  // MARK: One batch

  /// Puts a batch until all of it is settled.
  private func deliver(_ batch: DocumentBatch) async -> Settlement {
    if isSinkDown.load(ordering: .relaxed), let kept = keep(batch) { return kept }
    var settlement = Settlement()
    var batch = batch
    var attempt = 1
    while true {
      var wait = Duration.zero
      do {
        let outcomes = try await sink.put(batch)
        isSinkDown.store(false, ordering: .relaxed)
        let deferred = settle(batch, outcomes, attempt, &settlement)
        if deferred.isEmpty { return settlement }
        batch = deferred
      } catch {
        if Task.isCancelled { return settlement.adding(keep(batch), orDropping: batch.count, DropReason.stopped) }
        failures.add(error)
        wait = (error as? any SegmentSinkFailure)?.retryAfter ?? .zero
        if attempt >= policy.attempts {
          let isTransient = (error as? any SegmentSinkFailure)?.kind.isTransient ?? false
          logger.error(
            "Sending segment batch failed with: \(error)",
            metadata: ["documents": "\(batch.count)", "attempts": "\(attempt)"])
          if isTransient { isSinkDown.store(true, ordering: .relaxed) }
          if let kept = isTransient ? keep(batch) : nil { return settlement.adding(kept) }
          // Without a spool the batch waits in memory, within the budget, for as long as it takes.
          if !isTransient { return settlement.adding(nil, orDropping: batch.count, DropReason.failed(error)) }
        } else {
          logger.debug("Sending segment batch failed, trying again: \(error)", metadata: ["attempt": "\(attempt)"])
        }
      }
      do { try await Task.sleep(for: policy.wait(after: attempt, askedFor: wait)) } catch {
        return settlement.adding(keep(batch), orDropping: batch.count, DropReason.stopped)
      }
      attempt += 1
    }
  }

  /// Counts what the sink decided, and returns what is to be put again.
  private func settle(
    _ batch: DocumentBatch, _ outcomes: [SegmentOutcome], _ attempt: Int, _ settlement: inout Settlement
  ) -> DocumentBatch {
    var deferred = DocumentBatch()
    var refusals: [(index: Int, code: String, message: String)] = []
    for (index, outcome) in outcomes.prefix(batch.count).enumerated() {
      switch outcome {
      case .stored: break
      case .unprocessed(let rejection): refusals.append((index, rejection.code.rawValue, rejection.message))
      case .deferred(let code, let message):
        refusals.append((index, code, message))
        if attempt < policy.attempts {
          deferred.append(batch[index])
          continue
        }
      }
      settlement.add(outcome)
    }
    if !refusals.isEmpty {
      logger.info("Sent batch of \(batch.count) segments but had \(refusals.count) Unprocessed segments")
      for (index, code, message) in refusals.prefix(Self.loggedRefusals) {
        let document = batch[index]
        logger.error(
          "Unprocessed trace \(document.traceID ?? "-"), segment: \(document.entityID ?? "-"), code: \(code), message: \(message)"
        )
      }
      if refusals.count > Self.loggedRefusals {
        logger.error("Unprocessed: \(refusals.count - Self.loggedRefusals) more segments of this batch")
      }
    } else {
      logger.debug("Successfully sent batch of \(batch.count) segments")
    }
    if outcomes.count < batch.count {
      logger.error("The sink answered for \(outcomes.count) of \(batch.count) documents")
      settlement.drop(batch.count - outcomes.count, reason: DropReason.unanswered)
    }
    return deferred
  }

  private static let loggedRefusals = 10

  // MARK: The spool

  /// `nil` when there is no spool, or it cannot take the batch.
  private func keep(_ batch: DocumentBatch) -> Settlement? {
    guard let spool else { return nil }
    do throws(SpoolError) {
      try spool.append(batch)
      return Settlement(spooled: batch.count)
    } catch {
      logger.warning("Cannot spool: \(error)", metadata: ["documents": "\(batch.count)"])
      return nil
    }
  }

  /// Puts what the spool holds, oldest first, whenever the sink lets it.
  private func replay(_ spool: Spool) async {
    var failed = 0
    while !Task.isCancelled {
      var wait = Self.spoolInterval
      if let kept = spool.oldest() {
        do {
          var settlement = Settlement()
          if !kept.batch.isEmpty {
            let outcomes = try await sink.put(kept.batch)
            _ = settle(kept.batch, outcomes, .max, &settlement)
          }
          settlement.drop(kept.damaged, reason: DropReason.spoolDamaged)
          finish(kept, settlement, spool)
          isSinkDown.store(false, ordering: .relaxed)
          failed = 0
          continue
        } catch {
          if Task.isCancelled { return }
          failures.add(error)
          failed += 1
          let failure = error as? any SegmentSinkFailure
          if failed >= policy.attempts, failure?.kind.isTransient != true {
            logger.error("Sending spooled batch failed with: \(error)", metadata: ["documents": "\(kept.batch.count)"])
            var settlement = Settlement.dropped(kept.batch.count, reason: DropReason.failed(error))
            settlement.drop(kept.damaged, reason: DropReason.spoolDamaged)
            finish(kept, settlement, spool)
            failed = 0
          } else {
            isSinkDown.store(failure?.kind.isTransient == true, ordering: .relaxed)
          }
          wait = policy.wait(after: max(1, failed), askedFor: failure?.retryAfter)
        }
      }
      do { try await Task.sleep(for: wait) } catch { return }
    }
  }

  private func finish(_ kept: SpooledBatch, _ settlement: Settlement, _ spool: Spool) {
    if kept.damaged > 0 {
      logger.error("A file of the spool was damaged", metadata: ["documents": "\(kept.damaged)"])
    }
    spool.remove(kept)
    buffer.settleSpooled(kept.batch.count + kept.damaged, settlement)
  }

  /// How often an empty spool is looked at.
  private static let spoolInterval = Duration.milliseconds(500)
}

extension Settlement {
  fileprivate func adding(
    _ other: Settlement?, orDropping count: Int = 0, _ reason: String = DropReason.stopped
  ) -> Settlement {
    var sum = self
    if let other { sum.spooled += other.spooled } else { sum.drop(count, reason: reason) }
    return sum
  }
}
