import Synchronization
import XRayModel
import XRaySampler

/// Counts what a sampler decides, and how many of the requests its reservoir had room for.
final class SamplingTally: SamplingDecider {
  struct Counts {
    var decisions = 0
    var sampled = 0
    var fromReservoir = 0
    fileprivate var second: Int64 = .min
    fileprivate var inSecond = 0
  }

  private let sampler: LocalSampler
  private let reservoir: Int
  private let clock: any WallClock
  private let state = Mutex(Counts())

  init(_ sampler: LocalSampler, reservoir: Int, clock: any WallClock) {
    self.sampler = sampler
    self.reservoir = reservoir
    self.clock = clock
  }

  var counts: Counts { state.withLock { $0 } }

  func decide(_ request: SamplingRequest) -> SamplingDecision {
    let decision = sampler.decide(request)
    let second = clock.now.wholeSeconds
    state.withLock { counts in
      if counts.second != second { (counts.second, counts.inSecond) = (second, 0) }
      counts.decisions += 1
      counts.inSecond += 1
      if counts.inSecond <= reservoir { counts.fromReservoir += 1 }
      if decision.isSampled { counts.sampled += 1 }
    }
    return decision
  }
}
