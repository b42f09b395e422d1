import XRayModel

/// The way of one asynchronous event from the queue to its success or its end.
struct EventDelivery {
  private let event: Invocation
  private let service: LambdaService
  private let settings: EventInvokeConfiguration
  private let isStopped: Bool
  private let expiry: Timestamp

  /// Lambda: how long a failed event waits, counted from the start of the attempt that failed.
  static let retryDelays: [Duration] = [.seconds(60), .seconds(120)]

  init(_ event: Invocation, service: LambdaService) {
    self.event = event
    self.service = service
    let record = service.state.withLock { $0.functions[event.function.configuration.name] }
    settings = record?.eventInvoke[event.qualifier ?? FunctionReference.latest] ?? EventInvokeConfiguration()
    isStopped = record?.reservedConcurrency == 0
    expiry = event.received.advanced(by: service.scaled(.seconds(settings.maximumEventAgeSeconds)))
  }

  private var clock: any WallClock { service.clock }

  /// Returns whether the event is done: it succeeded or was given up. Otherwise the service was stopped, and its journal
  /// has the event.
  func run() async -> Bool {
    var progress = event.progress ?? EventProgress()
    if event.progress != nil, await takesUp(&progress) { return true }
    await service.wait(service.timing.queueing)
    var backoff = Backoff()
    var last = AttemptOutcome.refused(LambdaError(.service, "the service was stopped"))
    while !Task.isCancelled {
      let start = clock.now
      if isStopped {
        dwell(until: start)
        let error = LambdaError(throttled: .reservedConcurrentInvocations)
        return giveUp(.retriesExhausted, after: progress.attempts, .refused(error))
      }
      let id = service.random.entityID()
      let outcome = await service.attempt(event, parent: id) { begin(&progress, at: start) }
      progress.begun = nil
      last = outcome
      let next: Timestamp
      var isRetry = false
      switch outcome {
      case .refused(let error) where error.code == .tooManyRequests:
        next = clock.now.advanced(by: service.scaled(backoff.next()))
      case .refused(let error) where error.code == .resourceNotFound:
        return giveUp(.retriesExhausted, after: progress.attempts, outcome)
      case .refused(let error):
        progress.attempts += 1
        report(progress.attempts, id, from: start, status: error.statusCode, isFault: true)
        next = clock.now.advanced(by: service.scaled(backoff.next()))
      case .answered(let answer):
        progress.attempts += 1
        await service.wait(service.timing.responseReturn)
        report(progress.attempts, id, from: start, status: 200, isFault: answer.isError)
        if !answer.isError { return succeed(answer, after: progress.attempts) }
        if isCut {
          service.journal?.note(progress, of: event.requestID)
          return false
        }
        progress.failures += 1
        guard progress.failures <= settings.maximumRetryAttempts else {
          return giveUp(.retriesExhausted, after: progress.attempts, outcome)
        }
        next = max(clock.now, start.advanced(by: service.scaled(Self.retryDelays[progress.failures - 1])))
        // The next attempt is a retry, unless the event is too old for one.
        isRetry = true
      }
      guard next < expiry else {
        if progress.attempts == 0 { dwell(until: clock.now) }
        return giveUp(.eventAgeExceeded, after: progress.attempts, outcome)
      }
      if isRetry { service.count(event.function) { $0.retries += 1 } }
      progress.next = next
      if progress.attempts > 0 { service.journal?.note(progress, of: event.requestID) }
      try? await clock.sleep(until: next, tolerance: nil)
    }
    guard service.journal == nil else { return false }
    return giveUp(.cancelled, after: progress.attempts, last)
  }

  /// Goes on with an event from before this service began. Returns whether there is nothing left to do.
  ///
  /// An attempt that ended with the service counts and is told of, but it is no failure of the function.
  private func takesUp(_ progress: inout EventProgress) async -> Bool {
    if let begun = progress.begun {
      progress.attempts += 1
      progress.begun = nil
      progress.next = nil
      let timeout = Duration.seconds(event.function.configuration.timeoutSeconds)
      report(
        progress.attempts, service.random.entityID(), from: begun,
        to: max(begun, min(clock.now, begun.advanced(by: timeout))), status: 500, isFault: true)
      service.journal?.note(progress, of: event.requestID)
    }
    let isTooOld = clock.now >= expiry
    if event.function.isGone || isTooOld {
      if progress.attempts == 0 { dwell(until: clock.now) }
      let error =
        event.function.isGone
        ? LambdaError(.resourceNotFound, "Function not found: \(event.invokedARN)")
        : LambdaError(.service, "the service was stopped")
      return giveUp(
        event.function.isGone ? .retriesExhausted : .eventAgeExceeded, after: progress.attempts, .refused(error))
    }
    if let next = progress.next { try? await clock.sleep(until: next, tolerance: nil) }
    return false
  }

  private func begin(_ progress: inout EventProgress, at start: Timestamp) {
    guard let journal = service.journal else { return }
    progress.begun = start
    progress.next = nil
    journal.note(progress, of: event.requestID)
  }

  /// Whether the service is being stopped, so that a failure is its own; only a journal can make up for it.
  private var isCut: Bool { Task.isCancelled && service.journal != nil }

  private func dwell(until end: Timestamp) {
    let id = service.random.entityID()
    service.emit(event.serviceSubsegment("Dwell Time", id: id, from: event.received, to: end), of: event)
  }

  /// Sends `Attempt #n`, and before the first one the time until it began.
  private func report(
    _ number: Int, _ id: EntityID, from start: Timestamp, to end: Timestamp? = nil, status: Int, isFault: Bool
  ) {
    if number == 1 { dwell(until: start) }
    guard event.trace.isSampled else { return }
    var attempt = event.serviceSubsegment("Attempt #\(number)", id: id, from: start, to: end ?? clock.now)
    attempt.http = HTTPBlock(response: .init(status: status))
    attempt.isFault = isFault
    service.emit(attempt, of: event)
  }

  private func succeed(_ answer: FunctionAnswer, after attempts: Int) -> Bool {
    guard let target = settings.onSuccess else { return true }
    let record = DestinationRecord(
      event: event, condition: .success, attempts: attempts, outcome: .answered(answer), time: clock.now)
    service.send(record.bytes, to: target, traceHeader: traceHeader)
    return true
  }

  private func giveUp(
    _ condition: DestinationRecord.Condition, after attempts: Int, _ outcome: AttemptOutcome
  ) -> Bool {
    service.count(event.function) { $0.abandoned += 1 }
    if let target = event.function.configuration.deadLetterTarget {
      service.send(
        event.payload, to: target, attributes: outcome.deadLetterAttributes(requestID: event.requestID),
        traceHeader: traceHeader)
    }
    if let target = settings.onFailure {
      let record = DestinationRecord(
        event: event, condition: condition, attempts: attempts, outcome: outcome, time: clock.now)
      service.send(record.bytes, to: target, traceHeader: traceHeader)
    }
    return true
  }

  /// What a message from this event tells of its trace.
  private var traceHeader: String {
    TraceHeader(
      root: event.trace.id, parent: event.segmentID, sampling: event.trace.isSampled ? .sampled : .notSampled,
      lineage: event.trace.lineage
    ).description
  }
}

/// How long throttled events wait: 1 second, then twice as long each time, to 5 minutes.
struct Backoff {
  private var seconds: Int64 = 1

  mutating func next() -> Duration {
    defer { seconds = min(seconds * 2, 300) }
    return .seconds(seconds)
  }
}
