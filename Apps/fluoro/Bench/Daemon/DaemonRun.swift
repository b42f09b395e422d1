import Glibc
import XRayModel

/// One daemon, one backend and one generator for the time of a scenario.
struct DaemonRun {
  let load: LoadGenerator.Report
  let backend: BackendReport
  /// Before the daemon was asked to end.
  let deliveredBeforeStop: Int
  let ledger: DaemonLedger
  /// Datagrams that the kernel had no room for, as it tells itself.
  let kernelDrops: Int
  let processorSeconds: Double
  let idleMebibytes: Double
  let peakMebibytes: Double
  /// Until the first datagram that arrived was sent; `nil` unless the scenario measures it.
  let startMilliseconds: Double?
  let ending: MeasuredProcess.Ending

  var deliveredShare: Double { Double(backend.unique) / Double(max(1, load.sent)) }
  /// Documents that neither arrived nor were counted by anybody; below 0, some were counted as lost that arrived.
  var unaccounted: Int { load.sent - deliveredBeforeStop - ledger.accounted }
  var processorSecondsPerHundredThousand: Double { processorSeconds / Double(max(1, load.sent)) * 100_000 }

  /// - Parameter folder: For this run alone.
  init(_ scenario: LoadScenario, _ daemon: TestedDaemon, folder: String) throws {
    let setting = try TestedDaemon.Setting(
      datagramPort: Loopback.freePort(), streamPort: Loopback.freePort(), backendPort: Loopback.freePort(),
      folder: folder, memoryMegabytes: scenario.memoryMegabytes, spools: scenario.spools)
    for path in [folder, "\(folder)/spool"] {
      guard mkdir(path, 0o700) == 0 else { throw Failure.failed("cannot make \(path): \(Console.systemError)") }
    }
    try Output(path: "\(folder)/cfg.yaml").write(TestedDaemon.configuration(setting))

    let answering = try BackendChild(scenario, port: setting.backendPort)
    defer { answering.stop() }
    var sending = scenario.measuresStart ? try LoadChild(scenario, port: setting.datagramPort, in: folder) : nil
    // Refused at first, since nobody listens.
    if scenario.measuresStart { usleep(100_000) }

    let log = "\(folder)/log"
    let spawned = nanoseconds(CLOCK_MONOTONIC)
    let process = try DaemonProcess(daemon.command(setting), port: setting.datagramPort, log: log)
    var ending: MeasuredProcess.Ending?
    defer { if ending == nil { _ = process.stop(within: 1) } }
    guard process.listens() else {
      let words = systemText(log).split(separator: "\n").suffix(3).joined(separator: "\n")
      throw Failure.failed("\(daemon.name) does not listen\(words.isEmpty ? "" : ":\n\(words)")")
    }
    if !scenario.measuresStart { usleep(700_000) }
    idleMebibytes = scenario.measuresStart ? .nan : process.residentMebibytes
    let processorBefore = process.processorSeconds

    if sending == nil { sending = try LoadChild(scenario, port: setting.datagramPort, in: folder) }
    if scenario.outageSeconds > 0 {
      usleep(1_000_000)
      guard answering.fail(seconds: scenario.outageSeconds) else { throw Failure.failed("lost the backend") }
    }
    guard let load = try sending?.wait() else { throw Failure.failed("the generator did not tell how it went") }
    let metrics = { Loopback.get("/metrics", port: setting.streamPort).flatMap { DaemonLedger(metrics: $0) } }
    let drained = try answering.drain(load.sent, quietSeconds: scenario.quietSeconds) { (metrics()?.held ?? 0) > 0 }

    deliveredBeforeStop = drained.unique
    processorSeconds = process.processorSeconds - processorBefore
    peakMebibytes = process.peakMebibytes
    kernelDrops = process.droppedDatagrams ?? 0
    let counted = metrics()
    let ended = process.stop(within: 15)
    ending = ended
    self.ending = ended
    ledger = counted ?? DaemonLedger(log: systemText(log, limit: 1 << 28), droppedDatagrams: kernelDrops)
    backend = try answering.report()
    self.load = load
    startMilliseconds =
      scenario.measuresStart ? backend.earliestSent.map { Double(Int64($0) - Int64(spawned)) / 1e6 } : nil
  }
}

