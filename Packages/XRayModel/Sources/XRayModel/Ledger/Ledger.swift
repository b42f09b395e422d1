/// What one hop on a document's way counted: everything it received is passed on, rejected, dropped or still held.
public struct LedgerHop: Hashable, Sendable {
  /// The hop's name, such as `daemon` or `store`.
  public var name: String
  public var received: Int
  public var passedOn: Int
  /// Refused for what they are, by reason.
  public var rejected: [String: Int]
  /// Lost for want of room, time or a connection, by reason.
  public var dropped: [String: Int]
  /// Still queued or in flight.
  public var held: Int

  public init(
    name: String, received: Int = 0, passedOn: Int = 0, rejected: [String: Int] = [:], dropped: [String: Int] = [:],
    held: Int = 0
  ) {
    self.name = name
    self.received = received
    self.passedOn = passedOn
    self.rejected = rejected
    self.dropped = dropped
    self.held = held
  }

  public var rejectedTotal: Int { rejected.values.reduce(0, +) }
  public var droppedTotal: Int { dropped.values.reduce(0, +) }
  /// Whether the counts add up.
  public var isBalanced: Bool { received == passedOn + rejectedTotal + droppedTotal + held }
}

/// The loss ledger: the hops that documents pass, in their order.
public struct Ledger: Hashable, Sendable {
  public var hops: [LedgerHop]

  public init(_ hops: [LedgerHop]) { self.hops = hops }

  /// Documents that one hop passed on and the next never received, by the pair of names; empty when every hop
  /// balances and hands over exactly what the next one takes in.
  public var gaps: [String: Int] {
    var gaps: [String: Int] = [:]
    for hop in hops where !hop.isBalanced {
      gaps[hop.name] = hop.received - hop.passedOn - hop.rejectedTotal - hop.droppedTotal - hop.held
    }
    for (hop, next) in zip(hops, hops.dropFirst()) where hop.passedOn != next.received {
      gaps["\(hop.name) to \(next.name)"] = hop.passedOn - next.received
    }
    return gaps
  }
}
