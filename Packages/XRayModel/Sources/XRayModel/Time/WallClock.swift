#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A clock whose instants are moments of wall-clock time. Everything that asks for the time or
/// waits takes one, so that a whole run can happen in virtual time.
public protocol WallClock: Clock, Sendable where Instant == Timestamp {}

extension WallClock {
  public var minimumResolution: Duration { Duration(ticks: 1) }
}

/// The machine's own wall clock.
public struct SystemClock: WallClock {
  public init() {}

  public var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(ticks: Int64(time.tv_sec) * Timestamp.ticksPerSecond + Int64(time.tv_nsec) / 100)
  }

  public func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    // A step of the wall clock must not stretch a wait, so the wait itself is on the steady clock.
    let end = ContinuousClock.now.advanced(by: now.duration(to: deadline))
    // In ever longer steps: of a sleep that is cancelled, the system keeps some memory until it would have ended.
    var step = Duration.milliseconds(10)
    repeat {
      let wake = min(end, ContinuousClock.now.advanced(by: step))
      try await Task.sleep(until: wake, tolerance: tolerance, clock: .continuous)
      step = step * 2
    } while ContinuousClock.now < end
  }
}
