import XRayModel

extension FunctionAttempt {
  /// The id under which what runs during initialization is traced: `nil` unless that is asked for.
  func tracedInitialization() -> EntityID? {
    service.beyondAWS.contains(.initialization) && invocation.trace.isSampled ? random.entityID() : nil
  }

  /// Ends what the function left in progress when it could not go on.
  func endOpenSubsegments(of environment: ExecutionEnvironment, at end: Timestamp, _ error: FunctionError) {
    guard service.beyondAWS.contains(.timeouts), invocation.trace.isSampled else { return }
    let documents = environment.daemon.withPassed { passed in
      passed.endOpen { entity in
        entity.finish(at: end)
        entity.cause = .exceptions(error.cause(exceptionID: random.entityID()))
        // A long cause may take more room than there is beside what the function recorded.
        if entity.document.count > SegmentIndex.documentBytesLimit { entity.cause = nil }
      }
    }
    for document in documents { service.emitFromEnvironment(document, of: invocation.function) }
  }
}

extension Entity {
  /// Ends this and what is in progress in it.
  fileprivate mutating func finish(at moment: Timestamp) {
    guard isInProgress else { return }
    end = max(start, moment.inMicroseconds)
    isFault = true
    for index in subsegments.indices { subsegments[index].finish(at: moment) }
  }
}
