import Synchronization
public import XRayModel

/// Samples by the rules of a service that all clients share, each taking its part of a rule's reservoir.
///
/// Until the rules have come, and when none could be fetched for an hour, a fallback decides. ``run(polling:onFailure:)``
/// keeps rules and quotas up to date; without it the sampler is the fallback.
public final class CentralizedSampler: SamplingDecider {
  /// Most reports in one call, by X-Ray's limit.
  public static let reportLimit = 25
  static let rulesInterval = Duration.seconds(300)
  static let rulesLifetime = Duration.seconds(3600)
  static let targetsInterval = Duration.seconds(10)
  /// After silence the first report comes so long after the first decision, and up to once more so long, so that
  /// clients who wake up together do not all report together: until it is answered, each of them borrows.
  static let firstReportDelay = Duration.seconds(1)

  private struct State {
    var rules = ClientRules()
    /// When rules were last fetched.
    var refreshed: Timestamp?
    /// Whether somebody waits for a decision.
    var isAwaited = true
  }

  /// 24 hexadecimal digits, drawn for this sampler, by which the service knows it.
  public let clientID: String
  private let fallback: any SamplingDecider
  private let clock: any WallClock
  private let random: RandomSource
  private let state = Mutex(State())
  private let awaitedDecision = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

  /// - Parameter fallback: Decides as long as there are no rules; by default one request per second and 5 percent
  ///   of the others.
  public init(
    fallback: (any SamplingDecider)? = nil, clock: any WallClock = SystemClock(),
    random: RandomSource = RandomSource()
  ) {
    self.fallback = fallback ?? LocalSampler(clock: clock, random: random)
    self.clock = clock
    self.random = random
    clientID = Self.clientID(from: random)
  }

  static func clientID(from random: RandomSource) -> String {
    let digits = Array("0123456789abcdef")
    var id = ""
    for count in [16, 8] {
      var bits = random.next()
      for _ in 0..<count {
        id.append(digits[Int(bits & 15)])
        bits >>= 4
      }
    }
    return id
  }

  public func decide(_ request: SamplingRequest) -> SamplingDecision {
    let (decision, wasAwaited) = state.withLock { state in
      // Read under the lock, so that no caller takes from a second that another has closed.
      let now = clock.now
      let wasAwaited = state.isAwaited
      state.isAwaited = false
      guard let refreshed = state.refreshed, refreshed.duration(to: now) <= Self.rulesLifetime else {
        return (nil as SamplingDecision?, wasAwaited)
      }
      let answer = state.rules.decide(request, at: now, fraction: random.fraction)
      return (answer.map { .init(isSampled: $0.source != nil, ruleName: $0.ruleName) }, wasAwaited)
    }
    if wasAwaited { awaitedDecision.continuation.yield() }
    return decision ?? fallback.decide(request)
  }

  /// Fetches rules and reports what was sampled, from the first decision on until the task is cancelled. Call it once.
  ///
  /// Rules are fetched every five minutes, and at once when the service says that they have changed. Reports go out
  /// every ten seconds as long as there are requests. A call that fails is made again at its next time: sampling goes
  /// on as it was meanwhile. The service's calls must not be traced, or each would ask this sampler.
  ///
  /// - Parameter onFailure: Gets each error of the service, and a message for each report that it could not use.
  public func run(
    polling service: any SamplingService, onFailure: @escaping @Sendable (any Error) -> Void = { _ in }
  ) async {
    await nextDecision()
    await withDiscardingTaskGroup { group in
      group.addTask { await self.pollRules(of: service, onFailure: onFailure) }
      group.addTask { await self.pollTargets(of: service, onFailure: onFailure) }
    }
  }

  private func pollRules(of service: any SamplingService, onFailure: @Sendable (any Error) -> Void) async {
    while !Task.isCancelled {
      await refreshRules(from: service, onFailure: onFailure)
      await pause(Self.rulesInterval + .seconds(5) * random.fraction())
    }
  }

  private func pollTargets(of service: any SamplingService, onFailure: @Sendable (any Error) -> Void) async {
    while !Task.isCancelled {
      await pause(Self.firstReportDelay * (1 + random.fraction()))
      while !Task.isCancelled, await refreshTargets(from: service, onFailure: onFailure) {
        await pause(Self.targetsInterval + .milliseconds(100) * random.fraction())
      }
      await nextDecision()
    }
  }

  private func pause(_ duration: Duration) async {
    // The only error is a cancellation, which ends the loops.
    try? await clock.sleep(until: clock.now.advanced(by: duration), tolerance: nil)
  }

  /// Waits for a decision that comes after the counters were last looked at, or for cancellation.
  private func nextDecision() async {
    for await _ in awaitedDecision.stream { break }
  }

  private func refreshRules(
    from service: any SamplingService, onFailure: @Sendable (any Error) -> Void
  ) async {
    // What is modified during the call may be missing in the answer, so the rules are as old as the question.
    let asked = clock.now
    do {
      let rules = try await service.rules().map(\.rule)
      state.withLock { state in
        state.rules.update(rules)
        state.refreshed = asked
      }
    } catch {
      if !Task.isCancelled { onFailure(error) }
    }
  }

  /// Reports what is due. `false` when there was not a single request, and the next decision is awaited.
  private func refreshTargets(
    from service: any SamplingService, onFailure: @Sendable (any Error) -> Void
  ) async -> Bool {
    let (reports, isSilent) = state.withLock { state in
      state.isAwaited = !state.rules.hasRequests
      return (state.rules.reports(by: clientID, at: clock.now), state.isAwaited)
    }
    if isSilent { return false }
    var mustRefresh = false
    for start in stride(from: 0, to: reports.count, by: Self.reportLimit) {
      do {
        let targets = try await service.targets(
          statistics: Array(reports[start..<min(start + Self.reportLimit, reports.count)]))
        let refreshed = state.withLock { state in
          state.rules.apply(targets.documents)
          return state.refreshed
        }
        if let modified = targets.lastRuleModification, let refreshed, modified > refreshed { mustRefresh = true }
        for report in targets.unprocessed {
          if report.errorCode.hasPrefix("4") { mustRefresh = true }
          onFailure(UnprocessedStatisticsError(report))
        }
      } catch {
        if !Task.isCancelled { onFailure(error) }
      }
    }
    if mustRefresh { await refreshRules(from: service, onFailure: onFailure) }
    return true
  }
}

/// The service could not use a report.
public struct UnprocessedStatisticsError: Error, Hashable, CustomStringConvertible {
  public var report: UnprocessedStatistics

  public init(_ report: UnprocessedStatistics) { self.report = report }

  public var description: String {
    "statistics of sampling rule \"\(report.ruleName)\" not processed: \(report.errorCode) \(report.message)"
  }
}
