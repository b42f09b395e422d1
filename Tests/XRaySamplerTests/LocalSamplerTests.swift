import Testing
import XRayModel
import XRaySampler

@Suite struct LocalSamplerTests {
  static let start = Timestamp(seconds: 1_795_252_059)

  private func sampler(_ rules: SamplingRules, seed: UInt64 = 7) -> (LocalSampler, VirtualClock) {
    let clock = VirtualClock(start: Self.start)
    return (LocalSampler(rules: rules, clock: clock, random: RandomSource(seed: seed)), clock)
  }

  private func sampled(_ sampler: LocalSampler, _ count: Int, _ request: SamplingRequest = .init()) -> Int {
    (0..<count).count { _ in sampler.decide(request).isSampled }
  }

  @Test func `takes the fixed target of each second and nothing more at rate 0`() {
    let (sampler, clock) = sampler(SamplingRules(fallback: SamplingTarget(fixedTarget: 3, rate: 0)))
    #expect(sampled(sampler, 10) == 3)
    clock.advance(by: .milliseconds(999))
    #expect(sampled(sampler, 10) == 0)
    clock.advance(by: .milliseconds(1))
    #expect(sampled(sampler, 10) == 3)
    clock.advance(by: .seconds(3600))
    #expect(sampled(sampler, 2) == 2)
    #expect(sampled(sampler, 10) == 1)
  }

  @Test func `starts a window at the second of the wall clock, not at the first request`() {
    let clock = VirtualClock(start: Self.start.advanced(by: .milliseconds(900)))
    let sampler = LocalSampler(
      rules: SamplingRules(fallback: SamplingTarget(fixedTarget: 1, rate: 0)), clock: clock,
      random: RandomSource(seed: 1))
    #expect(sampled(sampler, 2) == 1)
    clock.advance(by: .milliseconds(100))
    #expect(sampled(sampler, 2) == 1)
  }

  @Test func `samples the rate of what the reservoir leaves`() {
    let (sampler, _) = sampler(SamplingRules(fallback: SamplingTarget(fixedTarget: 100, rate: 0.05)))
    let count = sampled(sampler, 20_100)
    // 100 and 20,000 times 0.05, within five standard deviations.
    #expect((945...1255).contains(count))
  }

  @Test func `samples everything at rate 1 and nothing at 0`() {
    #expect(sampled(sampler(SamplingRules(fallback: SamplingTarget(fixedTarget: 0, rate: 1))).0, 1000) == 1000)
    #expect(sampled(sampler(SamplingRules(fallback: SamplingTarget(fixedTarget: 0, rate: 0))).0, 1000) == 0)
  }

  @Test func `gives the same decisions for the same seed`() {
    let rules = SamplingRules(fallback: SamplingTarget(fixedTarget: 0, rate: 0.5))
    let (first, _) = sampler(rules, seed: 5)
    let (second, _) = sampler(rules, seed: 5)
    let (other, _) = sampler(rules, seed: 6)
    let decisions = { (sampler: LocalSampler) in (0..<100).map { _ in sampler.decide(.init()).isSampled } }
    let reference = decisions(first)
    #expect(decisions(second) == reference)
    #expect(decisions(other) != reference)
  }

  @Test func `takes one a second by default, and one a minute as the early Lambda guide says`() {
    func takenBySecond(_ rules: SamplingRules) -> [Int] {
      var rules = rules
      rules.fallback.rate = 0
      let clock = VirtualClock(start: Timestamp(seconds: 1_795_252_080))
      let sampler = LocalSampler(rules: rules, clock: clock, random: RandomSource(seed: 1))
      return (0..<120).map { _ in
        defer { clock.advance(by: .seconds(1)) }
        return sampled(sampler, 3)
      }
    }
    #expect(SamplingRules.default.fallback.rate == 0.05 && SamplingRules.lambdaPerMinute.fallback.rate == 0.05)
    #expect(takenBySecond(.default) == Array(repeating: 1, count: 120))
    let perMinute = takenBySecond(.lambdaPerMinute)
    #expect(perMinute.reduce(0, +) == 2)
    #expect(perMinute[0] == 1 && perMinute[60] == 1)
  }

