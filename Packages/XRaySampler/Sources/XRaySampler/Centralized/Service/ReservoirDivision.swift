import XRayModel

/// How a reservoir divides among the clients at one moment.
struct ReservoirDivision: Sendable {
  private(set) var moment = Timestamp(ticks: .min)
  private(set) var reservoir = 0
  /// The clients that have reported lately. Kept up to date by whoever takes reports.
  var activeCount = 0
  /// All quotas that have not expired. Kept up to date by whoever gives quotas.
  var reserved = 0

  /// What may be given away: the reservoir without what is borrowed.
  private var capacity = 0
  /// No client gets more than so many requests per second as long as another needs them.
  private var level = 0.0
  /// What is left over when everyone has what it needs, for each.
  private var surplus = 0.0
  /// What each would get if all came back that were here in the last minutes.
  private var evenShare = 0.0
  /// Whole requests that clients have a right to and will get with their next report.
  private var pending = 0
  /// What a client must need at least when there are fewer requests than clients.
  private var leastDemand = 0.0

  /// Who has been silent for longer than a quota lives counts no more.
  static let activeSpan = SamplingQuotas.quotaLifetime

  init() {}

  init(
    of reservoir: Int, among clients: some Sequence<RuleQuotas.Client>, history: SamplingHistory, at now: Timestamp
  ) {
    moment = now
    self.reservoir = reservoir
    let borrowed = min(history.borrowedPerSecond(at: now), Double(reservoir))
    capacity = reservoir - Int(borrowed.rounded())
    let limit = now.advanced(by: .zero - Self.activeSpan)
    var demands: [Double] = []
    var knownCount = 0
    for client in clients {
      knownCount += 1
      reserved += client.reserved(at: now)
      if client.lastReport > limit { demands.append(client.demand) }
    }
    activeCount = demands.count
    evenShare = Double(capacity) / Double(max(1, knownCount))
    demands.sort()
    fill(demands)
    for client in clients where client.lastReport > limit {
      pending += unmet(client, at: now)
    }
  }

  /// Pours the capacity over the demands, the smallest first, until it is used up or all are satisfied.
  private mutating func fill(_ demands: [Double]) {
    var left = Double(capacity)
    for (index, demand) in demands.enumerated() {
      let share = left / Double(demands.count - index)
      if demand >= share {
        level = share
        // With less than one request for each, those who hardly need one leave it to those who do. Who has one in
        // each second is good enough: others may only seem better, by a report that is older.
        if share < 1 { leastDemand = min(demands[max(0, demands.count - max(1, capacity))] / 2, 1) }
        return
      }
      left -= demand
    }
    level = .infinity
    surplus = left / Double(max(1, demands.count))
  }

  /// After silence the first to report would get everything, and the others would have to wait until it reports
  /// again. So it gets no more than twice its need, unless the others would leave it more.
  private func share(_ client: RuleQuotas.Client) -> Double {
    min(min(client.demand, level) + surplus, max(client.demand * 2, evenShare))
  }

  /// Whole requests per second, held within what can be counted.
  private func whole(_ share: Double) -> Int { Int(min(share, Double(capacity))) }

  private func unmet(_ client: RuleQuotas.Client, at now: Timestamp) -> Int {
    max(0, whole(share(client)) - client.reserved(at: now))
  }

  /// The quota of a client that has just reported: the whole requests of its share as far as they are free, and one
  /// for the rest of the share when nobody else has an older right to it.
  func quota(for client: RuleQuotas.Client, at now: Timestamp) -> Int {
    let share = share(client)
    let free = max(0, capacity - (reserved - client.reserved(at: now)))
    let sure = min(whole(share), free)
    guard share > Double(sure), client.demand >= leastDemand else { return sure }
    let othersPending = max(0, pending - unmet(client, at: now))
    return free - sure - othersPending >= 1 ? sure + 1 : sure
  }
}
