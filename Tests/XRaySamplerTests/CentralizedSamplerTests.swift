import Synchronization
import Testing
import XRayModel

@testable import XRaySampler

/// Answers from a script and keeps what it was asked, with the time.
private final class ScriptedService: SamplingService {
  struct Failure: Error {}

  struct State {
    var rules: [CentralizedRule] = []
    var ruleCalls: [Timestamp] = []
    var targetCalls: [(moment: Timestamp, statistics: [SamplingStatistics])] = []
    var fails = false
  }

  let state: Mutex<State>
  private let clock: VirtualClock
  private let answer: @Sendable ([SamplingStatistics]) -> SamplingTargets

  init(
    _ rules: [CentralizedRule], clock: VirtualClock,
    answer: @escaping @Sendable ([SamplingStatistics]) -> SamplingTargets = { _ in SamplingTargets() }
  ) {
    state = Mutex(State(rules: rules))
    self.clock = clock
    self.answer = answer
  }

  func rules() async throws -> [SamplingRuleRecord] {
    try state.withLock { state in
      state.ruleCalls.append(clock.now)
      if state.fails { throw Failure() }
      return state.rules.map { SamplingRuleRecord(rule: $0, createdAt: clock.now, modifiedAt: clock.now) }
    }
  }

  func targets(statistics: [SamplingStatistics]) async throws -> SamplingTargets {
    try state.withLock { state in
      state.targetCalls.append((clock.now, statistics))
      if state.fails { throw Failure() }
    }
    return answer(statistics)
  }

  var ruleCallCount: Int { state.withLock { $0.ruleCalls.count } }
}

@Suite struct `The centralized sampler` {
  static let start = Timestamp(seconds: 1_795_252_060)

  private static func rule(
    _ name: String = "rule", reservoir: Int = 0, rate: Double = 0, path: WildcardPattern = .any
  ) -> CentralizedRule {
    CentralizedRule(name: name, priority: 1, fixedRate: rate, reservoirSize: reservoir, urlPath: path)
  }

