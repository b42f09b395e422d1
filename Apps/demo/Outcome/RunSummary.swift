import TraceReports
import Traces
import XRayModel

/// What the demo prints at its end.
struct RunSummary {
  let findings: Findings
  let scenarios: [Scenario]
  let isColored: Bool

  var text: String {
    var lines = ["", "What happened"]
    for scenario in scenarios { lines += describe(scenario) }
    lines += ["", "The loss ledger"] + ledger
    if let trace = findings.traces(of: "list-tables").first {
      lines += ["", "One of the traces", TextTimeline(trace, width: 110, isColored: isColored).text]
    }
    lines += ["", "The service map", TextServiceMap(findings.graph, width: 110, isColored: isColored).text]
    return lines.joined(separator: "\n")
  }

  private func describe(_ scenario: Scenario) -> [String] {
    let traces = scenario.functions.prefix(1).flatMap(findings.traces(of:))
    let summaries = traces.compactMap { trace in findings.summaries.first { $0.id == trace.id } }
    let outcomes = traces.map { trace in
      let segments = trace.segments
      return segments.contains(where: \.isThrottle) ? "throttled" : segments.contains(where: \.isFault) ? "fault" : "ok"
    }
    var line = "  \(scenario.title)\n"
    guard !traces.isEmpty else { return [line + "      no trace, as it should be"] }
    for (trace, outcome) in zip(traces, outcomes).prefix(3) {
      let duration = summaries.first { $0.id == trace.id }?.duration ?? trace.duration
      line += "      \(trace.id)  \(pad(Quantity.duration(duration), 9))  \(outcome)\n"
    }
    if traces.count > 3 { line += "      and \(traces.count - 3) more\n" }
    return [String(line.dropLast())]
  }

  private var ledger: [String] {
    let head =
      "  " + pad("hop", 10) + ["received", "passed on", "rejected", "dropped", "held"].map { right($0, 11) }.joined()
    return [head]
      + findings.ledger.hops.map { hop in
        "  " + pad(hop.name, 10)
          + [hop.received, hop.passedOn, hop.rejectedTotal, hop.droppedTotal, hop.held].map { right("\($0)", 11) }
          .joined()
          + (hop.isBalanced ? "" : "   does not add up")
      }
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
