import Synchronization
import XRayModel

/// The log of one invocation attempt, as its function's log group would hold it.
public struct InvocationLog: Hashable, Sendable {
  public var requestID: String
  public var functionName: String
  public var version: String
  public var logGroup: String
  public var logStream: String
  /// `START`, what the function wrote, `END` and `REPORT`, in their order.
  public var lines: [String]
}

/// Gathers the lines of one attempt. What comes after 64 KB is counted and left out.
final class InvocationJournal: Sendable {
  private struct State {
    var lines: [String] = []
    var bytes = 0
    var leftOut = 0
  }

  static let bytesLimit = 65_536
  private let state = Mutex(State())
  /// Whether anybody reads it; otherwise nothing is gathered.
  let isKept: Bool

  init(isKept: Bool) { self.isKept = isKept }

  func write(_ line: String) {
    guard isKept else { return }
    state.withLock { state in
      state.bytes += line.utf8.count + 1
      if state.bytes <= Self.bytesLimit { state.lines.append(line) } else { state.leftOut += 1 }
    }
  }

  /// Adds the service's own lines, which always have room, and returns all.
  func close(_ lines: [String]) -> [String] {
    state.withLock { state in
      let note = state.leftOut == 0 ? [] : ["(\(state.leftOut) lines left out)"]
      state.lines += note + lines
      return state.lines
    }
  }
}

/// What the line `REPORT` tells.
struct InvocationReport {
  var requestID: String
  var duration: Duration
  var memoryMegabytes: Int
  var usedMegabytes: Int
  var initialization: Duration?
  /// The trace and the function's segment, when the attempt was traced.
  var trace: (id: TraceID, segment: EntityID)?

  var billedMilliseconds: Int { Int((duration.inSeconds * 1000).rounded(.up)) }

  var line: String {
    let milliseconds = duration.inSeconds * 1000
    var parts = [
      "REPORT RequestId: \(requestID)", "Duration: \(milliseconds.hundredths) ms",
      "Billed Duration: \(billedMilliseconds) ms", "Memory Size: \(memoryMegabytes) MB",
      "Max Memory Used: \(usedMegabytes) MB",
    ]
    if let initialization { parts.append("Init Duration: \((initialization.inSeconds * 1000).hundredths) ms") }
    if let trace { parts += ["XRAY TraceId: \(trace.id)", "SegmentId: \(trace.segment)", "Sampled: true"] }
    return parts.joined(separator: "\t")
  }
}

extension Double {
  /// With two decimals.
  fileprivate var hundredths: String {
    let hundredths = Int((self * 100).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
