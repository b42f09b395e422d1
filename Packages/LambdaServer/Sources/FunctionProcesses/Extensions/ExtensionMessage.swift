import XRayModel

/// An event on its way to an extension.
struct ExtensionMessage: Sendable {
  var body: [UInt8]

  /// What an extension is told of an invocation.
  struct Invocation: Sendable {
    var requestID: String
    var deadline: Timestamp
    var invokedFunctionARN: String
    /// As the environment was given it; empty without one.
    var traceHeader: String
  }

  static func invoke(_ invocation: Invocation) -> ExtensionMessage {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("eventType", "INVOKE")
      writer.member("deadlineMs", invocation.deadline.milliseconds)
      writer.member("requestId", invocation.requestID)
      writer.member("invokedFunctionArn", invocation.invokedFunctionARN)
      guard !invocation.traceHeader.isEmpty else { return }
      writer.key("tracing")
      writer.object { writer in
        writer.member("type", "X-Amzn-Trace-Id")
        writer.member("value", invocation.traceHeader)
      }
    }
    return ExtensionMessage(body: writer.bytes)
  }

  static func shutdown(reason: ShutdownReason, deadline: Timestamp) -> ExtensionMessage {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("eventType", "SHUTDOWN")
      writer.member("shutdownReason", reason.rawValue)
      writer.member("deadlineMs", deadline.milliseconds)
    }
    return ExtensionMessage(body: writer.bytes)
  }
}

/// Why an environment ends.
enum ShutdownReason: String {
  case spindown, timeout, failure
}

extension Timestamp {
  /// Since 1970.
  var milliseconds: Int64 { ticks / (Self.ticksPerSecond / 1000) }
}
