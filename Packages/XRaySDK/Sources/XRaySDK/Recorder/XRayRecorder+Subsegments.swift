public import XRayModel

extension XRayRecorder {
  /// The entity that subsegments of the current task belong to, whether it is sampled or not; `nil` outside
  /// of any.
  public var current: (any TracedEntity)? {
    let scope = currentScope
    switch scope.kind {
    case .recorded(let record, let id):
      return id == record.rootID ? Segment(scope: scope) : Subsegment(scope: scope)
    case .passing: return Segment(scope: scope)
    case .upstream, .none: return nil
    }
  }

  /// Begins a subsegment of the current entity. It does not become current; its `end(at:)` must be called.
  ///
  /// - Parameter isSampled: `false` records nothing here, and tells the called services to record nothing.
  /// - Throws: ``ContextMissingError`` without a current entity, under the policy `RUNTIME_ERROR`. Under the
  ///   others what is answered records nothing.
  public func beginSubsegment(
    _ name: String, namespace: CallNamespace? = nil, isSampled: Bool = true, at start: Timestamp? = nil
  ) throws(ContextMissingError) -> Subsegment {
    try begin(name, namespace: namespace, isSampled: isSampled, at: start) { _ in }
  }

  func begin(
    _ name: String, namespace: CallNamespace?, isSampled: Bool = true, at start: Timestamp? = nil,
    _ prepare: (inout Entity) -> Void
  ) throws(ContextMissingError) -> Subsegment {
    let scope = currentScope
    switch scope.kind {
    case .recorded: return scope.begin(name, namespace: namespace, isSampled: isSampled, at: start, prepare)
    case .passing: return Subsegment(scope: scope)
    case .upstream, .none:
      if configuration.isEnabled { try reportMissingContext(name) }
      return Subsegment(scope: scope)
    }
  }

  private func reportMissingContext(_ name: String) throws(ContextMissingError) {
    output.count(\.discarded)
    guard !isLambda else {
      return logger.warning("subsegment \"\(name)\" is discarded: Lambda has not given this invocation a trace")
    }
    switch configuration.contextMissing {
    case .runtimeError: throw ContextMissingError(name: name)
    case .logError: logger.error("\(ContextMissingError(name: name))")
    case .ignoreError: break
    }
  }

  /// Runs `body` in a subsegment of the current entity. An error that leaves it is recorded and thrown on.
  ///
  /// - Throws: What `body` throws, and ``ContextMissingError`` as ``beginSubsegment(_:namespace:isSampled:at:)`` does.
  public func withSubsegment<Result>(
    _ name: String, namespace: CallNamespace? = nil, isSampled: Bool = true,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) throws -> Result
  ) throws -> Result {
    try begin(name, namespace: namespace, isSampled: isSampled) { _ in }
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs `body` in a subsegment of the current entity. An error that leaves it is recorded and thrown on.
  public func withSubsegment<Result>(
    _ name: String, namespace: CallNamespace? = nil, isSampled: Bool = true,
    isolation: isolated (any Actor)? = #isolation,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) async throws -> Result
  ) async throws -> Result {
    try await begin(name, namespace: namespace, isSampled: isSampled) { _ in }
      .run(at: CallSite(file: file, line: line, function: function), body)
  }
}