/// The generator in a process of its own.
private struct LoadChild {
  private let child: ChildProcess?
  private let answer: String

  init(_ scenario: LoadScenario, port: UInt16, in folder: String) throws {
    answer = "\(folder)/load.json"
    let descriptor = open(answer, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure.failed("cannot write \(answer): \(Console.systemError)") }
    defer { close(descriptor) }
    let arguments = [
      "bench", "load", "--port", "\(port)", "--count", "\(scenario.count)", "--bytes", "\(scenario.bytes)",
    ]
    child = try ChildProcess(
      "/proc/self/exe", arguments + (scenario.rate.map { ["--rate", "\($0)"] } ?? []), output: descriptor)
  }

  func wait() throws -> LoadGenerator.Report? {
    try child?.wait()
    return LoadGenerator.Report(try JSONValue(parsing: systemText(answer)))
  }
}

/// The backend in a process of its own, asked by HTTP.
private struct BackendChild {
  private let child: ChildProcess?
  private let port: UInt16

  init(_ scenario: LoadScenario, port: UInt16) throws {
    self.port = port
    let arguments = [
      "bench", "backend", "--port", "\(port)", "--delay", "\(scenario.delayMilliseconds)", "--fault",
      scenario.fault.name, "--every", "\(scenario.faultEvery)",
    ]
    child = try ChildProcess(
      "/proc/self/exe", arguments + (scenario.faultSeconds.map { ["--during", "\($0)"] } ?? []))
    for _ in 0..<300 {
      if (try? report()) != nil { return }
      usleep(10_000)
    }
    throw Failure.failed("the backend does not answer")
  }

  func report() throws -> BackendReport {
    guard let report = Loopback.get("/bench/stats", port: port).flatMap({ BackendReport($0) }) else {
      throw Failure.failed("the backend does not answer")
    }
    return report
  }

  /// Has it listen to nobody for so long.
  func fail(seconds: Double) -> Bool {
    Loopback.get("/bench/outage/\(Int(seconds * 1000))", port: port) != nil
  }

  /// Waits until all of `count` documents arrived, none did for some time and the daemon does not tell of any that it
  /// holds, or a minute is over.
  func drain(_ count: Int, quietSeconds: Double, holds: () -> Bool) throws -> BackendReport {
    let watch = Stopwatch()
    var last = try reportAfterOutage()
    var changed = watch.cost.wallSeconds
    while last.unique < count, watch.cost.wallSeconds < 60 {
      if watch.cost.wallSeconds - changed > quietSeconds {
        if !holds() { break }
        changed = watch.cost.wallSeconds
      }
      usleep(50_000)
      let next = try report()
      if next.documents != last.documents || next.refused != last.refused { changed = watch.cost.wallSeconds }
      last = next
    }
    return last
  }

  private func reportAfterOutage() throws -> BackendReport {
    for _ in 0..<100 {
      if let report = try? report() { return report }
      usleep(100_000)
    }
    return try report()
  }

  func stop() {
    var tries = 0
    // It may be in an outage when something else failed.
    while Loopback.get("/bench/stop", port: port) == nil, tries < 400 {
      usleep(100_000)
      tries += 1
    }
    _ = try? child?.wait(mayFail: true)
  }
}

/// The text of a file of any size up to `limit` bytes.
private func systemText(_ path: String, limit: Int) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var text: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while text.count < limit {
    let count = read(descriptor, &piece, piece.count)
    guard count > 0 else { break }
    text += piece[..<count]
  }
  return String(decoding: text, as: UTF8.self)
}
