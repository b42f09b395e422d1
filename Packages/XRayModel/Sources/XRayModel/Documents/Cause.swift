/// What made an entity fail.
public enum Cause: Hashable, Sendable {
  /// The id of an exception that another entity of the trace holds: the same one, passed upwards.
  case reference(String)
  case exceptions(CauseDetail)
}

/// Exceptions with where they happened.
public struct CauseDetail: Hashable, Sendable {
  public var workingDirectory: String?
  public var paths: [String] = []
  public var message: String?
  public var exceptions: [CapturedException] = []
  public var other = JSONObject()

  public init(workingDirectory: String? = nil, exceptions: [CapturedException] = []) {
    self.workingDirectory = workingDirectory
    self.exceptions = exceptions
  }
}

/// One exception of a cause.
public struct CapturedException: Hashable, Sendable {
  /// 16 hexadecimal digits from SDKs that keep the rule; other text is kept as it is.
  public var id: String?
  public var message: String?
  public var type: String?
  /// Whether a downstream service reported it.
  public var isRemote: Bool?
  /// Frames left out of ``stack``.
  public var truncated: Int?
  /// Exceptions left out between this one and the one that it caused.
  public var skipped: Int?
  /// The id of the exception that caused this one.
  public var cause: String?
  public var stack: [StackFrame] = []
  public var other = JSONObject()

  public init(id: EntityID?, message: String?, type: String?, stack: [StackFrame] = []) {
    self.id = id?.description
    self.message = message
    self.type = type
    self.stack = stack
  }
}

public struct StackFrame: Hashable, Sendable {
  public var path: String?
  public var line: Int?
  public var label: String?

  public init(path: String?, line: Int?, label: String?) {
    self.path = path
    self.line = line
    self.label = label
  }
}
