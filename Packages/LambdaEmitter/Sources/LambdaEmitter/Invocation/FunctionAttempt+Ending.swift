import XRayModel

/// How an attempt ends.
extension FunctionAttempt {
  mutating func answer(
    _ result: Result<[UInt8], FunctionError>, in environment: ExecutionEnvironment, invokedAt start: Timestamp
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    let end = clock.now
    var subsegment = part("Invocation", id: invocationID, from: start, to: end)
    subsegment.links = invocation.links
    var answer = FunctionAnswer(payload: [], isError: false, logLines: [])
    var status = PlatformEvent.Status.success
    switch result {
    case .success(let response): answer.payload = response
    case .failure(let error):
      subsegment.isError = true
      subsegment.cause = .exceptions(error.cause(exceptionID: random.entityID()))
      segment.isFault = true
      answer.isError = true
      answer.payload = error.payload
      status = .error(type: error.type)
    }
    segment.subsegments.append(subsegment)
    await clock.wait(timing.overhead, random)
    environment.runtime.report(
      .invocationEnded(
        .init(
          requestID: invocation.requestID, status: status, started: start, time: end,
          producedBytes: answer.payload.count, tracing: tracing(of: invocationID))))
    await environment.runtime.freeze()
    let ended = Ended(status: status, from: start, to: end)
    if environment.runtime.isSettled {
      answer.logLines = finish(ended, overhead: true, at: clock.now, in: environment)
    } else {
      unsettled = ended
      answer.logLines = closeLog(report(of: ended, in: environment), in: environment)
    }
    return (.answered(answer), environment)
  }

  /// Waits for what works on after the answer, and tells the rest. Returns the environment when it can work on.
  mutating func settle(in environment: ExecutionEnvironment) async -> ExecutionEnvironment? {
    guard var ended = unsettled else { return environment }
    var isLost = false
    do {
      try await environment.runtime.settle()
    } catch {
      isLost = true
      ended.status = (error as? RuntimeExit).map { .error(type: $0.type) } ?? .timeout
    }
    sendSegment(ended, overhead: true, at: clock.now, in: environment)
    tell(ended, report(of: ended, in: environment), in: environment)
    guard isLost else { return environment }
    await environment.shutDown()
    return nil
  }

  mutating func timeOut(
    at deadline: Timestamp, in environment: ExecutionEnvironment, invokedAt start: Timestamp?
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    let seconds = invocation.function.configuration.timeoutSeconds
    let message = "\(deadline.iso8601) \(invocation.requestID) Task timed out after \(seconds).00 seconds"
    journal.write(message)
    let error = FunctionError(type: "Sandbox.Timeout", message: "Task timed out after \(seconds).00 seconds")
    return await fail(
      error, as: .timeout, payload: FunctionError.payload(message: message), at: deadline, in: environment,
      invokedAt: start)
  }

  mutating func crash(
    _ exit: RuntimeExit, in environment: ExecutionEnvironment, invokedAt start: Timestamp
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    let message = "RequestId: \(invocation.requestID) Error: \(exit.message)"
    journal.write(message)
    let error = FunctionError(exit)
    return await fail(
      error, as: .error(type: error.type), payload: FunctionError.payload(message: message, type: error.type),
      at: clock.now, in: environment, invokedAt: start, fault: message)
  }

  mutating func failInitialization(
    _ error: any Error, in environment: ExecutionEnvironment
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    if let failure = error as? RuntimeFailure { return await refuse(failure, in: environment) }
    if !hasBegun {
      await clock.wait(timing.handoff, random)
      begin(in: environment)
    }
    let error = FunctionError(error)
    return await fail(
      error, as: .error(type: error.type), payload: error.payload, at: clock.now, in: environment, invokedAt: nil,
      fault: "RequestId: \(invocation.requestID) Error: \(error.message)")
  }

  func refuse(
    _ failure: RuntimeFailure, in environment: ExecutionEnvironment
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    await environment.shutDown()
    return (.refused(LambdaError(.service, failure.message)), nil)
  }

