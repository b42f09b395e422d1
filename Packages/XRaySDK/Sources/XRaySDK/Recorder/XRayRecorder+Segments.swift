import ServiceContextModule
public import XRayModel
public import XRaySampler

extension XRayRecorder {
  /// Begins a segment: the work of this service on one request. Its `end(at:)` must be called.
  ///
  /// It does not become current; see ``TracedEntity/makeCurrent(_:)``. In a Lambda function it is
  /// refused with a warning, since Lambda itself records the segment.
  /// - Parameters:
  ///   - name: The service's; the configured one by default. Characters that X-Ray does not accept are removed.
  ///   - header: From the request, if it had one. Its decision wins over the sampler's.
  ///   - request: What the sampler should know, and nothing that is recorded.
  public func beginSegment(
    _ name: String? = nil, header: TraceHeader? = nil, request: SamplingRequest = SamplingRequest(),
    at start: Timestamp? = nil
  ) -> Segment {
    let isAnswerRequested = header?.sampling == .requested
    guard !isLambda else {
      logger.warning("cannot create segments inside a Lambda function: \(name ?? "the segment") is discarded")
      return Segment(scope: .none)
    }
    guard configuration.isEnabled else {
      return Segment(scope: header.map { TraceScope(.passing($0)) } ?? .none)
    }
    let name = fixedSegmentName ?? name ?? configuration.serviceName ?? ""
    let decision = decide(header, request, name)
    guard decision.isSampled else {
      var passed = header ?? TraceHeader(root: .notSampled, parent: .notSampled)
      passed.sampling = .notSampled
      return Segment(scope: TraceScope(.passing(passed)), isAnswerRequested: isAnswerRequested)
    }
    let moment = start ?? clock.now
    let upstream = header ?? TraceHeader(root: random.traceID(at: moment))
    var entity = Entity(
      .segment, id: random.entityID(), name: entityName(name), traceID: upstream.root, parentID: upstream.parent,
      start: moment)
    entity.origin = configuration.origin
    entity.service = blocks.service
    entity.aws = blocks.aws
    if let rule = decision.ruleName, var xray = entity.aws["xray"]?.object {
      xray["rule_name"] = .string(rule)
      entity.aws["xray"] = .object(xray)
    }
    let record = SegmentRecord(
      root: entity, isFacade: false, upstream: upstream, streamingThreshold: configuration.streamingThreshold,
      clock: clock, random: random, output: output)
    return Segment(scope: TraceScope(.recorded(record, entity.id)), isAnswerRequested: isAnswerRequested)
  }

  /// Wins over every name in code.
  private var fixedSegmentName: String? {
    environment["AWS_XRAY_TRACING_NAME"].flatMap { $0.isEmpty ? nil : $0 }
  }

  private func decide(_ header: TraceHeader?, _ request: SamplingRequest, _ name: String) -> SamplingDecision {
    if let decided = header?.sampling.decision { return SamplingDecision(isSampled: decided) }
    var request = request
    if request.serviceName == nil { request.serviceName = name }
    if request.serviceType == nil { request.serviceType = configuration.origin }
    return sampler.decide(request)
  }

  /// Runs `body` in a segment of its own. An error that leaves it is recorded and thrown on.
  public func withSegment<Result>(
    _ name: String? = nil, header: TraceHeader? = nil, request: SamplingRequest = SamplingRequest(),
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Segment) throws -> Result
  ) rethrows -> Result {
    try beginSegment(name, header: header, request: request)
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs `body` in a segment of its own. An error that leaves it is recorded and thrown on.
  public func withSegment<Result>(
    _ name: String? = nil, header: TraceHeader? = nil, request: SamplingRequest = SamplingRequest(),
    isolation: isolated (any Actor)? = #isolation,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Segment) async throws -> Result
  ) async rethrows -> Result {
    try await beginSegment(name, header: header, request: request)
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs one invocation of a Lambda function: subsegments of `body` belong to the segment that `header` names.
  ///
  /// For runtimes that hand the header to the function, as Swift's does, and for several invocations at once.
  /// Nothing is recorded unless the header is complete and says `Sampled=1`; it is passed on all the same.
  public func withInvocation<Result>(header: String?, _ body: () throws -> Result) rethrows -> Result {
    try ServiceContext.withValue(invocation(header), operation: body)
  }

  /// Runs one invocation of a Lambda function: subsegments of `body` belong to the segment that `header` names.
  public func withInvocation<Result>(
    header: String?, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    try await ServiceContext.withValue(invocation(header), isolation: isolation, operation: body)
  }

  /// Sends what the segment of the current task has recorded so far: what has ended, and what is open as in progress.
  ///
  /// What is open is sent again when it has ended, which replaces what was sent now. For work that may not come to its
  /// end, such as an invocation that runs out of time: nobody can send anything for it afterwards.
  public func sendProgress() {
    if case .recorded(let record, _) = currentScope.kind { record.sendProgress() }
  }

  private func invocation(_ header: String?) -> ServiceContext {
    Segment(scope: header.flatMap { $0.isEmpty ? nil : facadeScope($0) } ?? .none).context()
  }
}
