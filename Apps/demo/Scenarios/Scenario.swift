import XRayModel

/// One thing that happens to functions, and what must come of it.
struct Scenario: Sendable {
  /// What happens, for the summary.
  var title: String
  /// The functions that take part.
  var functions: [String]
  /// What must be found afterwards.
  var expectations: [Expectation]
  /// Whether it is part of a live run: what waits for minutes is not.
  var runsLive = true
  var run: @Sendable (DemoStage) async throws -> Void
}

/// What the traces of one function must hold, whoever reads them.
struct Expectation: Sendable {
  var function: String
  /// Traces with a service segment of the function.
  var traces = 1
  /// Function segments: one for each attempt that ran.
  var attempts = 1
  /// Function segments with a fault.
  var faults = 0
  /// Service segments that were throttled.
  var throttles = 0
  /// Initializations.
  var coldStarts = 1
  /// Documents that the function would have sent when its time was over: lost, as in Lambda, and counted.
  var lost = 0
}

extension Scenario {
  static var all: [Scenario] {
    [gateway, listTables, uptime, objectStore, myLogic, inventory] + [flaky, doomed, burst, timeout]
      + [stream, chain, passThrough, notSampled, recordedPython]
  }
}
