import Synchronization
import XRayModel

/// What one simulated function counts.
struct FunctionCounts {
  var synchronous = 0
  var asynchronous = 0
  var batches = 0
  var environments = 0
  var coldStarts = 0
  var attempts = 0
  var errors = 0
  var timeouts = 0

  var requests: Int { synchronous + asynchronous + batches }
}

/// Counts for one simulated function, shared by its environments.
final class FunctionTally: Sendable {
  private let state = Mutex(FunctionCounts())
  /// Of all functions together.
  private let durations: DurationLog

  init(durations: DurationLog) { self.durations = durations }

  var counts: FunctionCounts { state.withLock { $0 } }

  func change(_ change: (inout FunctionCounts) -> Void) { state.withLock { change(&$0) } }

  /// Counts an attempt that took `duration`.
  func note(_ duration: Duration, isError: Bool, isLate: Bool) {
    state.withLock { counts in
      counts.attempts += 1
      if isLate { counts.timeouts += 1 } else if isError { counts.errors += 1 }
    }
    durations.add(duration)
  }
}

/// How long the attempts of a simulation took.
final class DurationLog: Sendable {
  private let state = Mutex(DurationHistogram())

  var histogram: DurationHistogram { state.withLock { $0 } }
  func add(_ duration: Duration) { state.withLock { $0.add(duration.ticks) } }
}

/// Counts durations in steps of less than 1.6 percent.
struct DurationHistogram {
  private static let bits = 6
  private var counts = [Int](repeating: 0, count: (64 - bits + 1) << bits)
  private(set) var count = 0
  private(set) var longest: Int64 = 0

  mutating func add(_ ticks: Int64) {
    counts[Self.index(max(0, ticks))] += 1
    count += 1
    longest = max(longest, ticks)
  }

  /// The milliseconds that `share` of the durations do not exceed; 0 when there are none.
  func milliseconds(at share: Double) -> Double {
    let rank = Int((Double(count) * share).rounded(.up))
    var seen = 0
    for (index, count) in counts.enumerated() where count > 0 {
      seen += count
      if seen >= rank { return Double(min(Self.upperBound(index), longest)) / 10_000 }
    }
    return 0
  }

  /// Values below 2^bits have their own places; of others the leading bits tell.
  private static func index(_ ticks: Int64) -> Int {
    let shift = max(0, 63 - ticks.leadingZeroBitCount - bits)
    return shift << bits + Int(ticks >> Int64(shift))
  }

  private static func upperBound(_ index: Int) -> Int64 {
    let shift = max(0, index >> bits - 1)
    return Int64(index - shift << bits) << Int64(shift) + (Int64(1) << Int64(shift) - 1)
  }
}
