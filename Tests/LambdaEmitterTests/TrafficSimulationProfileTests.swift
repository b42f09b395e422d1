import LambdaEmitter
import Testing

@Suite struct `A traffic profile` {
  @Test func `reads the example`() throws {
    let profile = try TrafficProfile(parsing: Array(TrafficProfile.example.utf8))
    let names = profile.functions.flatMap(\.names)
    #expect(names.count == 200)
    #expect(Set(names).count == 200)
    #expect(names.first == "api-1")
    #expect(names.last == "stopped")
    #expect(profile.invocations == 1_000_000)
    #expect(profile.functions[0].duration == .lognormal(p50: 12, p99: 180))
    #expect(profile.functions[3].reservedConcurrency == 0)
  }

  @Test func `numbers the functions of a group without a place for the number at their end`() throws {
    #expect(
      try profile(#"{"name": "a", "count": 2}, {"name": "{}-b", "count": 2}"#).functions.flatMap(\.names)
        == ["a-1", "a-2", "1-b", "2-b"])
  }

  @Test(arguments: [
    (#"{"count": 2}"#, "functions[0].name"),
    (#"{"name": 5}"#, "functions[0].name"),
    (#""orders""#, "functions[0]"),
    (#"{"name": "a"}, {"name": "a"}"#, "functions[1].name"),
    (#"{"name": "a", "count": 0}"#, "functions[0].count"),
    (#"{"name": "a", "count": 99999999999999999999}"#, "functions[0].count"),
    (#"{"name": "a", "memory": 64}"#, "functions[0].memory"),
    (#"{"name": "a", "timeout": 0.5}"#, "functions[0].timeout"),
    (#"{"name": "a", "tracing": "active"}"#, "functions[0].tracing"),
    (#"{"name": "a", "duration": 20}"#, "functions[0].duration"),
    (#"{"name": "a", "duration": {"p50": 20}}"#, "functions[0].duration"),
    (#"{"name": "a", "duration": {"p50": 20, "p99": 10}}"#, "functions[0].duration.p99"),
    (#"{"name": "a", "duration": {"fixed": 1e300}}"#, "functions[0].duration.fixed"),
    (#"{"name": "a", "errorRate": 1.5}"#, "functions[0].errorRate"),
    (#"{"name": "a", "errorRate": 0.6, "timeoutRate": 0.6}"#, "functions[0].timeoutRate"),
    (#"{"name": "a", "events": {"retries": 3}}"#, "functions[0].events.retries"),
    (#"{"name": "a", "errorrate": 0.1}"#, "functions[0].errorrate"),
    (#"{"name": "a", "weight": 0}"#, "functions"),
    (#"{"name": "a", "count": 9000}, {"name": "b", "count": 9000}"#, "functions"),
  ])
  func `names the member of a function that is wrong`(functions: String, member: String) {
    let error = #expect(throws: TrafficProfileError.self) { try profile(functions) }
    #expect(error?.member == member)
    #expect(error?.description.hasPrefix(member) == true)
  }

  @Test(arguments: [
    ("", ""), ("[]", ""), ("{}", "functions"), (#"{"functions": []}"#, "functions"),
    (#"{"functions": [{"name": "a"}]}"#, "invocations"),
    (#"{"functions": [{"name": "a"}], "invocations": 0}"#, "invocations"),
    (#"{"functions": [{"name": "a"}], "duration": -1}"#, "duration"),
    (#"{"functions": [{"name": "a"}], "invocations": 1, "traffic": {"sync": 0}}"#, "traffic.sync"),
    (#"{"functions": [{"name": "a"}], "invocations": 1, "traffic": {"pattern": "wild"}}"#, "traffic.pattern"),
    (
      #"{"functions": [{"name": "a"}], "invocations": 1, "traffic": {"batchSize": 0}}"#, "traffic.batchSize"
    ),
    (#"{"functions": [{"name": "a"}], "invocations": 1, "sampling": {"rate": 2}}"#, "sampling.rate"),
    (#"{"functions": [{"name": "a"}], "invocations": 1, "sampling": {"reservoir": -1}}"#, "sampling.reservoir"),
    (#"{"functions": [{"name": "a"}], "invocations": 1, "concurrency": 0}"#, "concurrency"),
    (#"{"functions": [{"name": "a"}], "invocation": 1}"#, "invocation"),
  ])
  func `names its own member that is wrong`(text: String, member: String) {
    let error = #expect(throws: TrafficProfileError.self) { try TrafficProfile(parsing: Array(text.utf8)) }
    #expect(error?.member == member)
  }

  @Test func `says which function the service refuses`() async throws {
    let name = try profile(#"{"name": "a"}, {"name": "not a name"}"#)
    let error = await #expect(throws: TrafficProfileError.self) { try await TrafficSimulation(name).run() }
    #expect(error?.member == "functions[1]")
    let reserved = try profile(
      #"{"name": "a", "reservedConcurrency": 600}, {"name": "b", "reservedConcurrency": 600}"#)
    let other = await #expect(throws: TrafficProfileError.self) { try await TrafficSimulation(reserved).run() }
    #expect(other?.member == "functions[1]")
  }
}
