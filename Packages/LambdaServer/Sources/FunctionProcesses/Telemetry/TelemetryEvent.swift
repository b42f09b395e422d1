import LambdaEmitter
import XRayModel

/// One event of an environment's telemetry.
struct TelemetryEvent {
  typealias Phase = PlatformEvent.InitializationPhase

  enum Content {
    case initStart(Phase, ExtensionHost.Function)
    case initRuntimeDone(Phase, PlatformEvent.Status)
    case initReport(Phase, PlatformEvent.Status, Duration)
    case start(PlatformEvent.InvocationStart)
    case runtimeDone(PlatformEvent.InvocationEnd, InvocationSpans?, until: Timestamp)
    /// Only in the form of the older API.
    case end(requestID: String)
    case report(PlatformEvent.InvocationSummary, InvocationSpans.Span?)
    case fault(String)
    case `extension`(ExtensionRegistry.Entry)
    case subscription(TelemetrySubscription)
    case dropped(records: Int, bytes: Int, reason: String)
    case functionLine(String)
    case extensionLine(String)
  }

  let time: Timestamp
  let content: Content

  var category: TelemetrySubscription.Category {
    switch content {
    case .functionLine: .function
    case .extensionLine: .extension
    default: .platform
    }
  }

  /// The event as JSON, in the form that a subscriber gets it; `nil` for events that its API does not have.
  func rendered(for api: TelemetryAPI, schemaVersion: String) -> [UInt8]? {
    switch (content, api) {
    case (.initStart, .logs), (.initRuntimeDone, .logs), (.initReport, .logs), (.end, .telemetry): return nil
    case (.runtimeDone, .logs) where schemaVersion == "2020-08-15": return nil
    default: break
    }
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("time", time.iso8601)
      writer.member("type", type(in: api))
      writer.key("record")
      switch content {
      case .functionLine(let text), .extensionLine(let text), .fault(let text): writer.string(text)
      default: writer.object { write(to: &$0, isFull: api == .telemetry) }
      }
    }
    return writer.bytes
  }

  private func type(in api: TelemetryAPI) -> String {
    switch content {
    case .initStart: "platform.initStart"
    case .initRuntimeDone: "platform.initRuntimeDone"
    case .initReport: "platform.initReport"
    case .start: "platform.start"
    case .runtimeDone: "platform.runtimeDone"
    case .end: "platform.end"
    case .report: "platform.report"
    case .fault: "platform.fault"
    case .extension: "platform.extension"
    case .subscription: api == .telemetry ? "platform.telemetrySubscription" : "platform.logsSubscription"
    case .dropped: "platform.logsDropped"
    case .functionLine: "function"
    case .extensionLine: "extension"
    }
  }

  /// The members of the record; without what only the newer API has unless `isFull`.
  private func write(to writer: inout JSONWriter, isFull: Bool) {
    switch content {
    case .initStart(let phase, let function):
      writer.member("initializationType", "on-demand")
      writer.member("phase", phase.rawValue)
      writer.member("functionName", function.name)
      writer.member("functionVersion", function.version)
    case .initRuntimeDone(let phase, let status):
      writer.member("initializationType", "on-demand")
      writer.member("phase", phase.rawValue)
      writer.status(status)
    case .initReport(let phase, let status, let duration):
      writer.member("initializationType", "on-demand")
      writer.member("phase", phase.rawValue)
      writer.status(status)
      writer.key("metrics")
      writer.object { $0.member("durationMs", duration.milliseconds) }
    case .start(let start):
      writer.member("requestId", start.requestID)
      writer.member("version", start.version)
      if isFull { writer.tracing(start.tracing) }
    case .runtimeDone(let end, let spans, let time):
      writer.member("requestId", end.requestID)
      writer.status(end.status)
      guard isFull else { return }
      if let started = end.started {
        writer.key("metrics")
        writer.object { writer in
          writer.member("durationMs", max(.zero, started.duration(to: time)).milliseconds)
          writer.member("producedBytes", end.producedBytes)
        }
      }
      writer.spans(spans?.named.filter { $0.name != "extensionOverhead" } ?? [])
      writer.tracing(end.tracing)
    case .end(let requestID): writer.member("requestId", requestID)
    case .report(let report, let overhead):
      writer.member("requestId", report.requestID)
      if isFull { writer.status(report.status) }
      writer.key("metrics")
      writer.object { writer in
        writer.member("durationMs", report.duration.hundredths)
        writer.member("billedDurationMs", report.billedMilliseconds)
        writer.member("memorySizeMB", report.memoryMegabytes)
        writer.member("maxMemoryUsedMB", report.usedMegabytes)
        if let initialization = report.initialization { writer.member("initDurationMs", initialization.hundredths) }
      }
      guard isFull else { return }
      if let overhead { writer.spans([("extensionOverhead", overhead)]) }
      writer.tracing(report.tracing)
    case .extension(let entry):
      writer.member("name", entry.name)
      writer.member("state", entry.phase.rawValue)
      writer.texts("events", entry.events)
      if let type = entry.errorType { writer.member("errorType", type) }
    case .subscription(let subscription):
      writer.member("name", subscription.name)
      writer.member("state", "Subscribed")
      writer.texts("types", subscription.categories.map(\.rawValue))
    case .dropped(let records, let bytes, let reason):
      writer.member("droppedRecords", records)
      writer.member("droppedBytes", bytes)
      writer.member("reason", reason)
    case .functionLine, .extensionLine, .fault: break
    }
  }
}

extension JSONWriter {
  fileprivate mutating func status(_ status: PlatformEvent.Status) {
    switch status {
    case .success: member("status", "success")
    case .timeout: member("status", "timeout")
    case .error(let type):
      // What goes wrong around the function is a failure, what goes wrong in it an error.
      member("status", type.hasPrefix("Sandbox.") ? "failure" : "error")
      member("errorType", type)
    }
  }

  fileprivate mutating func tracing(_ tracing: PlatformEvent.Tracing?) {
    guard let tracing else { return }
    key("tracing")
    object { writer in
      writer.member("spanId", tracing.span.description)
      writer.member("type", "X-Amzn-Trace-Id")
      writer.member("value", tracing.header)
    }
  }

  fileprivate mutating func spans(_ spans: [(name: String, span: InvocationSpans.Span)]) {
    guard !spans.isEmpty else { return }
    key("spans")
    array { writer in
      for (name, span) in spans {
        writer.object { writer in
          writer.member("name", name)
          writer.member("start", span.start.iso8601)
          writer.member("durationMs", span.milliseconds)
        }
      }
    }
  }

  fileprivate mutating func texts(_ key: String, _ texts: [String]) {
    self.key(key)
    array { writer in for text in texts { writer.string(text) } }
  }
}

extension Duration {
  /// With three decimals.
  fileprivate var milliseconds: Double { (inSeconds * 1_000_000).rounded() / 1000 }

  /// Milliseconds as the log tells them.
  fileprivate var hundredths: Double { (inSeconds * 100_000).rounded() / 100 }
}
