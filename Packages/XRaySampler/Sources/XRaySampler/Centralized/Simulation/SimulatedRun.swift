import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The state of a ``SamplingSimulation`` that is being played.
struct SimulatedRun {
  private struct Client {
    var id: String
    var rules: ClientRules
    /// `nil` while it waits for a request.
    var nextReport: Timestamp?
    /// When another takes its place.
    var end: Timestamp
  }

  private let simulation: SamplingSimulation
  private let random: RandomSource
  private let rule: CentralizedRule
  private var quotas = SamplingQuotas()
  private var clients: [Client] = []

  private static let start = Timestamp(seconds: 1_795_252_060)

  init(_ simulation: SamplingSimulation) {
    self.simulation = simulation
    random = RandomSource(seed: simulation.seed)
    // Without a rate, so that everything sampled comes from the reservoir.
    rule = CentralizedRule(name: "simulated", priority: 1, fixedRate: 0, reservoirSize: simulation.reservoirSize)
    clients = (0..<max(0, simulation.clientCount)).map { _ in client(at: Self.start) }
  }

  private func client(at now: Timestamp) -> Client {
    var rules = ClientRules()
    rules.update([rule])
    // Periodic clients have begun to count their ten seconds at any moment.
    let isPeriodic = simulation.client == .periodic
    return Client(
      id: CentralizedSampler.clientID(from: random), rules: rules,
      nextReport: isPeriodic ? now.advanced(by: CentralizedSampler.targetsInterval * random.fraction()) : nil,
      end: simulation.load == .churning
        ? now.advanced(by: .seconds(exponential(mean: SamplingSimulation.meanLifetime)))
        : .upperBound)
  }

  mutating func play(second number: Int64) -> SamplingSimulation.Second {
    let now = Self.start.advanced(by: .seconds(number))
    let end = now.advanced(by: .seconds(1))
    var second = SamplingSimulation.Second()
    var reporting: [(moment: Timestamp, index: Int, requests: Int)] = []
    let rate = rate(in: number)
    for index in clients.indices {
      if clients[index].end <= now { clients[index] = client(at: now) }
      var requests = poisson(rate)
      if let report = clients[index].nextReport, report < end {
        // Those of the second's requests that come before the report, the others after it.
        let share = now.duration(to: report).inSeconds
        let before = (0..<requests).count { _ in random.fraction() < share }
        serve(before, at: index, now, &second)
        requests -= before
        reporting.append((report, index, requests))
      } else {
        serve(requests, at: index, now, &second)
      }
    }
    for (moment, index, requests) in reporting.sorted(by: { ($0.moment, $0.index) < ($1.moment, $1.index) }) {
      report(at: index, moment)
      serve(requests, at: index, moment, &second)
    }
    second.reserved = quotas.reserved(rule.name, at: end)
    return second
  }

  /// Requests per second at each client. Even the weakest second of a burst has more than the reservoir, unless
  /// there is silence.
  private func rate(in second: Int64) -> Double {
    let base = max(6, 3 * Double(simulation.reservoirSize) / Double(max(1, simulation.clientCount)))
    guard simulation.load == .bursty else { return base }
    return switch second % 80 {
    case ..<40: base * 3
    case ..<60: base / 2
    default: 0
    }
  }

  private mutating func serve(
    _ count: Int, at index: Int, _ now: Timestamp, _ second: inout SamplingSimulation.Second
  ) {
    guard count > 0 else { return }
    second.offered += count
    for _ in 0..<count {
      guard let answer = clients[index].rules.decide(SamplingRequest(), at: now, fraction: { 1 }) else { continue }
      switch answer.source {
      case .quota: second.taken += 1
      case .borrowed: second.borrowed += 1
      case .rate, nil: break
      }
    }
    if clients[index].nextReport == nil {
      clients[index].nextReport = now.advanced(by: CentralizedSampler.firstReportDelay * (1 + random.fraction()))
    }
  }

  private mutating func report(at index: Int, _ now: Timestamp) {
    let isSilent = !clients[index].rules.hasRequests
    let statistics = clients[index].rules.reports(by: clients[index].id, at: now)
    if !statistics.isEmpty {
      let targets = quotas.targets(for: statistics, rules: [rule], lastModification: Self.start, at: now)
      clients[index].rules.apply(targets.documents)
    }
    let isWaiting = isSilent && simulation.client == .prompt
    let pause = CentralizedSampler.targetsInterval + .milliseconds(100) * random.fraction()
    clients[index].nextReport = isWaiting ? nil : now.advanced(by: pause)
  }

  private func exponential(mean: Double) -> Double { -mean * log1p(-random.fraction()) }

  /// The first count whose probability, with those of all smaller ones, exceeds a uniform number. Means stay well
  /// below those at which e to the power of minus the mean underflows.
  private func poisson(_ mean: Double) -> Int {
    guard mean > 0 else { return 0 }
    let mean = min(mean, 600)
    let fraction = random.fraction()
    var probability = exp(-mean)
    var sum = probability
    var count = 0
    while sum < fraction, probability > 0 {
      count += 1
      probability *= mean / Double(count)
      sum += probability
    }
    return count
  }
}
