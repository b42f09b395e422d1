public import Logging
public import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One line in the official daemon's form: `2006-01-02T15:04:05Z [Info] message key=value`.
public struct LogLine: Equatable, Sendable, CustomStringConvertible {
  public var time: Timestamp
  /// Seconds east of Greenwich in which the time is written.
  public var zoneOffset: Int
  public var level: Logger.Level
  public var message: String
  public var metadata: Logger.Metadata

  public init(
    time: Timestamp, zoneOffset: Int, level: Logger.Level, message: String, metadata: Logger.Metadata = [:]
  ) {
    self.time = time
    self.zoneOffset = zoneOffset
    self.level = level
    self.message = message
    self.metadata = metadata
  }

  /// Seconds east of Greenwich at `time` where this process runs (`TZ`, `/etc/localtime`).
  public static func localZoneOffset(at time: Timestamp) -> Int {
    var seconds = time_t(time.wholeSeconds)
    var parts = tm()
    return localtime_r(&seconds, &parts) == nil ? 0 : parts.tm_gmtoff
  }

  /// Without a line break, also when the message has some: what comes from clients cannot pretend to be a line.
  public var description: String {
    let local = time.advanced(by: .seconds(zoneOffset)).iso8601.prefix(19)
    var line = "\(local)\(zone) [\(word)] "
    Self.append(message, to: &line)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      line += " "
      Self.append(key, to: &line)
      line += "="
      let text = "\(value)"
      let isBare = !text.isEmpty && text.utf8.allSatisfy { $0 > UInt8(ascii: " ") && $0 != UInt8(ascii: "\"") }
      if !isBare { line += "\"" }
      Self.append(
        isBare ? text : text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""),
        to: &line)
      if !isBare { line += "\"" }
    }
    return line
  }

  private var zone: String {
    if zoneOffset == 0 { return "Z" }
    let minutes = abs(zoneOffset) / 60
    func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(zoneOffset < 0 ? "-" : "+")\(twoDigits(minutes / 60)):\(twoDigits(minutes % 60))"
  }

  private var word: String {
    switch level {
    case .trace: "Trace"
    case .debug: "Debug"
    case .info, .notice: "Info"
    case .warning: "Warn"
    case .error: "Error"
    case .critical: "Critical"
    }
  }

  private static func append(_ text: String, to line: inout String) {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      line += text
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        line += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: line.unicodeScalars.append(scalar)
      }
    }
  }
}
