import LambdaEmitter
import Traces
import XRayModel

/// What must hold at the end of every run, whatever its seed. Each answer names what is broken.
struct Invariants {
  let findings: Findings
  let scenarios: [Scenario]

  /// Empty when all of them hold.
  var broken: [String] {
    scenarios.flatMap(\.expectations).flatMap(check) + sampledInvocations + links + ledger + deadLetters
  }

  private func check(_ expected: Expectation) -> [String] {
    let traces = findings.traces(of: expected.function)
    let services = traces.flatMap { $0.segments(.service, of: expected.function) }
    let functions = traces.flatMap { $0.segments(.function, of: expected.function) }
    let found = [
      ("traces", traces.count, expected.traces),
      ("attempts", functions.count, expected.attempts),
      ("failed attempts", functions.count(where: \.isFault), expected.faults),
      ("throttles", services.count(where: \.isThrottle), expected.throttles),
      (
        "cold starts", functions.count { $0.subsegments.contains { $0.name == "Initialization" } },
        expected.coldStarts
      ),
    ]
    return found.compactMap { what, count, wanted in
      count == wanted ? nil : "\(expected.function) has \(count) \(what), not \(wanted)"
    }
  }

  /// Every invocation that its own log calls sampled has its function's segment in its trace, and no other has.
  private var sampledInvocations: [String] {
    let segments = Dictionary(
      grouping: findings.traces.flatMap(\.segments).filter { $0.origin == "AWS::Lambda::Function" }
    ) {
      $0.id.description
    }
    var broken: [String] = []
    var sampled = 0
    for log in findings.logs {
      guard let report = log.lines.last, report.contains("Sampled: true") else { continue }
      sampled += 1
      let words = report.split { $0 == "\t" || $0 == " " }
      guard let index = words.firstIndex(of: "SegmentId:"), index + 1 < words.count,
        segments[String(words[index + 1])] != nil
      else {
        broken.append("a sampled invocation of \(log.functionName) has no segment: \(report)")
        continue
      }
    }
    if sampled != segments.count {
      broken.append("\(segments.count) function segments for \(sampled) sampled invocations")
    }
    return broken
  }

  /// Every parent that an entity names is in its trace.
  private var links: [String] {
    findings.traces.flatMap { trace -> [String] in
      var ids: Set<EntityID> = []
      for segment in trace.segments { segment.forEach { ids.insert($0.id) } }
      return trace.segments.compactMap { segment in
        guard let parent = segment.parentID, !ids.contains(parent) else { return nil }
        return "trace \(trace.id): \(segment.name ?? "?") names a parent \(parent) that is not there"
      }
    }
  }

  /// Nothing was refused, nothing lost but what a scenario says, and every hop took in what the one before passed on.
  private var ledger: [String] {
    let lost = scenarios.flatMap(\.expectations).reduce(0) { $0 + $1.lost }
    let dropped = findings.ledger.hops.first?.dropped["environment ended"] ?? 0
    return (dropped == lost ? [] : ["\(dropped) documents were lost with their environments, not \(lost)"])
      + findings.ledger.gaps.map { "the ledger does not add up at \($0.key): \($0.value) documents" }.sorted()
      + findings.ledger.hops.flatMap { hop in
        (hop.dropped.filter { $0.key != "environment ended" }.map { "\(hop.name) dropped \($0.value): \($0.key)" }
          + hop.rejected.map { "\(hop.name) rejected \($0.value): \($0.key)" }).sorted()
          + (hop.held > 0 ? ["\(hop.name) still holds \(hop.held)"] : [])
      }
  }

  private var deadLetters: [String] {
    let wanted = scenarios.contains { $0.functions == ["doomed"] } ? 1 : 0
    return findings.deadLetters == wanted ? [] : ["\(findings.deadLetters) dead letters, not \(wanted)"]
  }
}
