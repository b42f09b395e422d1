import Synchronization
import XRayModel

/// Failed calls to a sink, by how they failed.
final class FailureCounts: Sendable {
  private let counts = Mutex(SinkFailures())

  var value: SinkFailures { counts.withLock { $0 } }

  func add(_ error: any Error) {
    let kind = (error as? any SegmentSinkFailure)?.kind ?? .other
    counts.withLock { $0.add(kind) }
  }
}

/// How many calls to a sink failed, and how: the classes of X-Ray's telemetry records.
public struct SinkFailures: Hashable, Sendable {
  public var timeout = 0
  public var connectionRefused = 0
  public var status4XX = 0
  public var status5XX = 0
  public var unknownHost = 0
  public var other = 0

  public init() {}

  public var total: Int { timeout + connectionRefused + status4XX + status5XX + unknownHost + other }

  mutating func add(_ kind: SegmentSinkFailureKind) {
    switch kind {
    case .timeout: timeout += 1
    case .connectionRefused: connectionRefused += 1
    case .unknownHost: unknownHost += 1
    case .status(400..<500): status4XX += 1
    case .status(500..<600): status5XX += 1
    case .status, .other: other += 1
    }
  }
}
