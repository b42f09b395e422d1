import XRayModel
import XRaySampler

extension LambdaService {
  /// Invokes a function.
  ///
  /// - Parameters:
  ///   - function: A name, a partial or a full ARN, with or without a version.
  ///   - payload: JSON, at most 6 MB, or 1 MB for an event; nothing counts as `{}`.
  ///   - traceHeader: The caller's `X-Amzn-Trace-Id`.
  ///   - clientContext: JSON for the function's context; events go without it.
  /// - Throws: What the API answers with a status of 400 and more. A function that fails is no such error.
  public func invoke(
    _ function: String, payload: [UInt8] = [], type: InvocationType = .requestResponse, traceHeader: String? = nil,
    clientContext: [UInt8]? = nil
  ) async throws(LambdaError) -> InvocationResult {
    let version = try self.function(function)
    let payload = payload.isEmpty ? Array("{}".utf8) : payload
    try check(payload, for: type)
    return try await invoke(
      version, qualifier: try FunctionReference(parsing: function).qualifier, payload: payload, type: type,
      traceHeader: traceHeader, clientContext: clientContext)
  }

  /// Invokes a version with a payload that was checked.
  func invoke(
    _ version: FunctionVersion, qualifier: String? = nil, payload: [UInt8], type: InvocationType,
    traceHeader: String? = nil, clientContext: [UInt8]? = nil
  ) async throws(LambdaError) -> InvocationResult {
    var invocation = begin(version, qualifier: qualifier, payload: payload, traceHeader: traceHeader)
    if type == .requestResponse { invocation.clientContext = clientContext }
    switch type {
    case .dryRun: return invocation.result(status: 204)
    case .event: return try await accept(invocation)
    case .requestResponse: return try await respond(to: invocation)
    }
  }

  private func check(_ payload: [UInt8], for type: InvocationType) throws(LambdaError) {
    guard payload.count <= type.payloadBytesLimit else {
      throw LambdaError(
        .requestTooLarge,
        "\(payload.count) byte payload is too large for the \(type.rawValue) invocation type "
          + "(limit \(type.payloadBytesLimit) bytes)")
    }
    do throws(JSONError) {
      _ = try JSONValue(parsing: payload.span)
    } catch {
      throw LambdaError(.invalidRequestContent, "Could not parse request body into json: \(error)")
    }
  }

  /// Makes a request of what came in: its ids, and its place in a trace.
  func begin(
    _ function: FunctionVersion, qualifier: String? = nil, payload: [UInt8], traceHeader: String? = nil,
    links: [TraceLink] = []
  ) -> Invocation {
    let now = clock.now
    let incoming = traceHeader.flatMap { try? TraceHeader(parsing: $0) }
    if traceHeader != nil, incoming == nil { state.withLock { $0.malformedHeaders += 1 } }
    let trace = InvocationTrace(
      mode: function.configuration.tracingMode, incoming: incoming, text: traceHeader, isLinked: !links.isEmpty,
      now: now, random: random
    ) {
      sampler.decide(
        SamplingRequest(serviceName: function.configuration.name, serviceType: "AWS::Lambda::Function")
      ).isSampled
    }
    return Invocation(
      function: function, invokedARN: function.arn + (qualifier.map { ":\($0)" } ?? ""),
      qualifier: qualifier, payload: payload, requestID: random.requestID(), trace: trace, links: links,
      segmentID: random.entityID(), received: now)
  }

  private func respond(to invocation: Invocation) async throws(LambdaError) -> InvocationResult {
    await wait(timing.routing)
    let outcome = await attempt(invocation, parent: invocation.segmentID)
    return try await close(invocation, outcome)
  }

  /// Ends the service's segment of a synchronous request.
  func close(
    _ invocation: Invocation, _ outcome: AttemptOutcome
  ) async throws(LambdaError) -> InvocationResult {
    switch outcome {
    case .answered(let answer):
      await wait(timing.responseReturn)
      emit(invocation.serviceSegment(end: clock.now, status: 200, isFault: answer.isError), of: invocation)
      var result = invocation.result(status: 200)
      result.payload = answer.payload
      result.functionError = answer.isError ? "Unhandled" : nil
      result.logLines = answer.logLines
      return result
    case .refused(let error):
      emit(invocation.serviceSegment(end: clock.now, status: error.statusCode), of: invocation)
      throw error
    }
  }

  /// Runs a request once; `whenAdmitted` is called when it has found a place.
  func attempt(
    _ invocation: Invocation, parent: EntityID, whenAdmitted: () -> Void = {}
  ) async -> AttemptOutcome {
    let admission: Admission
    do throws(LambdaError) {
      admission = try admit(invocation.function)
    } catch {
      return .refused(error)
    }
    whenAdmitted()
    for environment in admission.stale { await environment.shutDown() }
    var attempt = FunctionAttempt(invocation, parent: parent, service: self)
    let (outcome, environment) = await attempt.run(in: admission.warm)
    guard let environment, attempt.unsettled != nil else {
      await give(back: environment, of: invocation.function)
      return outcome
    }
    await afterwards { [attempt] in
      var attempt = attempt
      let settled = await attempt.settle(in: environment)
      await self.give(back: settled, of: invocation.function)
    }
    return outcome
  }

  private func give(back environment: ExecutionEnvironment?, of function: FunctionVersion) async {
    if let orphan = release(environment, of: function) { await orphan.shutDown() }
  }

  func makeEnvironment(of function: FunctionVersion) -> ExecutionEnvironment {
    let date = clock.now.iso8601.prefix(10).split(separator: "-").joined(separator: "/")
    let stream = random.requestID().filter { $0 != "-" }
    let logStream = "\(date)/[\(function.version)]\(stream)"
    let daemon = EnvironmentDaemon(
      memoryMegabytes: function.configuration.memoryMegabytes, outlet: outlet, beyondAWS: beyondAWS
    ) { [weak self] in self?.permitsTracing(function) ?? false }
    if function.configuration.tracingMode == .active { daemon.start() }
    return ExecutionEnvironment(
      function: function, runtime: function.makeRuntime(), daemon: daemon, logStream: logStream,
      variables: environmentVariables(
        of: function, region: region, logStream: logStream, daemonAddress: daemonAddress),
      idleSince: clock.now)
  }

  /// Whether the function's role lets its segments through, at this moment.
  private func permitsTracing(_ function: FunctionVersion) -> Bool {
    role(function.configuration.role)?.allows(ExecutionRole.putTraceSegments) ?? false
  }

  /// Sends a document of the service itself.
  func emit(_ entity: @autoclosure () -> Entity, of invocation: Invocation) {
    if invocation.trace.isSampled { outlet.pass(entity().document) }
  }

  /// Sends a document of a function's environment, which needs the permission of its role.
  func emitFromEnvironment(_ document: [UInt8], of function: FunctionVersion) {
    outlet.pass(document, unless: permitsTracing(function) ? nil : "access denied")
  }
}

extension Invocation {
  func result(status: Int) -> InvocationResult {
    InvocationResult(
      statusCode: status, requestID: requestID, executedVersion: function.version, traceHeader: trace.responseHeader)
  }
}
