import XRayModel

/// The runtime of a simulated function: passes time, and answers or fails as its profile says.
///
/// How long an invocation takes and how it ends is drawn when it begins. So an attempt need not race it against its
/// deadline; it takes ``initialize(until:on:)`` and ``invoke(until:on:)``, without tasks and contexts.
final class SimulatedRuntime: FunctionRuntime {
  private let tally: FunctionTally
  private let group: TrafficProfile.FunctionGroup
  private let random: RandomSource

  init(tally: FunctionTally, group: TrafficProfile.FunctionGroup, random: RandomSource) {
    self.tally = tally
    self.group = group
    self.random = random
  }

  private struct Plan {
    var duration: Duration
    var isError: Bool

    func response() throws(FunctionError) -> [UInt8] {
      if isError { throw FunctionError(type: "SimulatedError", message: "an error of the profile's error rate") }
      return [UInt8(ascii: "{"), UInt8(ascii: "}")]
    }
  }

  /// Initialization ends before Lambda would end it.
  private static let longestInitialization = Duration.seconds(9)

  private func plan() -> Plan {
    let fate = random.fraction()
    let duration = group.duration.draw(random)
    // What never returns is still there when its time is up.
    let isStuck = fate >= group.errorRate && fate < group.errorRate + group.timeoutRate
    return Plan(duration: isStuck ? .seconds(86_400) : duration, isError: fate < group.errorRate)
  }

  private func initializationTime() -> Duration { min(group.initialization.draw(random), Self.longestInitialization) }

  func initialize(until deadline: Timestamp, on clock: any WallClock) async -> Raced<Void> {
    tally.change { $0.coldStarts += 1 }
    let end = clock.now.advanced(by: initializationTime())
    try? await clock.sleep(until: min(end, deadline), tolerance: nil)
    return end < deadline ? .finished(()) : .late
  }

  func invoke(until deadline: Timestamp, on clock: any WallClock) async -> Raced<[UInt8]> {
    let start = clock.now
    let plan = plan()
    let end = start.advanced(by: plan.duration)
    do { try await clock.sleep(until: min(end, deadline), tolerance: nil) } catch { return .failed(error) }
    tally.note(start.duration(to: min(end, deadline)), isError: plan.isError, isLate: end >= deadline)
    guard end < deadline else { return .late }
    do throws(FunctionError) { return .finished(try plan.response()) } catch { return .failed(error) }
  }

  func initialize(_ context: InitializationContext) async throws {
    tally.change { $0.coldStarts += 1 }
    try await context.clock.sleep(for: initializationTime())
  }

  func invoke(_ event: InvocationEvent, _ context: InvocationContext) async throws -> [UInt8] {
    let start = context.clock.now
    let plan = plan()
    do { try await context.clock.sleep(for: plan.duration) } catch {
      tally.note(start.duration(to: context.clock.now), isError: false, isLate: true)
      throw error
    }
    tally.note(plan.duration, isError: plan.isError, isLate: false)
    return try plan.response()
  }
}
