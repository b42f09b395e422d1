import Foundation
import LambdaEmitter
import Logging
import SQLiteStore
import Synchronization
import XRayDaemon
import XRayModel
import XRaySDK

/// One run: functions, service, SDK, datagrams, daemon and store, all working together.
struct Demo: Sendable {
  /// Where the files go. The store is a folder in it, made anew for each run.
  let directory: String
  let seed: UInt64
  let isLive: Bool
  let progress: @Sendable (String) -> Void

  /// Virtual time begins on a Monday morning.
  private static let start = Timestamp(seconds: Int64(1_767_603_600))

  var storeDirectory: String { "\(directory)/store" }
  var scenarios: [Scenario] { Scenario.all.filter { $0.runsLive || !isLive } }

  /// Runs the scenarios and gives what they left behind.
  func run() async throws -> Findings {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: storeDirectory)
    let store = try SQLiteTraceStore(directory: storeDirectory)
    // The demo's own lines are its output; warnings of the parts are shown.
    var logger = Logger(label: "demo") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    var configuration = Daemon.Configuration()
    configuration.address.port = 0
    let daemon = try Daemon(configuration: configuration, sink: store, logger: logger)
    let emitter = DatagramEmitter(to: .init(host: "127.0.0.1", port: daemon.address.port))
    let findings = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await daemon.run() }
      let stage: DemoStage
      do {
        stage = try await perform(daemon, emitter, logger)
        try await daemon.flush()
      } catch {
        daemon.stop()
        throw error
      }
      daemon.stop()
      try await group.waitForAll()
      return try await Findings(
        store, stage: stage, ledger: try await ledger(stage, emitter.counts, daemon.ledger, store))
    }
    try await store.close()
    return findings
  }

  private func perform(_ daemon: Daemon, _ emitter: DatagramEmitter, _ logger: Logger) async throws -> DemoStage {
    let port = Int(daemon.address.port)
    guard isLive else {
      let random = RandomSource(seed: seed)
      let logger = logger
      return try await Simulation.run(from: Self.start) {
        // Virtual time must not outrun the datagrams that are on their way through the kernel.
        _ = daemon.drain(received: emitter.counts.sent, timeout: .seconds(5))
      } _: { clock in
        try await play(
          DemoStage(
            clock: clock, random: random, downstream: SimulatedDownstream(clock: clock, random: random),
            emitter: emitter,
            daemonPort: port, isLive: false, logger: logger))
      }
    }
    let server = try await LoopbackServer.start()
    let database = "\(directory)/orders.sqlite"
    try? FileManager.default.removeItem(atPath: database)
    let downstream = try LoopbackDownstream(port: server.port, database: database)
    let stage = try await play(
      DemoStage(
        clock: SystemClock(), random: RandomSource(), downstream: downstream, emitter: emitter, daemonPort: port,
        isLive: true, logger: logger))
    try await downstream.close()
    try await server.stop()
    return stage
  }

  private func play(_ stage: DemoStage) async throws -> DemoStage {
    try await stage.lambda.serving { _ in
      for scenario in scenarios {
        progress(scenario.title)
        try await scenario.run(stage)
        try await stage.pause()
      }
    }
    return stage
  }

  /// From those who make documents to the store.
  private func ledger(
    _ stage: DemoStage, _ sent: DatagramEmitter.Counts, _ daemon: Ledger, _ store: SQLiteTraceStore
  ) async throws -> Ledger {
    var emitted = LedgerHop(name: "emitters", received: sent.sent + sent.dropped, passedOn: sent.sent)
    if sent.dropped > 0 { emitted.dropped["socket"] = sent.dropped }
    let lost = stage.lambda.ledger.dropped
    emitted.received += lost.values.reduce(0, +)
    emitted.dropped.merge(lost, uniquingKeysWith: +)
    let statistics = try await store.statistics()
    let stored = LedgerHop(
      name: "store", received: statistics.received, passedOn: statistics.documents, rejected: statistics.rejected)
    return Ledger([emitted] + daemon.hops + [stored])
  }
}
