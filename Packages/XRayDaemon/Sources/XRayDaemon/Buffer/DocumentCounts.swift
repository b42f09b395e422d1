import XRayModel

/// What happened to the datagrams that were received, and to their documents.
struct DocumentCounts: Sendable {
  /// Datagrams, documents that came another way, and those that were restored from a spool.
  var received = 0
  /// Datagrams without a usable header, by reason.
  var rejected: [String: Int] = [:]
  /// Documents lost, by reason.
  var dropped: [String: Int] = [:]
  /// Documents that the sink stored.
  var stored = 0
  /// Documents that the sink refused, by X-Ray's error code.
  var refused: [String: Int] = [:]
  /// Documents queued, in flight or spooled.
  var held = 0
  /// Those of them that are in the spool.
  var spooled = 0
  /// Documents that an earlier process left in the spool.
  var restored = 0

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
    held -= count - settlement.spooled
    spooled += settlement.spooled
    add(count, settlement)
  }

  /// Counts what became of `count` documents that lay in the spool.
  mutating func settleSpooled(_ count: Int, _ settlement: Settlement) {
    held -= count
    spooled -= count
    add(count, settlement)
  }

  mutating func restore(_ count: Int) {
    received += count
    held += count
    spooled += count
    restored += count
  }

  private mutating func add(_ count: Int, _ settlement: Settlement) {
    stored += settlement.stored
    refused.merge(settlement.refused, uniquingKeysWith: +)
    dropped.merge(settlement.dropped, uniquingKeysWith: +)
    if settlement.count < count { dropped[DropReason.unanswered, default: 0] += count - settlement.count }
  }
}

/// What became of the documents of a batch.
struct Settlement: Sendable {
  var stored = 0
  var refused: [String: Int] = [:]
  var dropped: [String: Int] = [:]
  var spooled = 0

  var count: Int { stored + spooled + refused.values.reduce(0, +) + dropped.values.reduce(0, +) }

  /// What the sink answered, one outcome a document; more than there are documents count for nothing.
  static func answered(_ outcomes: some Sequence<SegmentOutcome>) -> Settlement {
    var settlement = Settlement()
    for outcome in outcomes { settlement.add(outcome) }
    return settlement
  }

  static func dropped(_ count: Int, reason: String) -> Settlement { Settlement(dropped: [reason: count]) }

  mutating func add(_ outcome: SegmentOutcome) {
    switch outcome {
    case .stored: stored += 1
    case .unprocessed(let rejection): refused[rejection.code.rawValue, default: 0] += 1
    case .deferred(let code, _): refused[code, default: 0] += 1
    }
  }

  mutating func drop(_ count: Int, reason: String) { dropped[reason, default: 0] += count }
}

/// The reasons for which the daemon drops documents, as the ledger names them.
enum DropReason {
  static let bufferFull = "buffer full"
  static let stopped = "daemon stopped"
  static let unanswered = "no answer from the sink"
  static let spoolDamaged = "spool damaged"
  static func failed(_ error: any Error) -> String { "sink failed: \(type(of: error))" }
}
