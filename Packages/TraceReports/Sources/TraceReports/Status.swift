public import Traces
public import XRayModel

/// How a piece of work stands, as it is shown: always by colour, symbol and word together.
public enum Status: String, Hashable, Sendable, CaseIterable {
  case ok
  /// A client error, 4xx.
  case error
  /// Refused for too many requests, 429.
  case throttle
  /// A failure of the service, 5xx or an exception.
  case fault
  /// No end was reported, and nothing went wrong yet.
  case inProgress = "in-progress"

  public init(_ outcome: Outcome) {
    switch outcome {
    case .ok: self = .ok
    case .error: self = .error
    case .throttle: self = .throttle
    case .fault: self = .fault
    }
  }

  public init(_ entity: Entity) {
    let outcome = entity.outcome
    self = outcome == .ok && entity.isInProgress ? .inProgress : Status(outcome)
  }

  public var label: String {
    switch self {
    case .ok: "OK"
    case .error: "Error"
    case .throttle: "Throttle"
    case .fault: "Fault"
    case .inProgress: "In progress"
    }
  }

  /// One character that tells the statuses apart without their colours.
  public var symbol: String {
    switch self {
    case .ok: "✓"
    case .error: "▲"
    case .throttle: "◆"
    case .fault: "✕"
    case .inProgress: "…"
    }
  }
}

extension Statistics {
  /// The counts that are not zero, gravest first.
  var shares: [(status: Status, count: Int)] {
    [(.fault, fault), (.throttle, throttle), (.error, error), (.ok, ok)].filter { $0.1 > 0 }
  }

  /// Seconds; `nil` without requests.
  var averageResponseTime: Double? { total > 0 ? totalResponseTime / Double(total) : nil }

  /// The gravest status that a request had; `nil` when all were well.
  var problem: Status? { shares.first.flatMap { $0.status == .ok ? nil : $0.status } }
}

extension Entity {
  /// The name as it is shown: some SDKs leave it out.
  var shownName: String { name.flatMap { $0.isEmpty ? nil : $0 } ?? ServiceID.unnamed }
}
