import XRayModel

/// One attempt at an invocation in one environment, and the function's segment that tells of it.
struct FunctionAttempt {
  let service: LambdaService
  let invocation: Invocation
  let journal: InvocationJournal
  let invocationID: EntityID
  /// `AWS::Lambda::Function`.
  var segment: Entity
  var initialization: Duration?
  var hasBegun = false
  /// What is left to tell once the environment has settled.
  var unsettled: Ended?

  /// Lambda: 6 MB and 100 bytes.
  static let responseBytesLimit = 6_291_556

  init(_ invocation: Invocation, parent: EntityID, service: LambdaService) {
    self.service = service
    self.invocation = invocation
    journal = InvocationJournal(isKept: service.keepsLogs)
    invocationID = service.random.entityID()
    segment = Entity(
      .segment, id: service.random.entityID(), name: invocation.function.configuration.name,
      traceID: invocation.trace.id, parentID: parent, start: service.clock.now)
    guard invocation.trace.isSampled else { return }
    segment.origin = "AWS::Lambda::Function"
    segment.aws = invocation.function.segmentDescription
  }

  var clock: any WallClock { service.clock }
  var random: RandomSource { service.random }
  var timing: InvocationTiming { service.timing }

  /// Runs the attempt in `warm`, or in a new environment. Returns the environment when it can work on.
  mutating func run(in warm: ExecutionEnvironment?) async -> (AttemptOutcome, ExecutionEnvironment?) {
    var environment: ExecutionEnvironment
    var isInitialized = true
    if let warm {
      environment = warm
    } else {
      await clock.wait(timing.environmentCreation, random)
      environment = service.makeEnvironment(of: invocation.function)
      switch await initialize(environment, until: clock.now.advanced(by: timing.initializationLimit)) {
      case .finished: break
      case .late:
        // It gets another chance in a new environment, within the time of the invocation.
        await environment.shutDown()
        // Unless it was traced itself: what it recorded belongs there.
        if !service.beyondAWS.contains(.initialization) { segment.subsegments = [] }
        environment = service.makeEnvironment(of: invocation.function)
        isInitialized = false
      case .failed(let error): return await failInitialization(error, in: environment)
      }
    }
    if invocation.trace.isSampled { environment.daemon.start() }
    await clock.wait(timing.handoff, random)
    begin(in: environment)
    let deadline = segment.start.advanced(by: .seconds(invocation.function.configuration.timeoutSeconds))
    if !isInitialized {
      switch await initialize(environment, until: deadline) {
      case .finished: break
      case .late: return await timeOut(at: deadline, in: environment, invokedAt: nil)
      case .failed(let error): return await failInitialization(error, in: environment)
      }
    }
    return await invoke(in: environment, until: deadline)
  }

  mutating func begin(in environment: ExecutionEnvironment) {
    hasBegun = true
    segment.start = clock.now.inMicroseconds
    environment.runtime.report(
      .invocationStarted(
        .init(
          requestID: invocation.requestID, version: invocation.function.version, time: segment.start,
          tracing: tracing(of: segment.id))))
    if journal.isKept {
      journal.write("START RequestId: \(invocation.requestID) Version: \(invocation.function.version)")
    }
  }

  /// Runs what lies outside the handler and adds `Initialization`.
  private mutating func initialize(
    _ environment: ExecutionEnvironment, until deadline: Timestamp
  ) async -> Raced<Void> {
    let start = clock.now
    environment.runtime.report(
      .initializationStarted(hasBegun ? .invocation : .initialization, at: start))
    let id = tracedInitialization()
    if id != nil { environment.daemon.start() }
    await clock.wait(timing.runtimeStart, random)
    let result = await runInitializer(of: environment, tracedAs: id, until: deadline)
    var end = clock.now
    if let id { environment.daemon.withPassed { $0.initialized(id, at: end) } }
    var subsegment = part("Initialization", id: id, from: start, to: end)
    switch result {
    case .finished: break
    case .late:
      end = deadline
      subsegment.end = deadline.inMicroseconds
      subsegment.isFault = true
    case .failed(let error):
      subsegment.isError = true
      subsegment.cause = .exceptions(FunctionError(error).cause(exceptionID: random.entityID()))
    }
    initialization = start.duration(to: end)
    segment.subsegments.append(subsegment)
    return result
  }

