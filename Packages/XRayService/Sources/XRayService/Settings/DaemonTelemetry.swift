import Synchronization
import XRayModel

/// What daemons say about themselves: the newest records, and the sums of all since the start.
///
/// It is gone with the process, as it tells how things go and not what is set.
public final class DaemonTelemetry: Sendable {
  /// Most records that are kept.
  static let limit = 1000

  private struct State {
    /// Oldest first, from ``next`` on.
    var records: [TelemetryRecord] = []
    var next = 0
    var totals = TelemetryCounts()
    var recordCount = 0
  }

  private let state = Mutex(State())

  /// Takes records in the order in which they were sent.
  func add(_ records: [TelemetryRecord]) {
    state.withLock { state in
      for record in records {
        state.totals.add(record.counts)
        state.recordCount = state.recordCount.addingSaturating(1)
        if state.records.count < Self.limit {
          state.records.append(record)
        } else {
          state.records[state.next] = record
          state.next = (state.next + 1) % Self.limit
        }
      }
    }
  }

  /// The newest records, oldest first, at most ``limit``.
  var records: [TelemetryRecord] { state.withLock { Array($0.records[$0.next...] + $0.records[..<$0.next]) } }

  /// The sums over all records since the start.
  public var totals: TelemetryCounts { state.withLock { $0.totals } }

  /// How many records came since the start.
  public var recordCount: Int { state.withLock { $0.recordCount } }
}

/// What one daemon counted in one span of time (X-Ray's `TelemetryRecord`).
struct TelemetryRecord: Hashable, Sendable {
  var timestamp: Timestamp
  var counts: TelemetryCounts
  /// Who sent it, as far as it says.
  var instance: String?
  var host: String?
  var resource: String?
}

/// What a daemon counts. All are 0 or more.
public struct TelemetryCounts: Hashable, Sendable {
  public internal(set) var segmentsReceived = 0
  public internal(set) var segmentsSent = 0
  /// Dropped since there were too many.
  public internal(set) var segmentsSpilled = 0
  public internal(set) var segmentsRejected = 0
  /// Calls to the service that failed, of whatever kind.
  public internal(set) var connectionErrors = 0

  /// Sums stop at the largest number.
  mutating func add(_ other: TelemetryCounts) {
    segmentsReceived = segmentsReceived.addingSaturating(other.segmentsReceived)
    segmentsSent = segmentsSent.addingSaturating(other.segmentsSent)
    segmentsSpilled = segmentsSpilled.addingSaturating(other.segmentsSpilled)
    segmentsRejected = segmentsRejected.addingSaturating(other.segmentsRejected)
    connectionErrors = connectionErrors.addingSaturating(other.connectionErrors)
  }
}

extension Int {
  func addingSaturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }
}
