/// What the runtime does for traces beyond what Lambda's own runtimes do. Nothing, unless you ask for it.
public struct TracingOptions: OptionSet, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Sends open subsegments as in progress shortly before the deadline, so that a timeout does not lose them.
  ///
  /// That is when 5 % of the invocation's time are left, but at least 100 ms and at most 1 s. What then ends in time
  /// is sent again and replaces what was sent before.
  public static let progressBeforeDeadline = TracingOptions(rawValue: 1 << 0)

  /// Records what the initialization does, where `_X_AMZN_TRACE_ID` is set before the first event.
  ///
  /// Lambda does not set it then; `fluoro serve` does on request. Without it nothing of the initialization is recorded.
  public static let initialization = TracingOptions(rawValue: 1 << 1)
}
