import XRayModel

/// What happened to the datagrams that were received, and to their documents.
struct DocumentCounts: Sendable {
  var received = 0
  /// Datagrams without a usable header, by reason.
  var rejected: [String: Int] = [:]
  /// Documents lost, by reason.
  var dropped: [String: Int] = [:]
  /// Documents that the sink stored.
  var stored = 0
  /// Documents that the sink refused, by X-Ray's error code.
  var refused: [String: Int] = [:]
  /// Documents queued or in flight.
  var held = 0

  /// The hops of the daemon itself and of the sink behind it.
  var hops: [LedgerHop] {
    let answered = stored + refused.values.reduce(0, +)
    return [
      LedgerHop(
        name: "daemon", received: received, passedOn: answered, rejected: rejected, dropped: dropped, held: held),
      LedgerHop(name: "sink", received: answered, passedOn: stored, rejected: refused),
    ]
  }

  /// Counts what became of a batch of `count` documents.
  mutating func settle(_ count: Int, _ settlement: Settlement) {
    held -= count
    switch settlement {
    case .dropped(let reason): dropped[reason, default: 0] += count
    case .answered(let outcomes):
      for outcome in outcomes.prefix(count) {
        switch outcome {
        case .stored: stored += 1
        case .unprocessed(let rejection): refused[rejection.code.rawValue, default: 0] += 1
        }
      }
      if outcomes.count < count { dropped[DropReason.unanswered, default: 0] += count - outcomes.count }
    }
  }
}

/// What became of a batch that was taken from the buffer.
enum Settlement: Sendable {
  case answered([SegmentOutcome])
  case dropped(reason: String)
}

/// The reasons for which the daemon drops documents, as the ledger names them.
enum DropReason {
  static let bufferFull = "buffer full"
  static let stopped = "daemon stopped"
  static let unanswered = "no answer from the sink"
  static func failed(_ error: any Error) -> String { "sink failed: \(type(of: error))" }
}
