import LambdaEmitter
import Testing
import XRayModel

/// A profile with `functions` as JSON, and other members.
func profile(
  _ functions: String, traffic: String = #"{"requestsPerSecond": 200}"#, _ rest: String = #""invocations": 20000"#
) throws -> TrafficProfile {
  try TrafficProfile(parsing: Array(#"{"functions": [\#(functions)], "traffic": \#(traffic), \#(rest)}"#.utf8))
}

@Suite struct `A simulation of traffic` {
  @Test func `is the same for the same seed, and another for another`() async throws {
    var profile = try TrafficProfile(parsing: Array(TrafficProfile.example.utf8))
    profile.invocations = 20_000
    let first = try await TrafficSimulation(profile, seed: 42).run()
    #expect(first.invocations == 20_000)
    #expect(first.isAsExpected)
    #expect(try await TrafficSimulation(profile, seed: 42).run() == first)
    #expect(try await TrafficSimulation(profile, seed: 43).run() != first)
  }

  @Test func `emits the same documents for the same seed, each of them valid and counted`() async throws {
    var profile = try TrafficProfile(parsing: Array(TrafficProfile.example.utf8))
    profile.invocations = 3000
    profile.samplingRate = 0.5
    let (first, second) = (Recorder(), Recorder())
    let summary = try await TrafficSimulation(profile, seed: 7).run(emitter: first)
    #expect(try await TrafficSimulation(profile, seed: 7).run(emitter: second) == summary)
    #expect(first.documents == second.documents)
    #expect(first.documents.count == summary.documents)
    for document in first.documents { _ = try SegmentIndex(scanning: document.span) }
    #expect(Set(first.entities.compactMap(\.traceID)).count == summary.sampledTraces)
  }

  @Test(arguments: [
    (#"{"name": "quick", "duration": {"fixed": 5}}"#, "bursty"),
    (#"{"name": "flaky-{}", "count": 20, "errorRate": 0.2, "duration": {"p50": 20, "p99": 200}}"#, "constant"),
    (#"{"name": "late", "timeout": 1, "duration": {"p50": 200, "p99": 1500}}"#, "diurnal"),
    (#"{"name": "stuck", "timeout": 1, "timeoutRate": 0.05, "errorRate": 0.1, "events": {"retries": 1}}"#, "constant"),
    (#"{"name": "runs", "weight": 3}, {"name": "stopped", "reservedConcurrency": 0, "deadLetters": "d"}"#, "bursty"),
    (#"{"name": "passive", "tracing": "PassThrough", "events": {"retries": 0, "onFailure": "b"}}"#, "constant"),
    (#"{"name": "narrow", "reservedConcurrency": 3, "errorRate": 0.3}, {"name": "wide"}"#, "bursty"),
  ])
  func `comes out as arithmetic says`(functions: String, pattern: String) async throws {
    let profile = try profile(
      functions, traffic: #"{"requestsPerSecond": 200, "pattern": "\#(pattern)", "sync": 6, "async": 3, "stream": 1}"#)
    let summary = try await TrafficSimulation(profile, seed: 3).run()
    #expect(summary.invocations == 20_000)
    for check in summary.checks {
      #expect(check.holds, "\(check.name): \(check.observed), \(check.expectation)")
    }
  }

  @Test func `tries an event that always fails as often as its policy says`() async throws {
    let summary = try await TrafficSimulation(
      try profile(
        #"{"name": "broken", "errorRate": 1, "deadLetters": "dead", "events": {"retries": 2, "onFailure": "failed"}}"#,
        traffic: #"{"requestsPerSecond": 50, "async": 1}"#, #""invocations": 1000"#)
    ).run()
    #expect(summary.asynchronous == 1000)
    #expect(summary.attempts == 3000)
    #expect(summary.errors == 3000)
    #expect(summary.retries == 2000)
    #expect(summary.abandoned == 1000)
    #expect(summary.messages == ["dead": 1000, "failed": 1000])
    #expect(summary.isAsExpected)
    // The last one is tried for the third time after 60 and 120 seconds.
    #expect(summary.virtualSeconds > 190)
  }

  @Test func `tries a batch again at once, and leaves it after its last retry`() async throws {
    let summary = try await TrafficSimulation(
      try profile(
        #"{"name": "broken", "errorRate": 1}"#,
        traffic: #"{"requestsPerSecond": 50, "stream": 1, "batchRetries": 3, "batchSize": 7}"#,
        #""invocations": 200"#)
    ).run()
    #expect(summary.batches == 200)
    #expect(summary.attempts == 800)
    #expect(summary.retries == 600)
    #expect(summary.abandoned == 200)
    #expect(summary.isAsExpected)
  }

  @Test func `throttles each request of a function that is stopped, and gives its events up unseen`() async throws {
    let summary = try await TrafficSimulation(
      try profile(
        #"{"name": "stopped", "reservedConcurrency": 0, "deadLetters": "dead"}"#,
        traffic: #"{"requestsPerSecond": 50, "sync": 1, "async": 1}"#, #""invocations": 2000"#)
    ).run()
    #expect(summary.throttles == summary.synchronous)
    #expect(summary.messages["dead"] == summary.asynchronous)
    #expect(summary.attempts == 0)
    #expect(summary.coldStarts == 0)
    #expect(summary.isAsExpected)
  }

  @Test func `throttles what the account has no place for`() async throws {
    let summary = try await TrafficSimulation(
      try profile(
        #"{"name": "slow", "duration": {"fixed": 2000}}"#, traffic: #"{"requestsPerSecond": 10}"#,
        #""invocations": 500, "concurrency": 5"#)
    ).run()
    #expect(summary.peakConcurrency == 5)
    #expect(summary.throttles + summary.attempts == 500)
    #expect(summary.throttles > 200)
    #expect(summary.coldStarts == 5)
    #expect(summary.isAsExpected)
  }

  @Test func `tells a count that chance explains from one that it does not`() {
    func holds(_ observed: Int, _ expectation: SimulationCheck.Expectation) -> Bool {
      SimulationCheck(name: "retries", observed: observed, expectation: expectation).holds
    }
    #expect(holds(1049, .mean(1000, variance: 100)))
    #expect(!holds(1051, .mean(1000, variance: 100)))
    #expect(!holds(949, .mean(1000, variance: 100)))
    #expect(holds(1, .mean(0.01, variance: 0.01)))
    #expect(holds(3000, .mean(3000, variance: 0)))
    #expect(!holds(2999, .mean(3000, variance: 0)))
    #expect(holds(5, .bounds(5...9)))
    #expect(!holds(10, .bounds(5...9)))
  }

  @Test func `ends when its time is over`() async throws {
    let summary = try await TrafficSimulation(
      try profile(#"{"name": "quick"}"#, traffic: #"{"requestsPerSecond": 100}"#, #""duration": 30"#)
    ).run()
    #expect((2700...3300).contains(summary.invocations))
    #expect((29..<32).contains(summary.virtualSeconds))
    // The first of each second, and 5 percent of the others.
    #expect((100...260).contains(summary.sampledTraces))
    #expect(summary.durations.p50 == 20)
  }
}
