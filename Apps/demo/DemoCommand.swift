import ArgumentParser
import Foundation
import TraceReports
import XRayModel

@main
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Runs sample Lambda functions through a whole X-Ray on this machine and reports what it saw.",
    discussion: """
      Functions are called through an API, from a web server, by events, streams and other functions; some fail, time
      out or are throttled. Their segments go as datagrams to a daemon and from there into a store; the report is made
      from what the store answers. By default all of it happens in virtual time: minutes take milliseconds, and the
      same seed gives the same files, byte for byte.

      EXAMPLES
        swift run demo                     the default run; open demo-output/report.html afterwards
        swift run demo --seed 7 --out /tmp/seven
        swift run demo --live              on the system's clock, with a real web server and a real database
      """)

  @Option(help: "Another run of the simulation: ids, durations, order.")
  var seed: UInt64 = 1

  @Option(name: .customLong("out"), help: ArgumentHelp("Where to write the files.", valueName: "directory"))
  var directory = "demo-output"

  @Flag(help: "Run on the system's clock, with real calls to a server and a database on this machine.")
  var live = false

  func run() async throws {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let clock = ContinuousClock()
    let began = clock.now
    let demo = Demo(directory: directory, seed: seed, isLive: live) { print("  \($0)") }
    print(live ? "Running live" : "Running in virtual time, seed \(seed)")
    let findings = try await demo.run()

    let exports = Exports(findings: findings, scenarios: demo.scenarios, facts: facts(demo, findings))
    try exports.write(to: directory)
    print(RunSummary(findings: findings, scenarios: demo.scenarios, isColored: isTerminal).text)
    print("\nFiles in \(directory)")
    for file in exports.files {
      print("  \(file.name.padding(toLength: 18, withPad: " ", startingAt: 0))\(file.purpose)")
    }
    print("  store/            the traces themselves: `swift run fluoro traces --data \(demo.storeDirectory)`")

    let broken = Invariants(findings: findings, scenarios: demo.scenarios).broken
    let seconds = began.duration(to: clock.now).inSeconds
    guard broken.isEmpty else {
      FileHandle.standardError.write(Data(("\nBroken invariants:\n" + broken.map { "  \($0)\n" }.joined()).utf8))
      throw ExitCode(1)
    }
    print("\n\(findings.traces.count) traces, every invariant held, \(Quantity.duration(seconds)).")
  }

  /// What the report says of the run. Nothing here may differ between two runs with one seed.
  private func facts(_ demo: Demo, _ findings: Findings) -> [HTMLReport.Fact] {
    let bytes = (0..<findings.documents.count).reduce(0) { $0 + findings.documents.range(of: $1).count }
    return [
      HTMLReport.Fact("Run", live ? "live, on the system's clock" : "virtual time, seed \(seed)"),
      HTMLReport.Fact("Scenarios", "\(demo.scenarios.count)"),
      HTMLReport.Fact("Invocations", "\(findings.logs.count)"),
      HTMLReport.Fact("Traces", "\(findings.traces.count)"),
      HTMLReport.Fact("Documents", "\(findings.documents.count), \(Quantity.count(bytes)) bytes"),
    ]
  }
}