  private func runInitializer(
    of environment: ExecutionEnvironment, tracedAs id: EntityID?, until deadline: Timestamp
  ) async -> Raced<Void> {
    if let runtime = environment.runtime as? SimulatedRuntime {
      let result = await runtime.initialize(until: deadline, on: clock)
      if case .late = result { environment.daemon.end() }
      return result
    }
    var variables = environment.variables
    if let id { variables[TraceHeader.environmentName] = invocation.trace.header(invocation: id) }
    let context = InitializationContext(
      environment: variables, deadline: deadline, clock: clock,
      usesEnvironmentDaemon: invocation.function.configuration.environment["AWS_XRAY_DAEMON_ADDRESS"] == nil,
      daemon: environment.daemon, journal: journal, accountID: invocation.function.accountID)
    return await race(until: deadline, on: clock, whenLate: { await environment.endWork() }) {
      try await environment.runtime.initialize(context)
    }
  }

  private func runHandler(of environment: ExecutionEnvironment, until deadline: Timestamp) async -> Raced<[UInt8]> {
    if let runtime = environment.runtime as? SimulatedRuntime {
      let result = await runtime.invoke(until: deadline, on: clock)
      if case .late = result { environment.daemon.end() }
      return result
    }
    let context = context(in: environment, deadline: deadline)
    let event = InvocationEvent(bytes: invocation.payload, requestID: invocation.requestID)
    return await race(until: deadline, on: clock, whenLate: { await environment.endWork() }) {
      try await environment.runtime.invoke(event, context)
    }
  }

  private mutating func invoke(
    in environment: ExecutionEnvironment, until deadline: Timestamp
  ) async -> (AttemptOutcome, ExecutionEnvironment?) {
    await clock.wait(timing.rendering, random)
    let start = clock.now
    if !service.beyondAWS.isEmpty { environment.daemon.withPassed { $0.begin(invocationID) } }
    let result = await runHandler(of: environment, until: deadline)
    if let exit = environment.daemon.exit { return await crash(exit, in: environment, invokedAt: start) }
    switch result {
    case .late: return await timeOut(at: deadline, in: environment, invokedAt: start)
    case .failed(let exit as RuntimeExit): return await crash(exit, in: environment, invokedAt: start)
    case .failed(let failure as RuntimeFailure): return await refuse(failure, in: environment)
    case .failed(let error): return await answer(.failure(FunctionError(error)), in: environment, invokedAt: start)
    case .finished(let response) where response.count > Self.responseBytesLimit:
      let error = FunctionError(
        type: "Function.ResponseSizeTooLarge",
        message: "Response payload size (\(response.count) bytes) exceeded maximum allowed payload size "
          + "(\(Self.responseBytesLimit) bytes).")
      return await answer(.failure(error), in: environment, invokedAt: start)
    case .finished(let response): return await answer(.success(response), in: environment, invokedAt: start)
    }
  }

  /// The header that the environment is given: the function's segment has its parent.
  private var environmentHeader: String {
    invocation.trace.header(invocation: segment.parentID ?? invocation.segmentID)
  }

  func tracing(of span: EntityID) -> PlatformEvent.Tracing? {
    invocation.trace.isSampled ? .init(span: span, header: environmentHeader) : nil
  }

  private func context(in environment: ExecutionEnvironment, deadline: Timestamp) -> InvocationContext {
    let header = invocation.trace.header(invocation: invocationID)
    var variables = environment.variables
    variables[TraceHeader.environmentName] = header
    let configuration = invocation.function.configuration
    return InvocationContext(
      requestID: invocation.requestID, functionName: configuration.name, version: invocation.function.version,
      invokedFunctionARN: invocation.invokedARN, memoryMegabytes: configuration.memoryMegabytes,
      clientContext: invocation.clientContext, deadline: deadline, traceHeader: header,
      environmentTraceHeader: environmentHeader, environment: variables, clock: clock, emitter: environment.daemon,
      journal: journal, daemon: environment.daemon)
  }
}

extension FunctionVersion {
  /// The `aws` block of the function's segment.
  fileprivate var segmentDescription: JSONObject {
    [
      "account_id": .string(accountID), "function_arn": .string(arn),
      "cloudwatch_logs": [["log_group": .string(configuration.logGroup)]],
      "resource_names": [.string(configuration.name)],
    ]
  }
}
