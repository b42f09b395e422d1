public import XRayModel

/// An asynchronous event as an ``EventJournal`` keeps it: all that a service needs to go on with it.
public struct AcceptedEvent: Sendable {
  /// No other event has it.
  public let requestID: String
  public var progress: EventProgress
  let function: String
  /// The version that was chosen when it was accepted.
  let version: String
  let qualifier: String?
  /// For the case that the function is gone.
  let deadLetterTarget: String?
  let payload: [UInt8]
  let trace: InvocationTrace
  let segmentID: EntityID
  let received: Timestamp

  init(_ invocation: Invocation) {
    requestID = invocation.requestID
    progress = invocation.progress ?? EventProgress()
    function = invocation.function.configuration.name
    version = invocation.function.version
    qualifier = invocation.qualifier
    deadLetterTarget = invocation.function.configuration.deadLetterTarget
    payload = invocation.payload
    trace = invocation.trace
    segmentID = invocation.segmentID
    received = invocation.received
  }

  /// What ``write(to:)`` wrote; `nil` when it is something else.
  public init?(json: JSONValue) {
    guard let requestID = json["request_id"]?.string, let function = json["function"]?.string,
      let version = json["version"]?.string, let payload = json["payload"]?.string,
      let trace = json["trace"].flatMap(InvocationTrace.init(json:)),
      let segmentID = json["segment_id"]?.string.flatMap({ EntityID($0) }),
      let received = json["received_ticks"]?.number?.integer
    else { return nil }
    self.requestID = requestID
    progress = EventProgress()
    self.function = function
    self.version = version
    qualifier = json["qualifier"]?.string
    deadLetterTarget = json["dead_letter_target"]?.string
    self.payload = Array(payload.utf8)
    self.trace = trace
    self.segmentID = segmentID
    self.received = Timestamp(ticks: Int64(received))
  }

  /// Writes an object, without the progress.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("request_id", requestID)
      writer.member("function", function)
      writer.member("version", version)
      if let qualifier { writer.member("qualifier", qualifier) }
      if let deadLetterTarget { writer.member("dead_letter_target", deadLetterTarget) }
      writer.key("trace")
      trace.write(to: &writer)
      writer.member("segment_id", segmentID.description)
      writer.member("received_ticks", received.ticks)
      writer.key("payload")
      // It was read as JSON, so it is UTF-8.
      writer.string(utf8: payload.span)
    }
  }
}

extension InvocationTrace {
  fileprivate init?(json: JSONValue) {
    guard let id = json["id"]?.string.flatMap({ TraceID($0) }), let isSampled = json["sampled"]?.bool else {
      return nil
    }
    self.id = id
    self.isSampled = isSampled
    parent = json["parent"]?.string.flatMap { EntityID($0) }
    lineage = json["lineage"]?.string
    if let header = json["header"]?.string {
      untraced = .passedOn(header)
    } else {
      guard let parent = json["untraced_parent"]?.string.flatMap({ EntityID($0) }) else { return nil }
      untraced = .new(parent: parent)
    }
  }

  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", id.description)
      writer.member("sampled", isSampled)
      if let parent { writer.member("parent", parent.description) }
      if let lineage { writer.member("lineage", lineage) }
      switch untraced {
      case .passedOn(let header): writer.member("header", header)
      case .new(let parent): writer.member("untraced_parent", parent.description)
      }
    }
  }
}
