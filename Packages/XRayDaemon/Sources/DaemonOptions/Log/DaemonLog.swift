public import Logging
import Synchronization
public import XRayModel

/// The daemon's log. Loggers made from it share its level and its file, both of which a reload may change.
public final class DaemonLog: Sendable {
  /// Beyond this a log file becomes the old one, of which there is one, `<path>.1`.
  public static let rotationBytes = 50 << 20

  private struct State: ~Copyable {
    var level: Logger.Level
    var path: String?
    var maximumBytes: Int?
    var file: LogFile
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> Timestamp
  private let zoneOffset: @Sendable (Timestamp) -> Int

  /// - Parameters:
  ///   - path: `nil` is the standard output.
  ///   - rotationBytes: Size of a full log file, in bytes; `nil` lets it grow.
  public init(
    level: Logger.Level = .info, path: String? = nil, rotationBytes: Int? = DaemonLog.rotationBytes,
    now: @escaping @Sendable () -> Timestamp = { SystemClock().now },
    zoneOffset: @escaping @Sendable (Timestamp) -> Int = LogLine.localZoneOffset
  ) {
    state = Mutex(
      State(
        level: level, path: path, maximumBytes: rotationBytes,
        file: LogFile(path: path, maximumBytes: rotationBytes)))
    self.now = now
    self.zoneOffset = zoneOffset
  }

  /// The log that `options` ask for.
  public convenience init(_ options: DaemonOptions) {
    self.init(
      level: options.logLevel, path: options.logPath, rotationBytes: options.rotatesLog ? Self.rotationBytes : nil)
  }

  /// Lines below this are not written, unless a logger was given a level of its own.
  public var level: Logger.Level { state.withLock { $0.level } }

  /// Whether the file could be opened, else lines go to the standard error; the standard output always can.
  public var isOpen: Bool { state.withLock { $0.file.isOpen } }

  /// Takes over level, path and rotation of `options`, and opens the file anew, which somebody may have moved away.
  ///
  /// `false` when the new file cannot be opened; then the old one goes on.
  @discardableResult
  public func reload(_ options: DaemonOptions) -> Bool {
    let maximumBytes = options.rotatesLog ? Self.rotationBytes : nil
    return state.withLock { state in
      state.level = options.logLevel
      if state.path == options.logPath, state.maximumBytes == maximumBytes {
        state.file.reopen()
        return true
      }
      let file = LogFile(path: options.logPath, maximumBytes: maximumBytes)
      guard file.isOpen else { return false }
      state.path = options.logPath
      state.maximumBytes = maximumBytes
      state.file = file
      return true
    }
  }

  /// Writes a line whatever its level.
  public func write(_ level: Logger.Level, _ message: String, metadata: Logger.Metadata = [:]) {
    let line = line(level, message, metadata: metadata)
    state.withLock { $0.file.append("\(line)\n") }
  }

  /// The line that ``write(_:_:metadata:)`` would write now.
  public func line(_ level: Logger.Level, _ message: String, metadata: Logger.Metadata = [:]) -> LogLine {
    let time = now()
    return LogLine(time: time, zoneOffset: zoneOffset(time), level: level, message: message, metadata: metadata)
  }

  /// A logger that writes here. The label is not written.
  public func logger(label: String = "xray-daemon") -> Logger {
    Logger(label: label) { _ in DaemonLogHandler(log: self) }
  }
}
