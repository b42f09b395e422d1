import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension EarlyExit {
  /// Prints what is to be said where it belongs; a failure also to the log file named by flag.
  public func report() {
    switch kind {
    case .answer: _ = LogFile.put("\(text)\n", to: STDOUT_FILENO)
    case .usage: _ = LogFile.put("\(text)\n", to: STDERR_FILENO)
    case .failure(let logPath):
      let now = SystemClock().now
      let line = LogLine(time: now, zoneOffset: LogLine.localZoneOffset(at: now), level: .error, message: text)
      _ = LogFile.put("\(line)\n", to: STDERR_FILENO)
      guard let logPath else { return }
      var file = LogFile(path: logPath, maximumBytes: nil)
      file.append("\(line)\n")
    }
  }
}
