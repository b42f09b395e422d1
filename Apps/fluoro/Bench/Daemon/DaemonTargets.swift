/// What Fluoro's daemon has to reach, whether it does here, and what another daemon reaches beside it.
struct DaemonTargets {
  private enum Bound: Sendable { case atLeast(Double), atMost(Double), halfOfPeer(recorded: Double) }

  private struct Target: Sendable {
    var name: String
    var scenario: String
    var bound: Bound
    var unit: String
    var places = 2
    var measure: @Sendable ([DaemonRun]) -> Double
  }

  @Sendable private static func delivered(_ runs: [DaemonRun]) -> Double { runs.map { $0.deliveredShare * 100 }.median }
  @Sendable private static func processor(_ runs: [DaemonRun]) -> Double {
    runs.map(\.processorSecondsPerHundredThousand).median
  }
  @Sendable private static func peak(_ runs: [DaemonRun]) -> Double { runs.map(\.peakMebibytes).median }
  @Sendable private static func lost(_ runs: [DaemonRun]) -> Double {
    runs.map { Double($0.load.sent - $0.backend.unique) }.max() ?? .nan
  }
  @Sendable private static func unaccounted(_ runs: [DaemonRun]) -> Double {
    runs.map { Double(abs($0.unaccounted)) }.max() ?? .nan
  }

  private static let all = [
    Target(
      name: "delivered of a burst of 2,000 at full speed", scenario: LoadScenario.burst, bound: .atLeast(99), unit: "%",
      measure: delivered),
    Target(
      name: "delivered at 10,000 a second", scenario: LoadScenario.steady(10_000), bound: .atLeast(99.95), unit: "%",
      measure: delivered),
    Target(
      name: "delivered at 50,000 a second", scenario: LoadScenario.steady(50_000), bound: .atLeast(99.5), unit: "%",
      measure: delivered),
    // What the official daemon took on a machine of two cores.
    Target(
      name: "CPU per 100,000 at 1,000 a second", scenario: LoadScenario.steady(1000),
      bound: .halfOfPeer(recorded: 10.7), unit: "s", measure: processor),
    Target(
      name: "CPU per 100,000 at 10,000 a second", scenario: LoadScenario.steady(10_000),
      bound: .halfOfPeer(recorded: 2.9), unit: "s", measure: processor),
    Target(
      name: "CPU per 100,000 at 50,000 a second", scenario: LoadScenario.steady(50_000),
      bound: .halfOfPeer(recorded: 1.4), unit: "s", measure: processor),
    Target(
      name: "sending to arrival at 1,000 a second, p50", scenario: LoadScenario.steady(1000), bound: .atMost(5),
      unit: "ms"
    ) { $0.map(\.backend.milliseconds.p50).median },
    Target(
      name: "resident memory, idle", scenario: LoadScenario.steady(1000), bound: .atMost(10), unit: "MiB"
    ) { $0.map(\.idleMebibytes).median },
    Target(
      name: "resident memory at 10,000 a second, 16 MB allowed", scenario: LoadScenario.small, bound: .atMost(16),
      unit: "MiB", measure: peak),
    Target(
      name: "resident memory, 60 KB documents, late answers, 16 MB allowed", scenario: LoadScenario.large,
      bound: .atMost(36), unit: "MiB", measure: peak),
    Target(
      name: "lost in an outage, with a spool", scenario: LoadScenario.spooled, bound: .atMost(0), unit: "", places: 0,
      measure: lost),
    Target(
      name: "lost in an outage without being counted, 16 MB", scenario: LoadScenario.unspooled, bound: .atMost(0),
      unit: "", places: 0, measure: unaccounted),
    Target(
      name: "start to first accepted datagram", scenario: LoadScenario.start, bound: .atMost(10), unit: "ms"
    ) { $0.compactMap(\.startMilliseconds).median },
  ]

  /// - Parameter peer: The daemon that it is compared with, if there is one.
  static func table(_ results: DaemonResults, own: String, peer: String?) -> BenchTable {
    var table = BenchTable(
      "targets", "Targets",
      [
        "target": "target", "bound": "bound", "limit": "limit", "measured": "measured", "unit": "unit", "met": "met",
        "peer": "beside it", "peer_measured": "measures", "ratio": "ratio",
      ])
    for target in all {
      guard let runs = results[target.scenario, own] else { continue }
      let measured = target.measure(runs)
      let peerMeasured = peer.flatMap { results[target.scenario, $0] }.map(target.measure)
      append(target, measured, peer, peerMeasured, to: &table)
    }
    let every = results.ledgered(own)
    if !every.isEmpty {
      let target = Target(
        name: "documents in no count, the worst of all runs", scenario: "", bound: .atMost(0), unit: "", places: 0,
        measure: unaccounted)
      let beside = peer.map { results.ledgered($0) }.flatMap { $0.isEmpty ? nil : unaccounted($0) }
      append(target, unaccounted(every), peer, beside, to: &table)
    }
    return table
  }

  private static func append(
    _ target: Target, _ measured: Double, _ peer: String?, _ peerMeasured: Double?, to table: inout BenchTable
  ) {
    let (bound, limit, isMet) =
      switch target.bound {
      case .atLeast(let limit): ("at least", limit, measured >= limit)
      case .atMost(let limit): ("at most", limit, measured <= limit)
      case .halfOfPeer(let recorded):
        if let peerMeasured, peerMeasured > 0 {
          ("half of \(peer ?? ""), at most", peerMeasured / 2, measured <= peerMeasured / 2)
        } else {
          ("half of the recorded \(recorded), at most", recorded / 2, measured <= recorded / 2)
        }
      }
    let ratio = peerMeasured.map { measured / $0 }
    table.append(
      .text(target.name), .text(bound), .number(limit, places: target.places),
      measured.isFinite ? .number(measured, places: target.places) : .missing("-"), .text(target.unit),
      measured.isFinite ? .text(isMet ? "yes" : "no") : .missing("not measured"),
      peerMeasured == nil ? .missing("-") : .text(peer ?? ""),
      peerMeasured.map { .number($0, places: target.places) } ?? .missing("-"),
      ratio.map { $0.isFinite ? .number($0, places: 2) : .missing("-") } ?? .missing("-"))
  }
}

/// The runs of all daemons.
struct DaemonResults {
  private var runs: [(scenario: LoadScenario, daemon: String, runs: [DaemonRun])] = []

  mutating func add(_ run: DaemonRun, _ scenario: LoadScenario, _ daemon: String) {
    if let index = runs.firstIndex(where: { $0.scenario.name == scenario.name && $0.daemon == daemon }) {
      runs[index].runs.append(run)
    } else {
      runs.append((scenario, daemon, [run]))
    }
  }

  /// `nil` when there is none.
  subscript(scenario: String, daemon: String) -> [DaemonRun]? {
    runs.first { $0.scenario.name == scenario && $0.daemon == daemon }?.runs
  }

  var all: [(scenario: LoadScenario, daemon: String, runs: [DaemonRun])] { runs }

  /// Those before which nothing was sent in vain, so that the counts have to add up.
  func ledgered(_ daemon: String) -> [DaemonRun] {
    runs.filter { $0.daemon == daemon && !$0.scenario.measuresStart }.flatMap(\.runs)
  }
}