  /// Runs a sampler beside `body` in virtual time, and ends it with it.
  private func withSampler(
    _ rules: [CentralizedRule], fallback: FixedSampler = .never,
    answer: @escaping @Sendable ([SamplingStatistics]) -> SamplingTargets = { _ in SamplingTargets() },
    _ body: @escaping @Sendable (CentralizedSampler, ScriptedService, VirtualClock) async throws -> Void
  ) async throws {
    try await Simulation.run(from: Self.start) { clock in
      let service = ScriptedService(rules, clock: clock, answer: answer)
      let sampler = CentralizedSampler(fallback: fallback, clock: clock, random: RandomSource(seed: 1))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await sampler.run(polling: service) }
        try await body(sampler, service, clock)
        group.cancelAll()
      }
    }
  }

  private static func pass(_ seconds: Double, _ clock: VirtualClock) async throws {
    try await clock.sleep(until: clock.now.advanced(by: .seconds(seconds)))
  }

  // MARK: One rule

  @Test func `borrows one request a second without a quota, then goes by the rate`() {
    var state = RuleState(Self.rule(reservoir: 5, rate: 0.5))
    #expect(state.decide(at: Self.start) { 0.9 } == .borrowed)
    #expect(state.decide(at: Self.start) { 0.5 } == nil)
    #expect(state.decide(at: Self.start) { 0.49 } == .rate)
    #expect(state.decide(at: Self.start.advanced(by: .seconds(1))) { 0.9 } == .borrowed)
    let report = state.report(by: "id", at: Self.start)
    #expect(
      report
        == SamplingStatistics(
          ruleName: "rule", clientID: "id", timestamp: Self.start, requestCount: 4, sampledCount: 3, borrowCount: 2))
  }

  @Test func `borrows nothing where the reservoir is empty`() {
    var state = RuleState(Self.rule(reservoir: 0))
    #expect(state.decide(at: Self.start) { 0 } == nil)
  }

  @Test func `takes its quota in each second until it expires, and borrows again`() {
    var state = RuleState(Self.rule(reservoir: 5))
    let expiry = Self.start.advanced(by: .seconds(2))
    state.apply(.init(ruleName: "rule", fixedRate: 0, reservoirQuota: 2, reservoirQuotaTTL: expiry))
    for second in 0...2 {
      let sources = (0..<3).map { _ in state.decide(at: Self.start.advanced(by: .seconds(second))) { 1 } }
      #expect(sources == [.quota, .quota, nil])
    }
    let later = (0..<2).map { _ in state.decide(at: Self.start.advanced(by: .seconds(3))) { 1 } }
    #expect(later == [.borrowed, nil])
  }

  @Test func `honours a quota of 0`() {
    var state = RuleState(Self.rule(reservoir: 5))
    state.apply(
      .init(
        ruleName: "rule", fixedRate: 0, reservoirQuota: 0, reservoirQuotaTTL: Self.start.advanced(by: .seconds(9))))
    #expect(state.decide(at: Self.start) { 1 } == nil)
  }

  @Test func `keeps quota, time to live and interval that an answer leaves out`() {
    var state = RuleState(Self.rule(reservoir: 5, rate: 1))
    let expiry = Self.start.advanced(by: .seconds(20))
    state.apply(
      .init(ruleName: "rule", fixedRate: 1, reservoirQuota: 1, reservoirQuotaTTL: expiry, interval: 20))
    state.apply(.init(ruleName: "rule", fixedRate: 0))
    #expect((0..<2).map { _ in state.decide(at: Self.start) { 0 } } == [.quota, nil])
    #expect(state.report(by: "id", at: Self.start) != nil)
    _ = state.decide(at: Self.start) { 0 }
    #expect(state.report(by: "id", at: Self.start.advanced(by: .seconds(19))) == nil)
    #expect(state.report(by: "id", at: Self.start.advanced(by: .seconds(20)))?.requestCount == 1)
  }

  @Test func `goes by a boosted rate until it expires`() {
    var state = RuleState(Self.rule())
    let boost = SamplingBoost(rate: 0.5, expiry: Self.start.advanced(by: .seconds(5)))
    state.apply(.init(ruleName: "rule", fixedRate: 0.1, boost: boost))
    #expect(state.decide(at: Self.start) { 0.4 } == .rate)
    #expect(state.decide(at: boost.expiry) { 0.4 } == nil)
    #expect(state.decide(at: boost.expiry) { 0.05 } == .rate)
  }

  @Test func `survives targets that nobody should send`() {
    var state = RuleState(Self.rule(reservoir: .max))
    state.apply(
      .init(
        ruleName: "rule", fixedRate: .infinity, reservoirQuota: .min,
        reservoirQuotaTTL: Timestamp(ticks: .max), interval: .max))
    _ = state.decide(at: Self.start) { 0 }
    #expect(state.report(by: "id", at: Self.start) != nil)
    _ = state.decide(at: Self.start) { 0 }
    #expect(state.report(by: "id", at: Self.start.advanced(by: .seconds(3600))) != nil)
  }

  // MARK: All rules

  @Test func `leaves out the rules that a request cannot be compared with`() {
    var odd = [Self.rule("version"), Self.rule("resource"), Self.rule("attributes")]
    odd[0].version = 2
    odd[1].resourceARN = "arn:*"
    odd[2].attributes = ["a": "b"]
    var rules = ClientRules()
    rules.update(odd)
    #expect(rules.decide(SamplingRequest(), at: Self.start) { 0 } == nil)
    rules.update(odd + [.defaultRule, Self.rule("cart", path: "/cart")])
    #expect(rules.decide(SamplingRequest(path: "/cart"), at: Self.start) { 0 }?.ruleName == "cart")
    #expect(rules.decide(SamplingRequest(path: "/"), at: Self.start) { 0 }?.ruleName == "Default")
  }

  @Test func `keeps quota and counters of a rule that comes again, with its new numbers`() {
    var rules = ClientRules()
    rules.update([Self.rule(reservoir: 5)])
    let expiry = Self.start.advanced(by: .seconds(20))
    rules.apply([.init(ruleName: "rule", fixedRate: 0, reservoirQuota: 1, reservoirQuotaTTL: expiry)])
    _ = rules.decide(SamplingRequest(), at: Self.start) { 0 }
    rules.update([Self.rule(reservoir: 9, rate: 1)])
    #expect(rules.decide(SamplingRequest(), at: Self.start) { 0 }?.source == .rate)
    #expect(rules.reports(by: "id", at: Self.start).map(\.requestCount) == [2])
  }

  // MARK: Polling

  @Test func `asks nothing before the first decision, and then for rules at once`() async throws {
    try await withSampler([Self.rule(rate: 1)], fallback: .never) { sampler, service, clock in
      try await Self.pass(1000, clock)
      #expect(service.ruleCallCount == 0)
      let first = sampler.decide(SamplingRequest())
      #expect(!first.isSampled && first.ruleName == nil)
      try await Self.pass(1, clock)
      #expect(service.state.withLock { $0.ruleCalls } == [Self.start.advanced(by: .seconds(1000))])
      let second = sampler.decide(SamplingRequest())
      #expect(second.isSampled && second.ruleName == "rule")
    }
  }

  @Test func `reports soon after the first request, then every ten seconds as long as there are requests`()
    async throws
  {
    try await withSampler([Self.rule(reservoir: 3)]) { sampler, service, clock in
      _ = sampler.decide(SamplingRequest())
      for _ in 0..<30 {
        try await Self.pass(1, clock)
        _ = sampler.decide(SamplingRequest())
      }
      try await Self.pass(100, clock)
      let calls = service.state.withLock { $0.targetCalls }
      let moments = calls.map { Self.start.duration(to: $0.moment).inSeconds }
      // The last one has what came after the one before.
      #expect(moments.count == 4 && (1...2).contains(moments[0]))
      for (former, latter) in zip(moments, moments.dropFirst()) { #expect((10...10.1).contains(latter - former)) }
      #expect(calls.reduce(0) { $0 + $1.statistics.reduce(0) { $0 + $1.requestCount } } == 30)
      #expect(calls.allSatisfy { $0.statistics.allSatisfy { $0.borrowCount == $0.sampledCount } })
      #expect(Set(calls.flatMap(\.statistics).map(\.clientID)) == [sampler.clientID])
      // After silence the next request is reported soon, too.
      _ = sampler.decide(SamplingRequest())
      try await Self.pass(2, clock)
      #expect(service.state.withLock { $0.targetCalls.count } == 5)
    }
  }

  @Test func `fetches rules every five minutes`() async throws {
    try await withSampler([Self.rule()]) { sampler, service, clock in
      _ = sampler.decide(SamplingRequest())
      try await Self.pass(1550, clock)
      let moments = service.state.withLock { $0.ruleCalls }.map { Self.start.duration(to: $0).inSeconds }
      #expect(moments.count == 6)
      for (former, latter) in zip(moments, moments.dropFirst()) { #expect((300...305).contains(latter - former)) }
    }
  }

  @Test func `fetches rules again when they have changed or a report is refused as wrong`() async throws {
    for targets in [
      SamplingTargets(lastRuleModification: Timestamp(seconds: 1_795_252_061)),
      SamplingTargets(unprocessed: [.init(ruleName: "rule", errorCode: "404", message: "")]),
    ] {
      try await withSampler([Self.rule()], answer: { _ in targets }) { sampler, service, clock in
        _ = sampler.decide(SamplingRequest())
        try await Self.pass(0.1, clock)
        _ = sampler.decide(SamplingRequest())
        try await Self.pass(5, clock)
        #expect(service.ruleCallCount == 2)
      }
    }
  }

  @Test func `leaves rules alone when nothing has changed or the service has failed`() async throws {
    for targets in [
      SamplingTargets(lastRuleModification: Self.start),
      SamplingTargets(unprocessed: [.init(ruleName: "rule", errorCode: "500", message: "")]),
    ] {
      try await withSampler([Self.rule()], answer: { _ in targets }) { sampler, service, clock in
        _ = sampler.decide(SamplingRequest())
        try await Self.pass(0.1, clock)
        _ = sampler.decide(SamplingRequest())
        try await Self.pass(5, clock)
        #expect(service.ruleCallCount == 1)
      }
    }
  }

  @Test func `sends at most 25 reports in one call`() async throws {
    let rules = (0..<60).map { Self.rule("rule\($0)", path: WildcardPattern("/\($0)")) }
    try await withSampler(rules) { sampler, service, clock in
      _ = sampler.decide(SamplingRequest())
      try await Self.pass(0.1, clock)
      for index in 0..<60 { _ = sampler.decide(SamplingRequest(path: "/\(index)")) }
      try await Self.pass(3, clock)
      #expect(service.state.withLock { $0.targetCalls.map(\.statistics.count) } == [25, 25, 10])
    }
  }

  @Test func `goes on after failures, and falls back when its rules are an hour old`() async throws {
    try await withSampler([Self.rule(rate: 1)], fallback: .never) { sampler, service, clock in
      _ = sampler.decide(SamplingRequest())
      try await Self.pass(5, clock)
      service.state.withLock { $0.fails = true }
      try await Self.pass(3590, clock)
      #expect(sampler.decide(SamplingRequest()).isSampled)
      try await Self.pass(10, clock)
      #expect(!sampler.decide(SamplingRequest()).isSampled)
      service.state.withLock { $0.fails = false }
      try await Self.pass(310, clock)
      #expect(sampler.decide(SamplingRequest()).isSampled)
    }
  }

  @Test func `tells failures and reports that were not used`() async throws {
    try await Simulation.run(from: Self.start) { clock in
      let service = ScriptedService([Self.rule()], clock: clock) { _ in
        SamplingTargets(unprocessed: [.init(ruleName: "rule", errorCode: "500", message: "later")])
      }
      let messages = Messages()
      let sampler = CentralizedSampler(clock: clock, random: RandomSource(seed: 1))
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await sampler.run(polling: service) { error in messages.append("\(error)") }
        }
        _ = sampler.decide(SamplingRequest())
        try? await Self.pass(0.1, clock)
        _ = sampler.decide(SamplingRequest())
        try? await Self.pass(3, clock)
        service.state.withLock { $0.fails = true }
        try? await Self.pass(306, clock)
        group.cancelAll()
      }
      #expect(
        messages.all == [
          "statistics of sampling rule \"rule\" not processed: 500 later", "Failure()",
        ])
    }
  }

  @Test func `shares a reservoir with others through a service in the same process`() async throws {
    try await Simulation.run(from: Self.start) { clock in
      let service = LocalService(rule: Self.rule(reservoir: 10), clock: clock)
      let samplers = (0..<4).map { CentralizedSampler(clock: clock, random: RandomSource(seed: $0)) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for sampler in samplers { group.addTask { await sampler.run(polling: service) } }
        var sampled = 0
        for second in 0..<90 {
          for sampler in samplers {
            for _ in 0..<20 where sampler.decide(SamplingRequest()).isSampled && second >= 30 { sampled += 1 }
          }
          try await Self.pass(1, clock)
        }
        #expect((540...660).contains(sampled))
        group.cancelAll()
      }
    }
  }
}

private final class Messages: Sendable {
  private let list = Mutex<[String]>([])
  var all: [String] { list.withLock { $0 } }
  func append(_ message: String) { list.withLock { $0.append(message) } }
}

/// ``SamplingQuotas`` without a network between.
private final class LocalService: SamplingService {
  private let rule: CentralizedRule
  private let clock: VirtualClock
  private let quotas = Mutex(SamplingQuotas())

  init(rule: CentralizedRule, clock: VirtualClock) {
    self.rule = rule
    self.clock = clock
  }

  func rules() async throws -> [SamplingRuleRecord] {
    [SamplingRuleRecord(rule: rule, createdAt: Timestamp(ticks: 0), modifiedAt: Timestamp(ticks: 0))]
  }

  func targets(statistics: [SamplingStatistics]) async throws -> SamplingTargets {
    quotas.withLock {
      $0.targets(for: statistics, rules: [rule], lastModification: Timestamp(ticks: 0), at: clock.now)
    }
  }
}
