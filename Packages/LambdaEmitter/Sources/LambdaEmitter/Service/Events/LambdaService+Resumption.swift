import XRayModel

extension LambdaService {
  /// Takes up the events that were accepted before this service began and are not done. Functions must be there again.
  func resumeEvents() {
    for event in journal?.takePending() ?? [] {
      let invocation = resumed(event)
      state.withLock { state in
        state.backlog.count += 1
        state.backlog.bytes += invocation.payload.count
      }
      if case .terminated = workInput.yield(.event(invocation)) { finish(invocation.payload.count) }
    }
  }

  private func resumed(_ event: AcceptedEvent) -> Invocation {
    let version = state.withLock { $0.functions[event.function]?.version(event.version) }
    let function = version ?? FunctionVersion(gone: event, account: account, region: region)
    return Invocation(
      function: function, invokedARN: function.arn + (event.qualifier.map { ":\($0)" } ?? ""),
      qualifier: event.qualifier, payload: event.payload, requestID: event.requestID, trace: event.trace,
      segmentID: event.segmentID, received: event.received, progress: event.progress)
  }
}

extension FunctionVersion {
  /// Stands for a function or a version that is no more.
  fileprivate init(gone event: AcceptedEvent, account: String, region: String) {
    var configuration = FunctionConfiguration(name: event.function, role: "")
    configuration.deadLetterTarget = event.deadLetterTarget
    self.init(
      configuration: configuration, version: event.version,
      arn: "arn:aws:lambda:\(region):\(account):function:\(event.function)", accountID: account,
      creation: Self.goneCreation, revision: 0,
      makeRuntime: { ClosureRuntime { _, _ in throw RuntimeFailure("the function is gone") } })
  }

  /// Functions are counted from 1.
  private static let goneCreation = 0
  var isGone: Bool { creation == Self.goneCreation }
}
