public import XRayModel

/// What a function knows while it initializes.
public struct InitializationContext: Sendable {
  /// The environment's variables, without the tracing header: there is no invocation yet. With
  /// ``BeyondAWS/initialization`` it has the header of the invocation that is waited for, if that is traced.
  public let environment: [String: String]
  /// When initialization must be over.
  public let deadline: Timestamp
  public let clock: any WallClock
  /// Whether the function sends its documents to the environment's daemon: its own variables name no other address.
  public private(set) var usesEnvironmentDaemon = true

  private(set) var daemon: EnvironmentDaemon?
  var journal = InvocationJournal(isKept: false)
  /// Twelve digits.
  public internal(set) var accountID = ""

  /// Adds a line to the log of the invocation that needs the environment, before its `START`.
  public func log(_ line: String) { journal.write(line) }
}

/// What a function knows of the invocation that it works on, and how it talks to its environment.
public struct InvocationContext: Sendable {
  public let requestID: String
  public let functionName: String
  public let version: String
  /// As the caller named the function, with the qualifier.
  public let invokedFunctionARN: String
  public let memoryMegabytes: Int
  /// What the caller tells of itself: JSON, and only of synchronous requests.
  public let clientContext: [UInt8]?
  /// When the function is stopped.
  public let deadline: Timestamp
  /// The value of `_X_AMZN_TRACE_ID`. When the invocation is traced its `Parent` is the Invocation subsegment.
  public let traceHeader: String
  /// The header as the environment was given it, without the Invocation: its `Parent` is that of the function's segment.
  public internal(set) var environmentTraceHeader = ""
  /// The environment's variables, with `_X_AMZN_TRACE_ID`.
  public let environment: [String: String]
  /// Wait with this clock only, so that the function also runs in virtual time.
  public let clock: any WallClock
  /// The way to the environment's daemon. Loses everything once the daemon or the environment is gone.
  public let emitter: any SegmentEmitter

  let journal: InvocationJournal
  let daemon: EnvironmentDaemon

  /// Adds a line to the invocation's log.
  public func log(_ line: String) { journal.write(line) }

  /// Tells how much memory the function holds now.
  ///
  /// When that leaves too little for the daemon, the daemon is terminated; when it is more than the function
  /// has, the function is killed: this throws, and the error must be left to reach the runtime.
  public func useMemory(megabytes: Int) throws(RuntimeExit) {
    try daemon.functionUses(megabytes: megabytes, journal: journal)
  }

  /// Ends the function's process. Throw the result: `throw context.exit(status: 1)`.
  public func exit(status: Int) -> RuntimeExit {
    let exit = RuntimeExit(status: status)
    daemon.end(exit)
    return exit
  }
}