  @Test func `gives each rule a reservoir of its own, and uses the first rule that matches`() {
    let rules = SamplingRules(
      rules: [
        SamplingRule(path: "/a", target: SamplingTarget(fixedTarget: 2, rate: 0)),
        SamplingRule(path: "/a*", target: SamplingTarget(fixedTarget: 1, rate: 0)),
      ], fallback: SamplingTarget(fixedTarget: 4, rate: 0))
    let (sampler, _) = sampler(rules)
    #expect(sampled(sampler, 10, SamplingRequest(path: "/a")) == 2)
    #expect(sampled(sampler, 10, SamplingRequest(path: "/ab")) == 1)
    #expect(sampled(sampler, 10, SamplingRequest(path: "/b")) == 4)
  }

  @Test(arguments: [
    (SamplingRequest(host: "shop.example", method: "post", path: "/checkout"), true),
    (SamplingRequest(host: "shop.example", method: "GET", path: "/checkout"), false),
    (SamplingRequest(host: "other.example", method: "POST", path: "/checkout"), false),
    (SamplingRequest(host: "shop.example", method: "POST", path: "/"), false),
    (SamplingRequest(method: "POST", path: "/checkout"), true),
    (SamplingRequest(path: "/checkout"), true), (SamplingRequest(), true),
    (SamplingRequest(host: "", method: "POST", path: "/checkout"), false),
  ]) func `counts an absent property as a match`(request: SamplingRequest, expected: Bool) {
    let rule = SamplingRule(
      host: "shop.*", method: "POST", path: "/checkout", target: SamplingTarget(fixedTarget: 1, rate: 0))
    #expect(rule.matches(request) == expected)
  }

  @Test func `never takes more than the fixed target when many tasks ask at once`() async {
    let (sampler, _) = sampler(SamplingRules(fallback: SamplingTarget(fixedTarget: 500, rate: 0)))
    let total = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<1000).count { _ in sampler.decide(SamplingRequest()).isSampled } }
      }
      return await group.reduce(0, +)
    }
    #expect(total == 500)
  }

  @Test func `explains which rule decides, and of each other one why it does not`() {
    let rules = SamplingRules(
      rules: [
        SamplingRule(
          description: "checkout", method: "POST", path: "/checkout", target: SamplingTarget(fixedTarget: 10, rate: 1)),
        SamplingRule(path: "/c*", target: SamplingTarget(fixedTarget: 2, rate: 0.5)),
        SamplingRule(path: "*", target: SamplingTarget(fixedTarget: 0, rate: 0)),
      ], fallback: SamplingTarget(fixedTarget: 1, rate: 0.05, windowSeconds: 60))
    let explanation = rules.explain(SamplingRequest(method: "GET", path: "/cart"))
    #expect(explanation.matched?.index == 1)
    #expect(
      explanation.description == """
        rule 0 (checkout) does not match: method "GET" is not "POST", path "/cart" is not "/checkout"
        rule 1 decides: 2 per second, then rate 0.5
        rule 2 is not reached
        default is not reached
        """)
    let other = SamplingRules(rules: [rules.rules[0]], fallback: rules.fallback)
      .explain(SamplingRequest(path: "/"))
    #expect(other.matched?.index == nil && other.matched?.verdict == .matched)
    #expect(other.description.hasSuffix("default decides: 1 per 60 seconds, then rate 0.05"))
  }

  @Test func `agrees with its explanation on random requests`() {
    let random = RandomSource(seed: 3)
    let words = ["a", "b", "*", "?", "a*", "*b", "ab"]
    func word() -> String { words[Int(random.next() % UInt64(words.count))] }
    for _ in 0..<2000 {
      let rules = SamplingRules(
        rules: (0..<3).map { _ in
          SamplingRule(
            host: WildcardPattern(word()), path: WildcardPattern(word()), target: .init(fixedTarget: 0, rate: 0))
        }, fallback: .init(fixedTarget: 0, rate: 0))
      let request = SamplingRequest(host: random.next() % 4 == 0 ? nil : word(), path: word())
      #expect(rules.explain(request).matched?.index == rules.rules.firstIndex { $0.matches(request) })
      #expect(rules.explain(request).lines.count { $0.verdict == .matched } == 1)
    }
  }

  @Test func `fixed samplers always give their answer`() {
    #expect(FixedSampler.always.decide(.init()) == SamplingDecision(isSampled: true))
    #expect(FixedSampler.never.decide(.init()) == SamplingDecision(isSampled: false))
  }
}
