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
    switch result {
    case .success(let response): answer.payload = response
    case .failure(let error):
      subsegment.isError = true
      subsegment.cause = .exceptions(error.cause(exceptionID: random.entityID()))
      segment.isFault = true
      answer.isError = true
      answer.payload = error.payload
    }
    segment.subsegments.append(subsegment)
    await clock.wait(timing.overhead, random)
    await environment.runtime.freeze()
    segment.subsegments.append(part("Overhead", from: end, to: clock.now))
    answer.logLines = finish(at: clock.now, billedFrom: start, to: end, in: environment)
    return (.answered(answer), environment)
  }

  mutating func timeOut(
    at deadline: Timestamp, in environment: ExecutionEnvironment, invokedAt start: Timestamp?
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    let seconds = invocation.function.configuration.timeoutSeconds
    let message = "\(deadline.iso8601) \(invocation.requestID) Task timed out after \(seconds).00 seconds"
    journal.write(message)
    let error = FunctionError(type: "Sandbox.Timeout", message: "Task timed out after \(seconds).00 seconds")
    return await fail(
      error, payload: FunctionError.payload(message: message), at: deadline, in: environment, invokedAt: start)
  }

  mutating func crash(
    _ exit: RuntimeExit, in environment: ExecutionEnvironment, invokedAt start: Timestamp
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    let message = "RequestId: \(invocation.requestID) Error: Runtime exited with error: \(exit.reason)"
    journal.write(message)
    let error = FunctionError(exit)
    return await fail(
      error, payload: FunctionError.payload(message: message, type: error.type), at: clock.now, in: environment,
      invokedAt: start)
  }

  mutating func failInitialization(
    _ error: any Error, in environment: ExecutionEnvironment
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    if let failure = error as? RuntimeFailure { return await refuse(failure, in: environment) }
    if !hasBegun {
      await clock.wait(timing.handoff, random)
      begin()
    }
    let error = FunctionError(error)
    return await fail(error, payload: error.payload, at: clock.now, in: environment, invokedAt: nil)
  }

  func refuse(
    _ failure: RuntimeFailure, in environment: ExecutionEnvironment
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    await environment.shutDown()
    return (.refused(LambdaError(.service, failure.message)), nil)
  }

  /// The environment is lost: no Overhead, and the next invocation gets a new one.
  private mutating func fail(
    _ error: FunctionError, payload: [UInt8], at end: Timestamp, in environment: ExecutionEnvironment,
    invokedAt start: Timestamp?
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    if let start {
      var subsegment = part("Invocation", id: invocationID, from: start, to: end)
      subsegment.links = invocation.links
      subsegment.isFault = true
      subsegment.cause = .exceptions(error.cause(exceptionID: random.entityID()))
      segment.subsegments.append(subsegment)
    }
    segment.isFault = true
    endOpenSubsegments(of: environment, at: end, error)
    let lines = finish(at: end, billedFrom: start ?? segment.start, to: end, in: environment)
    await environment.shutDown()
    return (.answered(FunctionAnswer(payload: payload, isError: true, logLines: lines)), nil)
  }

  /// Sends the segment and closes the log.
  private mutating func finish(
    at end: Timestamp, billedFrom start: Timestamp, to billedEnd: Timestamp, in environment: ExecutionEnvironment
  ) -> [String] {
    let isSampled = invocation.trace.isSampled
    let lost = environment.daemon.takeLost()
    if isSampled {
      segment.end = max(segment.start, end.inMicroseconds)
      if lost > 0 { segment.metadata = ["fluoro": ["documents_lost": .number(JSONNumber(lost))]] }
      if service.beyondAWS.contains(.annotations) {
        segment.annotations = environment.daemon.withPassed { $0.annotations }
      }
      service.emitFromEnvironment(segment.document, of: invocation.function)
    }
    guard journal.isKept else { return [] }
    let report = InvocationReport(
      requestID: invocation.requestID, duration: start.duration(to: billedEnd),
      memoryMegabytes: invocation.function.configuration.memoryMegabytes,
      usedMegabytes: environment.daemon.peakMegabytes, initialization: initialization,
      trace: isSampled ? (invocation.trace.id, segment.id) : nil)
    let lines = journal.close(["END RequestId: \(invocation.requestID)", report.line])
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
