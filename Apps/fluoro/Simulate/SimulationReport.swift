import LambdaEmitter
import TraceReports

/// A simulation's summary for people.
struct SimulationReport {
  private let summary: SimulationSummary
  /// That the run took.
  private let seconds: Double

  init(_ summary: SimulationSummary, seconds: Double) {
    self.summary = summary
    self.seconds = seconds
  }

  var text: String {
    let rows = counts.map { "  \($0.padded(to: 22))\($1)" } + [""] + checks
    return ([title, ""] + rows).joined(separator: "\n")
  }

  private var title: String {
    "\(Quantity.count(summary.invocations)) invocations of \(Quantity.count(summary.functions)) functions, "
      + "\(Quantity.duration(summary.virtualSeconds)) in \(Quantity.duration(seconds)), seed \(summary.seed)"
  }

  private var counts: [(String, String)] {
    let durations = [
      ("p50", summary.durations.p50), ("p90", summary.durations.p90), ("p99", summary.durations.p99),
      ("longest", summary.durations.longest),
    ]
    let kinds = [
      "\(Quantity.count(summary.synchronous)) synchronous", "\(Quantity.count(summary.asynchronous)) asynchronous",
      "\(Quantity.count(summary.batches)) batches",
    ]
    let ends = [
      "\(Quantity.count(summary.successes)) succeeded", "\(Quantity.count(summary.errors)) errors",
      "\(Quantity.count(summary.timeouts)) timeouts",
    ]
    return [
      ("requests", kinds.joined(separator: ", ")),
      ("attempts", "\(Quantity.count(summary.attempts)): " + ends.joined(separator: ", ")),
      ("retries", "\(Quantity.count(summary.retries)), \(Quantity.count(summary.abandoned)) given up"),
      ("throttles", Quantity.count(summary.throttles)),
      ("cold starts", "\(Quantity.count(summary.coldStarts)), \(Quantity.count(summary.environments)) environments"),
      ("at the busiest moment", "\(Quantity.count(summary.peakConcurrency)) invocations"),
      ("durations", durations.map { "\($0) \(Quantity.duration($1 / 1000))" }.joined(separator: ", ")),
      ("traces", "\(Quantity.count(summary.sampledTraces)) sampled of \(Quantity.count(summary.samplingDecisions))"),
      ("documents", "\(Quantity.count(summary.documents)), \(Quantity.count(summary.lostDocuments)) lost"),
    ]
      + summary.messages.sorted { $0.key < $1.key }.map { ("queue \($0.printable)", Quantity.count($1)) }
  }

  /// Each count beside what arithmetic says.
  private var checks: [String] {
    summary.checks.map { check in
      let mark = check.holds ? "✓" : "✗"
      return "\(mark) \(check.name.padded(to: 30)) \(Quantity.count(check.observed)), \(expected(check))"
    }
  }

  private func expected(_ check: SimulationCheck) -> String {
    switch check.expectation {
    case .bounds(let range):
      return "expected \(Quantity.count(range.lowerBound)) to \(Quantity.count(range.upperBound))"
    case .mean(let mean, _):
      let expected = "expected \(Quantity.count(Int(mean.rounded())))"
      guard let sigmas = check.sigmas, sigmas.isFinite else { return expected + " exactly" }
      return sigmas == 0 ? expected : expected + ", \((sigmas * 100).rounded() / 100) σ"
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

  /// Control characters would play with the terminal.
  fileprivate var printable: String {
    String(map { $0.isNewline || ($0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } ?? false) ? "·" : $0 })
  }
}
