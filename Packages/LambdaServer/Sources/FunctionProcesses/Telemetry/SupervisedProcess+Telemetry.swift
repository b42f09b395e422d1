import LambdaEmitter
import NIOCore
import XRayModel

/// What the environment tells of its invocations: the service's facts with what is measured here.
extension SupervisedProcess {
  /// What was measured of the last invocation.
  var spans: InvocationSpans? {
    guard var spans = session.spans else { return nil }
    let ready = spans.runtimeOverhead.start.advanced(by: spans.runtimeOverhead.duration)
    if let extensionsReady { spans.extensionOverhead = .init(from: ready, to: extensionsReady) }
    return spans
  }

  func report(_ event: PlatformEvent) {
    switch event {
    case .initializationStarted: break
    case .invocationStarted(let start): host.telemetry.emit(.start(start), at: start.time)
    case .invocationEnded(let end):
      if let fault = end.fault { host.telemetry.emit(.fault(fault), at: end.time) }
      ended = end
      // The runtime will not ask for another event.
      if end.fault != nil || end.status == .timeout { tellRuntimeDone() }
    case .invocationReported(let report):
      host.telemetry.emit(.end(requestID: report.requestID), at: report.time)
      host.telemetry.emit(.report(report, spans?.extensionOverhead), at: report.time)
    }
  }

  /// The runtime is done with the invocation that ended.
  func tellRuntimeDone() {
    guard let end = ended else { return }
    ended = nil
    let spans = session.spans
    let ready = spans.map { $0.runtimeOverhead.start.advanced(by: $0.runtimeOverhead.duration) }
    host.telemetry.emit(.runtimeDone(end, spans, until: ready ?? end.time), at: ready ?? end.time)
  }
}
