import XRayModel

extension SpanMapping {
  /// Whether it failed and whose fault it was: the HTTP status says so where it is one of 400 to 599, else the
  /// span's own status.
  mutating func mapOutcome() {
    let isFailed = span.status.code == .error
    switch entity.http?.response?.status ?? 0 {
    case 400...499:
      entity.isError = true
      entity.isThrottle = entity.http?.response?.status == 429
    case 500...599: entity.isFault = true
    default: entity.isFault = isFailed
    }
    if attributes.flag("aws.xray.throttle", as: "throttle") {
      entity.isThrottle = true
      entity.isError = true
      entity.isFault = false
    }
  }

  /// What made it fail: the events named `exception`, or the message of its status.
  mutating func mapCause() {
    if let reference = attributes.text("aws.xray.cause", as: "cause") {
      entity.cause = .reference(reference)
      return
    }
    let message = span.status.code == .error ? span.status.message : ""
    let events = span.events.filter(\.isException).prefix(IntakeOptions.exceptionsLimit)
    var exceptions: [CapturedException] = []
    for event in events {
      let facts = SpanAttributes(event.attributes.items)
      var exception = CapturedException(
        id: nil, message: facts["exception.message"]?.string, type: facts["exception.type"]?.string)
      if shape.isCall { exception.isRemote = true }
      var chain = [exception]
      if let text = facts["exception.stacktrace"]?.string { chain = StackTraceText(text).exceptions(from: exception) }
      // Each exception of the chain was caused by the next one.
      for index in chain.indices {
        chain[index].id = entity.id.derived(exceptions.count + index + 1).description
        if index > 0 { chain[index - 1].cause = chain[index].id }
      }
      exceptions += chain
    }
    guard !exceptions.isEmpty || !message.isEmpty else { return }
    if exceptions.isEmpty {
      var exception = CapturedException(id: entity.id.derived(1), message: message, type: nil)
      if shape.isCall { exception.isRemote = true }
      exceptions = [exception]
    }
    var detail = CauseDetail(exceptions: exceptions)
    // Many SDKs repeat the exception's title as the status.
    let isTold = exceptions.contains { $0.message == message || "\($0.type ?? ""): \($0.message ?? "")" == message }
    if !message.isEmpty, !isTold { detail.message = message }
    entity.cause = .exceptions(detail)
  }
}

extension SpanEvent {
  var isException: Bool { name == "exception" }
}
