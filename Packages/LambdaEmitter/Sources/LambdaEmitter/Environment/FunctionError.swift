public import XRayModel

/// An error that a function reports: what its caller gets, and the cause that X-Ray shows.
public struct FunctionError: Error, Hashable, Sendable {
  public var type: String
  public var message: String
  public var stack: [StackFrame]
  /// The cause as the runtime describes it; `nil` makes one of type, message and stack.
  public var cause: CauseDetail?
  /// What the caller gets, where the runtime worded that itself: JSON. `nil` makes it of type, message and stack.
  public var body: [UInt8]?

  public init(
    type: String, message: String, stack: [StackFrame] = [], cause: CauseDetail? = nil, body: [UInt8]? = nil
  ) {
    self.body = body
    self.type = type
    self.message = message
    self.stack = stack
    self.cause = cause
  }

  /// Any other error, by its Swift type and its description.
  init(_ error: any Error) {
    switch error {
    case let error as FunctionError: self = error
    case let exit as RuntimeExit:
      self.init(type: exit.type, message: exit.message)
    default: self.init(type: "\(Swift.type(of: error))", message: "\(error)")
    }
  }

  /// The body of the response: `errorMessage`, `errorType` and the stack as text.
  var payload: [UInt8] {
    if let body { return body }
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("errorMessage", message)
      writer.member("errorType", type)
      writer.key("stackTrace")
      writer.array { writer in
        for frame in stack {
          let place = frame.path.map { path in " (\(path)\(frame.line.map { ":\($0)" } ?? ""))" } ?? ""
          writer.string((frame.label ?? "unknown") + place)
        }
      }
    }
    return writer.bytes
  }

  /// The cause for a document, within its limits; `exceptionID` names the exception where the runtime did not.
  func cause(exceptionID: EntityID) -> CauseDetail {
    (cause
      ?? CauseDetail(
        workingDirectory: "/var/task",
        exceptions: [CapturedException(id: exceptionID, message: message, type: type, stack: stack)])).fitted
  }
}

/// The function's process is gone: it exited, or was killed.
public struct RuntimeExit: Error, Hashable, Sendable {
  /// Such as `exit status 1` or `signal: killed`.
  public var reason: String
  /// What callers get as the error's type.
  public var type = "Runtime.ExitError"

  public init(status: Int) { reason = "exit status \(status)" }
  init(reason: String) { self.reason = reason }

  /// An extension failed, and with it the environment: `type` is such as `Extension.Crash`.
  public init(extensionError type: String, reason: String) {
    self.type = type
    self.reason = reason
  }

  /// As the log and the caller's answer have it.
  var message: String { type.hasPrefix("Extension.") ? reason : "Runtime exited with error: \(reason)" }

  static let outOfMemory = RuntimeExit(reason: "signal: killed")
}

/// The service could not run the function, through no fault of the function's own: its process could not be started.
public struct RuntimeFailure: Error, Hashable, Sendable {
  public var message: String
  public init(_ message: String) { self.message = message }
}

extension CauseDetail {
  /// Lambda: a cause has at most 64 KB. Less here, so that the segment around it has room in its own 64 KB.
  static let bytesLimit = 48 * 1024
  /// Lambda: what remains of the texts of a cause that is too long even without its exceptions, halved for two.
  private static let textBytesLimit = 15_360

  /// This cause with as many of its exceptions and paths as fit: four fifths, three, two, one, or none of them.
  var fitted: CauseDetail {
    if renderedSize <= Self.bytesLimit { return self }
    for fifths in [4, 3, 2, 1] {
      var shorter = self
      shorter.exceptions = Array(exceptions.prefix(exceptions.count * fifths / 5))
      shorter.paths = Array(paths.prefix(paths.count * fifths / 5))
      if shorter.renderedSize <= Self.bytesLimit { return shorter }
    }
    var text = CauseDetail(workingDirectory: workingDirectory.map(Self.cut))
    text.message = (message ?? exceptions.first?.message).map(Self.cut)
    return text
  }

  private var renderedSize: Int {
    var entity = Entity(.segment, id: .notSampled, name: nil, start: Timestamp(ticks: 0))
    entity.cause = .exceptions(self)
    return entity.document.count
  }

  private static func cut(_ text: String) -> String {
    // An escaped byte takes up to six in JSON.
    var budget = textBytesLimit
    var end = text.startIndex
    while end < text.endIndex {
      budget -= text[end].utf8.reduce(0) { $0 + ($1 < 0x20 ? 6 : $1 == 0x22 || $1 == 0x5C ? 2 : 1) }
      if budget < 0 { return text[..<end] + "..." }
      end = text.index(after: end)
    }
    return text
  }
}
