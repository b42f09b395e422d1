import Testing
import XRayModel

@testable import XRaySampler

@Suite struct `Dividing a reservoir` {
  static let start = Timestamp(seconds: 1_795_252_060)
  private let start = Self.start

  private func rule(_ reservoir: Int, boost: SamplingRateBoost? = nil) -> CentralizedRule {
    CentralizedRule(name: "rule", priority: 1, fixedRate: 0.1, reservoirSize: reservoir, boost: boost)
  }

  private func report(
    _ client: String, _ requests: Int, borrowed: Int = 0, at moment: Timestamp
  ) -> SamplingStatistics {
    SamplingStatistics(
      ruleName: "rule", clientID: client, timestamp: moment, requestCount: requests, sampledCount: borrowed,
      borrowCount: borrowed)
  }

  /// One report, and what the client gets for it.
  private func ask(
    _ quotas: inout SamplingQuotas, _ client: String, _ requests: Int, borrowed: Int = 0, of reservoir: Int,
    at second: Double
  ) -> SamplingTargetDocument? {
    let now = start.advanced(by: .seconds(second))
    return quotas.targets(
      for: [report(client, requests, borrowed: borrowed, at: now)], rules: [rule(reservoir)], lastModification: start,
      at: now
    ).documents.first
  }

  @Test func `gives a lone client everything, at once and again`() {
    var quotas = SamplingQuotas()
    for second in [0.0, 10, 20] {
      let target = ask(&quotas, "a", 3, of: 7, at: second)
      #expect(target?.reservoirQuota == 7 && target?.fixedRate == 0.1 && target?.interval == 10)
      #expect(target?.reservoirQuotaTTL == start.advanced(by: .seconds(second + 12)))
    }
  }

  @Test func `shares equally among those who need more than there is`() {
    var quotas = SamplingQuotas()
    for round in 0..<4 {
      for client in 0..<4 { _ = ask(&quotas, "\(client)", 500, of: 20, at: Double(round * 10 + client)) }
    }
    let shares = (0..<4).map { ask(&quotas, "\($0)", 500, of: 20, at: 40 + Double($0))?.reservoirQuota }
    #expect(shares == [5, 5, 5, 5])
  }

  @Test func `gives what some do not need to those who need more`() {
    var quotas = SamplingQuotas()
    for round in 0..<4 {
      _ = ask(&quotas, "small", 20, of: 20, at: Double(round * 10))
      _ = ask(&quotas, "large", 500, of: 20, at: Double(round * 10 + 1))
    }
    #expect(ask(&quotas, "small", 20, of: 20, at: 40)?.reservoirQuota == 2)
    #expect(ask(&quotas, "large", 500, of: 20, at: 41)?.reservoirQuota == 18)
  }

  @Test func `leaves a newcomer borrowing until others have given up their part`() {
    var quotas = SamplingQuotas()
    #expect(ask(&quotas, "old", 500, of: 10, at: 0)?.reservoirQuota == 10)
    let first = ask(&quotas, "new", 500, borrowed: 1, of: 10, at: 1)
    #expect(first != nil && first?.reservoirQuota == nil && first?.reservoirQuotaTTL == nil)
    #expect(ask(&quotas, "old", 500, of: 10, at: 10)?.reservoirQuota == 5)
    #expect(ask(&quotas, "new", 500, borrowed: 10, of: 10, at: 11)?.reservoirQuota == 5)
  }

  @Test func `keeps a silent client's quota until it expires, and no longer`() {
    var quotas = SamplingQuotas()
    #expect(ask(&quotas, "gone", 500, of: 10, at: 0)?.reservoirQuota == 10)
    #expect(ask(&quotas, "here", 500, of: 10, at: 12)?.reservoirQuota == nil)
    #expect(ask(&quotas, "here", 500, of: 10, at: 12.5)?.reservoirQuota == 10)
  }

  @Test func `gives 0 for five minutes where clients outnumber the reservoir`() {
    var quotas = SamplingQuotas()
    for client in 0..<5 { _ = ask(&quotas, "\(client)", 100, of: 3, at: Double(client)) }
    let targets = (0..<5).map { ask(&quotas, "\($0)", 100, of: 3, at: 10 + Double($0)) }
    #expect(targets.map { $0?.reservoirQuota } == [1, 1, 1, 0, 0])
    #expect(targets[4]?.reservoirQuotaTTL == start.advanced(by: .seconds(314)))
  }

  @Test func `gives 0 where the reservoir is 0`() {
    var quotas = SamplingQuotas()
    #expect(ask(&quotas, "a", 100, of: 0, at: 0)?.reservoirQuota == 0)
  }

  @Test(arguments: UInt64(1)...12)
  func `never gives more than the reservoir, whatever clients report`(seed: UInt64) {
    let random = RandomSource(seed: seed)
    var quotas = SamplingQuotas()
    let reservoir = Int(random.next() % 60)
    let clientCount = 1 + random.next() % (seed % 3 == 0 ? 600 : 40)
    var now = start
    for _ in 0..<1500 {
      now = now.advanced(by: .milliseconds(Int(random.next() % 500)))
      let requests = Int(truncatingIfNeeded: random.next() >> (1 + random.next() % 62))
      let borrowed = Int(truncatingIfNeeded: random.next() >> (1 + random.next() % 62))
      // Clients come and go: of the many ids only some are in use at a time.
      let id = random.next() % clientCount + UInt64(now.wholeSeconds / 60)
      let targets = quotas.targets(
        for: [report("\(id)", requests, borrowed: borrowed, at: now)], rules: [rule(reservoir)],
        lastModification: start, at: now)
      #expect(targets.documents.count == 1)
      #expect(quotas.reserved("rule", at: now) <= reservoir)
    }
  }