  /// The environment is lost: no Overhead, and the next invocation gets a new one.
  private mutating func fail(
    _ error: FunctionError, as status: PlatformEvent.Status, payload: [UInt8], at end: Timestamp,
    in environment: ExecutionEnvironment, invokedAt start: Timestamp?, fault: String? = nil
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    if let start {
      var subsegment = part("Invocation", id: invocationID, from: start, to: end)
      subsegment.links = invocation.links
      subsegment.isFault = true
      subsegment.cause = .exceptions(error.cause(exceptionID: random.entityID()))
      segment.subsegments.append(subsegment)
    }
    segment.isFault = true
    environment.runtime.report(
      .invocationEnded(
        .init(
          requestID: invocation.requestID, status: status, started: start, time: end, producedBytes: 0,
          tracing: start == nil ? nil : tracing(of: invocationID), fault: fault.map { "\($0)\n\(error.type)" })))
    endOpenSubsegments(of: environment, at: end, error)
    let lines = finish(
      Ended(status: status, from: start ?? segment.start, to: end), overhead: false, at: end, in: environment)
    await environment.shutDown()
    return (.answered(FunctionAnswer(payload: payload, isError: true, logLines: lines)), nil)
  }

  /// How an invocation ended, and what of it is billed.
  struct Ended {
    var status: PlatformEvent.Status
    let from: Timestamp
    let to: Timestamp
  }

  /// Sends the segment and closes the log.
  private mutating func finish(
    _ ended: Ended, overhead: Bool, at end: Timestamp, in environment: ExecutionEnvironment
  ) -> [String] {
    sendSegment(ended, overhead: overhead, at: end, in: environment)
    let report = report(of: ended, in: environment)
    tell(ended, report, in: environment)
    return closeLog(report, in: environment)
  }

  private mutating func sendSegment(
    _ ended: Ended, overhead: Bool, at end: Timestamp, in environment: ExecutionEnvironment
  ) {
    if overhead { segment.subsegments.append(part("Overhead", from: ended.to, to: end)) }
    let lost = environment.daemon.takeLost()
    guard invocation.trace.isSampled else { return }
    segment.end = max(segment.start, end.inMicroseconds)
    if lost > 0 { segment.metadata = ["fluoro": ["documents_lost": .number(JSONNumber(lost))]] }
    if service.beyondAWS.contains(.annotations) {
      segment.annotations = environment.daemon.withPassed { $0.annotations }
    }
    // As recorded: a function with extensions has its spans as annotations, one without has none.
    if let spans = environment.runtime.spans, spans.extensionOverhead != nil {
      for (name, span) in spans.named { segment.annotate("aws:\(name)", .number(JSONNumber(span.milliseconds))) }
    }
    service.emitFromEnvironment(segment.document, of: invocation.function)
  }

  private func report(of ended: Ended, in environment: ExecutionEnvironment) -> InvocationReport {
    InvocationReport(
      requestID: invocation.requestID, duration: ended.from.duration(to: ended.to),
      memoryMegabytes: invocation.function.configuration.memoryMegabytes,
      usedMegabytes: environment.daemon.peakMegabytes, initialization: initialization,
      trace: invocation.trace.isSampled ? (invocation.trace.id, segment.id) : nil)
  }

  private func tell(_ ended: Ended, _ report: InvocationReport, in environment: ExecutionEnvironment) {
    environment.runtime.report(
      .invocationReported(
        .init(
          requestID: report.requestID, status: ended.status, time: clock.now, duration: report.duration,
          billedMilliseconds: report.billedMilliseconds, memoryMegabytes: report.memoryMegabytes,
          usedMegabytes: report.usedMegabytes, initialization: initialization, tracing: tracing(of: segment.id))))
  }

  private func closeLog(_ report: @autoclosure () -> InvocationReport, in environment: ExecutionEnvironment) -> [String]
  {
    guard journal.isKept else { return [] }
    let lines = journal.close(["END RequestId: \(invocation.requestID)", report().line])
    service.keep(
      InvocationLog(
        requestID: invocation.requestID, functionName: invocation.function.configuration.name,
        version: invocation.function.version, logGroup: invocation.function.configuration.logGroup,
        logStream: environment.logStream, lines: lines))
    return lines
  }

  /// A subsegment of the function's segment, in microseconds.
  func part(
    _ name: String, id: EntityID? = nil, from start: Timestamp, to end: Timestamp
  ) -> Entity {
    var entity = Entity(
      .subsegment, id: id ?? random.entityID(), name: name, start: start.inMicroseconds, end: end.inMicroseconds)
    // What is not traced draws its ids all the same, so that sampling changes nothing else of a run.
    if invocation.trace.isSampled { entity.aws = ["function_arn": .string(invocation.function.arn)] }
    return entity
  }
}

extension FunctionError {
  /// The body for what the service itself reports of a function.
  fileprivate static func payload(message: String, type: String? = nil) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      if let type { writer.member("errorType", type) }
      writer.member("errorMessage", message)
    }
    return writer.bytes
  }
}
