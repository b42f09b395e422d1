import XRayModel

/// The way of one asynchronous event from the queue to its success or its end.
struct EventDelivery {
  private let event: Invocation
  private let service: LambdaService
  private let settings: EventInvokeConfiguration
  private let isStopped: Bool

  /// Lambda: how long a failed event waits, counted from the start of the attempt that failed.
  static let retryDelays: [Duration] = [.seconds(60), .seconds(120)]

  init(_ event: Invocation, service: LambdaService) {
    self.event = event
    self.service = service
    let record = service.state.withLock { $0.functions[event.function.configuration.name] }
    settings = record?.eventInvoke ?? EventInvokeConfiguration()
    isStopped = record?.reservedConcurrency == 0
  }

  private var clock: any WallClock { service.clock }

  func run() async {
    await service.wait(service.timing.queueing)
    var attempts = 0
    var failures = 0
    var backoff = Backoff()
    var last = AttemptOutcome.refused(LambdaError(.service, "the service was stopped"))
    while !Task.isCancelled {
      let start = clock.now
      if isStopped {
        dwell(until: start)
        let error = LambdaError(throttled: .reservedConcurrentInvocations)
        return giveUp(.retriesExhausted, after: attempts, .refused(error))
      }
      let id = service.random.entityID()
      let outcome = await service.attempt(event, parent: id)
      last = outcome
      let next: Timestamp
      var isRetry = false
      switch outcome {
      case .refused(let error) where error.code == .tooManyRequests:
        next = clock.now.advanced(by: service.scaled(backoff.next()))
      case .refused(let error) where error.code == .resourceNotFound:
        return giveUp(.retriesExhausted, after: attempts, outcome)
      case .refused(let error):
        attempts += 1
        report(attempts, id, from: start, status: error.statusCode, isFault: true)
        next = clock.now.advanced(by: service.scaled(backoff.next()))
      case .answered(let answer):
        attempts += 1
        await service.wait(service.timing.responseReturn)
        report(attempts, id, from: start, status: 200, isFault: answer.isError)
        if !answer.isError { return succeed(answer, after: attempts) }
        failures += 1
        guard failures <= settings.maximumRetryAttempts else {
          return giveUp(.retriesExhausted, after: attempts, outcome)
        }
        next = max(clock.now, start.advanced(by: service.scaled(Self.retryDelays[failures - 1])))
        // The next attempt is a retry, unless the event is too old for one.
        isRetry = true
      }
      let expiry = event.received.advanced(by: service.scaled(.seconds(settings.maximumEventAgeSeconds)))
      guard next < expiry else {
        if attempts == 0 { dwell(until: clock.now) }
        return giveUp(.eventAgeExceeded, after: attempts, outcome)
      }
      if isRetry { service.count(event.function) { $0.retries += 1 } }
      try? await clock.sleep(until: next, tolerance: nil)
    }
    giveUp(.cancelled, after: attempts, last)
  }

  private func dwell(until end: Timestamp) {
    let id = service.random.entityID()
    service.emit(event.serviceSubsegment("Dwell Time", id: id, from: event.received, to: end), of: event)
  }

  /// Sends `Attempt #n`, and before the first one the time until it began.
  private func report(_ number: Int, _ id: EntityID, from start: Timestamp, status: Int, isFault: Bool) {
    if number == 1 { dwell(until: start) }
    guard event.trace.isSampled else { return }
    var attempt = event.serviceSubsegment("Attempt #\(number)", id: id, from: start, to: clock.now)
    attempt.http = HTTPBlock(response: .init(status: status))
    attempt.isFault = isFault
    service.emit(attempt, of: event)
  }

  private func succeed(_ answer: FunctionAnswer, after attempts: Int) {
    guard let target = settings.onSuccess else { return }
    let record = DestinationRecord(
      event: event, condition: .success, attempts: attempts, outcome: .answered(answer), time: clock.now)
    service.send(record.bytes, to: target, traceHeader: traceHeader)
  }

  private func giveUp(_ condition: DestinationRecord.Condition, after attempts: Int, _ outcome: AttemptOutcome) {
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
