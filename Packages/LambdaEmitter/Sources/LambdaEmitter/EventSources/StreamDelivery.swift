import XRayModel

/// Gives records of one shard to a function, batch after batch, in order.
///
/// A batch that fails is tried again and blocks what comes after it. All tries of a batch are one request: one segment
/// of the service, from the first receipt to the end of the last try.
struct StreamDelivery {
  let service: LambdaService
  let source: StreamSource
  let function: FunctionVersion
  /// The shard's id.
  let shard: String
  let stop: StopSignal
  /// Told of every try, and whether it failed.
  let note: @Sendable (_ hasFailed: Bool) -> Void

  struct Progress {
    var processed = 0
    /// Processed or given up, from the first record on: all, unless the delivery was stopped.
    var done = 0
  }

  /// How the tries of one batch ended.
  private enum Ending {
    /// The first records of it, or all, are processed.
    case processed(Int)
    case mustHalve
    case givenUp
    case stopped
  }

  private var clock: any WallClock { service.clock }
  private var isStopped: Bool { stop.isStopped || Task.isCancelled }

  func run(_ records: [StreamRecord]) async -> Progress {
    var progress = Progress()
    var pending = Array(StreamBatch.all(of: records, from: source).reversed())
    while let batch = pending.popLast(), !isStopped {
      let expired = oldestArrival.map(batch.count) ?? 0
      if expired > 0 {
        let (old, rest) = batch.split(at: expired)
        giveUp(old, .recordAgeExceeded, requestID: service.random.requestID(), attempts: 0, nil)
        progress.done += old.count
        if rest.count > 0 { pending.append(rest) }
        continue
      }
      switch await attempt(batch) {
      case .processed(let count):
        progress.processed += count
        progress.done += count
        if count < batch.count { pending.append(batch.split(at: count).1) }
      case .mustHalve:
        let (first, second) = batch.split(at: batch.count / 2)
        pending += [second, first]
      case .givenUp: progress.done += batch.count
      case .stopped: return progress
      }
    }
    return progress
  }

  private var age: Duration? { source.maximumRecordAgeSeconds.map { service.scaled(.seconds($0)) } }

  /// What arrived before this moment is too old; `nil` when nothing ever is.
  private var oldestArrival: Timestamp? { age.map { clock.now.advanced(by: .zero - $0) } }

  /// Tries one batch until it succeeds or there is no sense in another try; when batches are halved, once.
  private func attempt(_ batch: StreamBatch) async -> Ending {
    let event = batch.event
    guard event.count <= StreamSource.eventBytesLimit else {
      // One record that no function can get.
      giveUp(batch, .retryAttemptsExhausted, requestID: service.random.requestID(), attempts: 0, nil)
      return .givenUp
    }
    let senders = batch.elements.map(\.record.traceHeader)
    let header = service.traceHeader(ofSenders: senders)
    let invocation = service.begin(
      function, payload: event, traceHeader: header, links: header == nil ? function.links(toSenders: senders) : [])
    await service.wait(service.timing.routing)
    var (attempts, failures) = (0, 0)
    var backoff = Backoff()
    let expiry = age.flatMap { batch.oldest?.advanced(by: $0) }
    while true {
      let outcome = await service.attempt(invocation, parent: invocation.segmentID)
      attempts += 1
      let processed = processed(batch, outcome)
      note(processed < batch.count)
      if processed > 0 {
        _ = try? await service.close(invocation, outcome)
        return .processed(processed)
      }
      // A batch that did not reach the function, which was throttled, has not failed.
      if outcome.hasReachedFunction { failures += 1 }
      let isExhausted = failures > source.maximumRetryAttempts ?? .max
      let next = clock.now.advanced(by: service.scaled(backoff.next()))
      let isTooOld = expiry.map { next >= $0 } ?? false
      let mustHalve = source.bisectsBatchOnError && batch.count > 1 && outcome.hasReachedFunction
      if mustHalve || isExhausted || isTooOld {
        _ = try? await service.close(invocation, outcome)
        if mustHalve { return .mustHalve }
        giveUp(
          batch, isExhausted ? .retryAttemptsExhausted : .recordAgeExceeded, requestID: invocation.requestID,
          attempts: attempts, outcome)
        return .givenUp
      }
      if outcome.hasReachedFunction { service.count(function) { $0.retries += 1 } }
      await stop.sleep(until: next, on: clock)
      if isStopped {
        _ = try? await service.close(invocation, outcome)
        return .stopped
      }
    }
  }

  /// How many records of a batch, from the first on, are processed after a try.
  private func processed(_ batch: StreamBatch, _ outcome: AttemptOutcome) -> Int {
    guard case .answered(let answer) = outcome, !answer.isError else { return 0 }
    return source.reportsBatchItemFailures ? batch.processed(accordingTo: answer.payload) : batch.count
  }

  private func giveUp(
    _ batch: StreamBatch, _ condition: StreamFailureRecord.Condition, requestID: String, attempts: Int,
    _ outcome: AttemptOutcome?
  ) {
    service.count(function) { $0.abandoned += 1 }
    guard let target = source.onFailure else { return }
    let record = StreamFailureRecord(
      batch: batch, source: source, shard: shard, function: function, requestID: requestID, condition: condition,
      attempts: attempts, outcome: outcome, time: clock.now)
    service.send(record.bytes, to: target)
  }
}

extension AttemptOutcome {
  fileprivate var hasReachedFunction: Bool { if case .answered = self { true } else { false } }
}
