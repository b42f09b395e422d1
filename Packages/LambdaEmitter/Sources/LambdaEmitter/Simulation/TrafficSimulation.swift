import Synchronization
public import XRayModel
import XRaySampler

/// Runs the traffic of a profile through a ``LambdaService`` in virtual time, on one thread.
///
/// Traffic, functions and the service draw their chances from one seed: the same seed gives the same summary and the
/// same documents.
public struct TrafficSimulation: Sendable {
  public let profile: TrafficProfile
  public let seed: UInt64

  public init(_ profile: TrafficProfile, seed: UInt64 = 1) {
    self.profile = profile
    self.seed = seed
  }

  private static let role = "arn:aws:iam::123456789012:role/simulated"
  /// The moment at which simulations begin: midnight, so that a day's traffic is one day.
  private static let start = Timestamp(seconds: Int64(1_767_225_600))

  /// Runs the simulation to the end of its last event.
  ///
  /// - Parameters:
  ///   - emitter: Gets the documents; without one they are counted only.
  ///   - progress: Called with the number of requests that have begun, now and then.
  /// - Throws: ``TrafficProfileError`` when the service refuses a function.
  public func run(
    emitter: (any SegmentEmitter)? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> SimulationSummary {
    try await Simulation.run(from: Self.start) { clock in
      // Traffic has a source of its own, so that what functions do does not change which requests come.
      let random = RandomSource(seed: seed)
      let traffic = RandomSource(seed: random.next())
      let rules = SamplingRules(
        fallback: SamplingTarget(fixedTarget: profile.reservoir, rate: profile.samplingRate))
      let sampler = SamplingTally(
        LocalSampler(rules: rules, clock: clock, random: random), reservoir: profile.reservoir, clock: clock)
      let service = LambdaService(
        clock: clock, random: random, sampler: sampler, emitter: emitter ?? NowhereEmitter(),
        concurrency: profile.concurrency, keepsLogs: false)
      let stage = try SimulationStage(profile, in: service, role: Self.role)
      try await service.serving { _ in
        await stage.drive(TrafficArrivals(profile, from: Self.start, random: traffic), progress)
      }
      return summary(of: stage, sampling: sampler.counts, seconds: Self.start.duration(to: clock.now).inSeconds)
    }
  }

  private func summary(
    of stage: SimulationStage, sampling: SamplingTally.Counts, seconds: Double
  ) -> SimulationSummary {
    let functions = stage.counted
    let histogram = stage.durations.histogram
    var summary = SimulationSummary()
    summary.seed = seed
    summary.virtualSeconds = seconds
    summary.functions = functions.count
    for function in functions { summary.add(function) }
    summary.peakConcurrency = stage.service.peakConcurrency
    summary.messages = stage.service.messageCounts
    summary.samplingDecisions = sampling.decisions
    summary.sampledTraces = sampling.sampled
    summary.documents = stage.service.ledger.passedOn
    summary.lostDocuments = stage.service.ledger.droppedTotal
    summary.durations = .init(
      p50: histogram.milliseconds(at: 0.5), p90: histogram.milliseconds(at: 0.9),
      p99: histogram.milliseconds(at: 0.99), longest: Double(histogram.longest) / 10_000)
    summary.checks =
      SimulationArithmetic(
        functions: functions, batchRetries: profile.traffic.batchRetries, virtualSeconds: seconds,
        sampling: sampling, samplingRate: profile.samplingRate
      ).checks
    return summary
  }
}

extension SimulationSummary {
  fileprivate mutating func add(_ function: SimulationArithmetic.Function) {
    synchronous += function.counts.synchronous
    asynchronous += function.counts.asynchronous
    batches += function.counts.batches
    attempts += function.counts.attempts
    errors += function.counts.errors
    timeouts += function.counts.timeouts
    coldStarts += function.counts.coldStarts
    environments += function.counts.environments
    retries += function.account.retries
    throttles += function.account.throttles
    abandoned += function.account.abandoned
  }
}

/// Documents that nobody wants; the service counts them.
private struct NowhereEmitter: SegmentEmitter {
  func emit(_ document: [UInt8]) {}
}