  @Test func `refuses unknown rules and reports of another time, and takes the others`() {
    var quotas = SamplingQuotas()
    var reports = [-301.0, -299, 299, 301].map { report("a", 1, at: start.advanced(by: .seconds($0))) }
    reports.append(
      SamplingStatistics(ruleName: "none", clientID: "a", timestamp: start, requestCount: 1, sampledCount: 0))
    let boosts = [
      SamplingBoostStatistics(
        ruleName: "none", serviceName: "s", timestamp: start, anomalyCount: 1, totalCount: 1, sampledAnomalyCount: 0)
    ]
    let targets = quotas.targets(
      for: reports, boosts: boosts, rules: [rule(1)], lastModification: Timestamp(seconds: 5), at: start)
    #expect(targets.documents.count == 2 && targets.lastRuleModification == Timestamp(seconds: 5))
    #expect(targets.unprocessed.map(\.errorCode) == ["400", "400", "400"])
    #expect(targets.unprocessed.last == .init(ruleName: "none", errorCode: "400", message: "Unknown rule"))
    #expect(targets.unprocessedBoost.map(\.ruleName) == ["none"])
  }

  @Test func `remembers a bounded number of clients, and forgets the silent ones`() {
    var quotas = SamplingQuotas()
    for client in 0..<(SamplingQuotas.clientLimit + 10) {
      _ = ask(&quotas, "\(client)", 1, of: 5, at: 0.5)
    }
    #expect(quotas.clientCount("rule") == SamplingQuotas.clientLimit)
    #expect(ask(&quotas, "late", 1, of: 5, at: 1)?.reservoirQuota == 0)
    #expect(ask(&quotas, "later", 1, of: 5, at: 400)?.reservoirQuota == 5)
    #expect(quotas.clientCount("rule") == 1)
  }

  @Test func `forgets what belongs to rules that are no more`() {
    var quotas = SamplingQuotas()
    _ = ask(&quotas, "a", 1, of: 5, at: 0)
    _ = quotas.targets(for: [], rules: [], lastModification: start, at: start)
    #expect(quotas.clientCount("rule") == 0)
  }

  @Test func `sums up the last ten seconds that are over, for all rules`() {
    var quotas = SamplingQuotas()
    _ = ask(&quotas, "a", 30, borrowed: 4, of: 5, at: 1)
    _ = ask(&quotas, "b", 12, borrowed: 1, of: 5, at: 9)
    let rules = [rule(5), .defaultRule]
    #expect(quotas.summaries(rules: rules, at: start.advanced(by: .seconds(9))).map(\.requestCount) == [0, 0])
    let summaries = quotas.summaries(rules: rules, at: start.advanced(by: .seconds(10)))
    #expect(
      summaries == [
        .init(ruleName: "rule", timestamp: start, requestCount: 42, borrowCount: 5, sampledCount: 5),
        .init(ruleName: "Default", timestamp: start, requestCount: 0, borrowCount: 0, sampledCount: 0),
      ])
    #expect(quotas.summaries(rules: rules, at: start.advanced(by: .seconds(20))).map(\.requestCount) == [0, 0])
  }

  @Test func `raises the rate for a minute when there are anomalies, once in each cooldown`() throws {
    var quotas = SamplingQuotas()
    let rule = rule(1, boost: SamplingRateBoost(maxRate: 0.5, cooldownMinutes: 5))
    func boost(_ anomalies: Int, at second: Int) -> SamplingBoost? {
      let now = start.advanced(by: .seconds(second))
      let statistics = SamplingBoostStatistics(
        ruleName: "rule", serviceName: "shop", timestamp: now, anomalyCount: anomalies, totalCount: 100,
        sampledAnomalyCount: 0)
      return quotas.targets(
        for: [report("a", 10, at: now)], boosts: [statistics], rules: [rule], lastModification: start, at: now
      ).documents.first?.boost
    }
    #expect(boost(0, at: 0) == nil)
    let first = try #require(boost(5, at: 10))
    #expect(abs(first.rate - 0.3) < 1e-9 && first.expiry == start.advanced(by: .seconds(70)))
    #expect(boost(90, at: 20) == SamplingBoost(rate: 0.5, expiry: first.expiry))
    #expect(boost(1, at: 30)?.rate == 0.5)
    #expect(boost(90, at: 70) == nil)
    #expect(boost(90, at: 309) == nil)
    #expect(boost(10, at: 310)?.rate == 0.5)
  }

  @Test func `raises no rate without a boost in the rule`() {
    var quotas = SamplingQuotas()
    let statistics = SamplingBoostStatistics(
      ruleName: "rule", serviceName: "s", timestamp: start, anomalyCount: 1, totalCount: 1, sampledAnomalyCount: 0)
    let targets = quotas.targets(
      for: [report("a", 1, at: start)], boosts: [statistics], rules: [rule(1)], lastModification: start, at: start)
    #expect(targets.documents.first?.boost == nil && targets.unprocessedBoost.isEmpty)
  }
}
