import TraceReports

/// Measures daemons beside each other: scenario after scenario, each run with one after the other.
struct DaemonBench {
  let folder: String
  /// Fluoro's first.
  let daemons: [TestedDaemon]
  let say: (String) -> Void
  private var results = DaemonResults()
  private var missing: [(scenario: String, daemon: String, why: String)] = []

  init(folder: String, daemons: [TestedDaemon], say: @escaping (String) -> Void) {
    self.folder = folder
    self.daemons = daemons
    self.say = say
  }

  mutating func measure(_ scenario: LoadScenario) {
    for run in 1...scenario.runs {
      for daemon in daemons where !scenario.spools || daemon.hasSpool {
        let place = "\(folder)/run"
        defer { TemporaryFolder.remove(place) }
        let what = "\(scenario.name), \(daemon.name)\(scenario.runs > 1 ? ", \(run) of \(scenario.runs)" : "")"
        do {
          let figures = try DaemonRun(scenario, daemon, folder: place)
          results.add(figures, scenario, daemon.name)
          say("\(what): \(Self.summary(figures))")
        } catch {
          let why = (error as? Failure)?.message ?? "\(error)"
          say("\(what): \(why)")
          missing.append((scenario.name, daemon.name, why))
        }
      }
    }
  }

  private static func summary(_ run: DaemonRun) -> String {
    if let start = run.startMilliseconds { return "\((start * 10).rounded() / 10) ms" }
    let delivered = "\(Quantity.count(run.backend.unique)) of \(Quantity.count(run.load.sent)) delivered"
    return "\(delivered), \((run.processorSeconds * 100).rounded() / 100) s of CPU"
  }

  /// Whether anything of Fluoro's own daemon was measured.
  var isEmpty: Bool { results.all.allSatisfy { $0.daemon != daemons[0].name } }
  /// Runs that came to nothing.
  var failures: Int { missing.count }

  var tables: [BenchTable] {
    let peer = daemons.count > 1 ? daemons[1].name : nil
    var tables = [
      DaemonTargets.table(results, own: daemons[0].name, peer: peer), runs, memory, ledger, beside,
    ].filter { !$0.rows.isEmpty }
    if !missing.isEmpty {
      var table = BenchTable("failed", "Runs that failed", ["scenario": "scenario", "daemon": "daemon", "why": "why"])
      for (scenario, daemon, why) in missing { table.append(.text(scenario), .text(daemon), .text(why)) }
      tables.append(table)
    }
    return tables
  }

  // MARK: Tables

  private var runs: BenchTable {
    var table = BenchTable(
      "runs", "Documents, medians of the runs",
      [
        "scenario": "scenario", "daemon": "daemon", "runs": "runs", "sent": "sent", "delivered_percent": "delivered %",
        "lost_most": "lost, at most", "duplicates": "twice", "cpu_s_per_100k": "CPU s/100k", "p50_ms": "p50 ms",
        "p90_ms": "p90 ms", "p99_ms": "p99 ms", "max_ms": "max ms",
      ])
    for (scenario, daemon, runs) in results.all where !scenario.measuresStart {
      table.append(
        .text(scenario.name), .text(daemon), .count(runs.count), Self.count(runs) { $0.load.sent },
        .number(runs.map { $0.deliveredShare * 100 }.median, places: 2),
        .count(runs.map { $0.load.sent - $0.backend.unique }.max() ?? 0), Self.count(runs) { $0.backend.duplicates },
        .number(runs.map(\.processorSecondsPerHundredThousand).median, places: 2),
        .number(runs.map(\.backend.milliseconds.p50).median, places: 2),
        .number(runs.map(\.backend.milliseconds.p90).median, places: 2),
        .number(runs.map(\.backend.milliseconds.p99).median, places: 2),
        .number(runs.map(\.backend.milliseconds.largest).median, places: 1))
    }
    return table
  }

  private var memory: BenchTable {
    var table = BenchTable(
      "process", "The process, medians of the runs",
      [
        "scenario": "scenario", "daemon": "daemon", "idle_mebibytes": "idle MiB", "peak_mebibytes": "peak MiB",
        "start_ms": "start ms", "start_ms_most": "at most", "end_ms": "end ms", "exit": "exit",
      ])
    for (scenario, daemon, runs) in results.all {
      let starts = runs.compactMap(\.startMilliseconds)
      let killed = runs.contains { $0.ending.status == nil }
      table.append(
        .text(scenario.name), .text(daemon), .number(runs.map(\.idleMebibytes).median, places: 1),
        .number(runs.map(\.peakMebibytes).median, places: 1), .number(starts.median, places: 1),
        .number(starts.max() ?? .nan, places: 1), .number(runs.map { $0.ending.seconds * 1e3 }.median, places: 0),
        .text(killed ? "killed" : "\(runs.compactMap(\.ending.status).max() ?? 0)"))
    }
    return table
  }

  private var ledger: BenchTable {
    var table = BenchTable(
      "ledger", "What became of every document, sums of the runs",
      [
        "scenario": "scenario", "daemon": "daemon", "sent": "sent", "delivered": "delivered",
        "kernel_says": "the kernel says", "kernel": "dropped by the kernel", "dropped": "by the daemon",
        "rejected": "rejected", "held": "held",
        "unaccounted": "in no count", "reasons": "counted as",
      ])
    for (scenario, daemon, runs) in results.all where !scenario.measuresStart {
      var sum = runs[0].ledger
      for run in runs.dropFirst() { sum.add(run.ledger) }
      table.append(
        .text(scenario.name), .text(daemon), .count(runs.reduce(0) { $0 + $1.load.sent }),
        .count(runs.reduce(0) { $0 + $1.deliveredBeforeStop }), .count(runs.reduce(0) { $0 + $1.kernelDrops }),
        .count(sum.kernel),
        .count(sum.droppedTotal - sum.kernel),
        .count(sum.rejected), .count(sum.held), .number(Double(runs.reduce(0) { $0 + $1.unaccounted }), places: 0),
        .text(sum.reasons))
    }
    return table
  }

  /// Whether the generator and the backend kept up, since the daemon is not to be blamed for them.
  private var beside: BenchTable {
    var table = BenchTable(
      "beside", "Beside the daemon, medians of the runs",
      [
        "scenario": "scenario", "daemon": "daemon", "per_second": "sent/s", "errors": "errors", "late_ms": "late ms",
        "generator_cpu_s": "generator CPU s", "backend_cpu_s": "backend CPU s", "requests": "requests",
        "documents_per_request": "docs/request", "largest_request": "largest", "refused": "refused",
      ])
    for (scenario, daemon, runs) in results.all {
      table.append(
        .text(scenario.name), .text(daemon),
        .number(runs.map { Double($0.load.sent) / $0.load.seconds }.median, places: 0),
        Self.count(runs) { $0.load.errors }, .number(runs.map { $0.load.latestSeconds * 1e3 }.median, places: 1),
        .number(runs.map(\.load.processorSeconds).median, places: 2),
        .number(runs.map(\.backend.processorSeconds).median, places: 2), Self.count(runs) { $0.backend.requests },
        .number(runs.map { Double($0.backend.documents) / Double(max(1, $0.backend.requests)) }.median, places: 1),
        Self.count(runs) { $0.backend.largestBatch }, Self.count(runs) { $0.backend.refused })
    }
    return table
  }

  private static func count(_ runs: [DaemonRun], _ value: (DaemonRun) -> Int) -> BenchTable.Cell {
    .count(Int(runs.map { Double(value($0)) }.median))
  }
}
