import Synchronization
public import XRayModel

/// Samples by local rules: of the requests that a rule matches, the first few of each second, and a share
/// of the others.
public final class LocalSampler: SamplingDecider {
  public let rules: SamplingRules
  private let clock: any WallClock
  private let random: RandomSource
  /// One for each rule, and the fallback's behind them.
  private let reservoirs: Mutex<[Reservoir]>

  public init(rules: SamplingRules = .default, clock: any WallClock = SystemClock(), random: RandomSource) {
    self.rules = rules
    self.clock = clock
    self.random = random
    reservoirs = Mutex(Array(repeating: Reservoir(), count: rules.rules.count + 1))
  }

  public func decide(_ request: SamplingRequest) -> SamplingDecision {
    let match = rules.rules.firstIndex { $0.matches(request) }
    let target = match.map { rules.rules[$0].target } ?? rules.fallback
    let isTaken = reservoirs.withLock { reservoirs in
      // Read under the lock, so that no caller takes from a window that another has closed.
      reservoirs[match ?? rules.rules.count].take(from: target, at: clock.now)
    }
    return SamplingDecision(isSampled: isTaken || random.fraction() < target.rate)
  }
}

/// Counts the requests taken in one window of wall-clock time.
private struct Reservoir {
  private var window: Int64 = .min
  private var taken = 0

  /// Takes one request while the window that holds `moment` has room.
  mutating func take(from target: SamplingTarget, at moment: Timestamp) -> Bool {
    guard target.fixedTarget > 0 else { return false }
    let current = moment.wholeSeconds / Int64(max(1, target.windowSeconds))
    if current != window {
      window = current
      taken = 0
    }
    guard taken < target.fixedTarget else { return false }
    taken += 1
    return true
  }
}
