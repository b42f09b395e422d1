import CProcess
public import DaemonOptions
import DaemonServer
import Logging
import NIOCore
import NIOPosix
import RemoteSink
public import XRayDaemon
import XRayHTTP
import XRayModel

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The daemon as a program: options in, exit status out.
public struct DaemonProgram: Sendable {
  private let sources: OptionSources
  private let extra: [Daemon.Destination]

  /// - Parameters:
  ///   - sources: Where the options come from, also when they are read again.
  ///   - extra: Where documents go besides the X-Ray APIs that the options name.
  public init(_ sources: OptionSources, and extra: [Daemon.Destination] = []) {
    self.sources = sources
    self.extra = extra.map { destination in
      var destination = destination
      destination.sink = SinkBeside(sink: destination.sink)
      return destination
    }
  }

  /// Runs until SIGTERM or SIGINT, and returns the exit status.
  public func run() async -> Int32 {
    process_stay_small()
    let options: DaemonOptions
    do throws(EarlyExit) {
      options = try sources.resolve()
    } catch {
      error.report()
      return error.status
    }
    // First of all: what is sent from now on waits in the kernel until everything else is there.
    let port = Result { () throws(DaemonError) in
      try DatagramPort(
        binding: DatagramAddress(host: options.udpAddress.host, port: options.udpAddress.port))
    }
    // A reader that went away, of the log for instance, is an error of a call and not the end.
    signal(SIGPIPE, SIG_IGN)
    let log = DaemonLog(options)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let status = await withTaskExecutorPreference(EventLoopExecutor(group.any())) {
      await RunningProgram(
        sources: sources, options: options, port: port, log: log, group: group, extra: extra
      ).run()
    }
    try? await group.shutdownGracefully()
    return status
  }
}

/// One run of the program.
private struct RunningProgram: Sendable {
  let sources: OptionSources
  let options: DaemonOptions
  let port: Result<DatagramPort, DaemonError>
  let log: DaemonLog
  let group: any EventLoopGroup
  let extra: [Daemon.Destination]

  /// 50 documents of 60 KB; smaller where memory is, so that all senders have something to send.
  private static let batchBytes = 3 << 20

  func run() async -> Int32 {
    let start = ContinuousClock.now
    let logger = log.logger()
    say(.initializing(version: sources.version), logger)
    say(.bufferMemory(megabytes: options.bufferMemoryMB), logger)
    say(.buffers(megabytes: options.bufferMemoryMB), logger)
    for warning in options.warnings { logger.warning("\(warning)") }

    let upstream: Upstream
    let daemon: Daemon
    let outlets: [Outlet]
    do {
      let port = try port.get()
      upstream = try await Upstream(
        options, environment: sources.environment, version: sources.version, group: group)
      say(.region(upstream.region), logger)
      for endpoint in upstream.endpoints { say(.endpoint("\(endpoint)"), logger) }
      outlets = upstream.apis.map(Outlet.init)
      daemon = Daemon(
        configuration: configuration, port: port, destinations: destinations(outlets, upstream), logger: logger)
    } catch {
      logger.error("\(error)")
      return 1
    }
    let life = Life()
    let server = await serve(daemon, outlets, life, since: start, logger)
    let telemetry = TelemetryReporter(
      outlet: outlets[0],
      identity: .init(
        instanceID: upstream.identity.instanceID, hostName: upstream.identity.hostName,
        resourceARN: options.resourceARN ?? ""),
      clock: SystemClock(), logger: logger
    ) { daemon.status.first.map { TelemetryReporter.Totals($0) } ?? .init() }
    let signals = await SignalStream.of(SIGTERM, SIGINT, SIGHUP)
    logger.info("Ready", metadata: ["udp": "\(daemon.address)", "tcp": "\(server.map { "\($0.port)" } ?? "-")"])

    var status: Int32 = 0
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.listen(to: signals, outlets, daemon, life, logger) }
      group.addTask { await telemetry.run() }
      group.addTask { await Self.staySmall() }
      do {
        try await daemon.run()
      } catch {
        logger.error("\(error)")
        status = 1
      }
      group.cancelAll()
    }
    // The last record is cut now that the last batch is settled, and is true for it.
    await within(.seconds(1)) { await telemetry.finish() }
    await server?.close(deadline: .milliseconds(200))
    for outlet in outlets { await outlet.api.client.close() }
    return status
  }

  /// Gives back the pages of code that only the start, or a rare request, needed: first when the start is over.
  private static func staySmall() async {
    var pause = Duration.milliseconds(250)
    while (try? await Task.sleep(for: pause)) != nil {
      process_drop_code_pages()
      pause = .seconds(60)
    }
  }

  private func say(_ line: StartupLine, _ logger: Logger) { logger.info("\(line)") }

  private var configuration: Daemon.Configuration {
    var configuration = Daemon.Configuration()
    let memory = options.bufferMemoryMB << 20
    configuration.bufferMemory = memory
    // With the default of eight senders, for a full batch each.
    configuration.inFlightShare = 0.25
    configuration.batchBytes = min(Self.batchBytes, memory / 32)
    // Long enough for a few documents to share a call, short enough not to be noticed: those that gather in the kernel
    // go on together. While all senders are busy, batches fill.
    configuration.gathering = .microseconds(7500)
    configuration.batchInterval = .zero
    configuration.concurrency = options.concurrency
    configuration.drainDeadline = options.drainDeadline
    return configuration
  }

  private func destinations(_ outlets: [Outlet], _ upstream: Upstream) -> [Daemon.Destination] {
    zip(outlets, upstream.endpoints).enumerated().map { index, pair in
      // Each has a folder of its own in the spool.
      let folder = options.spoolDirectory.map { outlets.count == 1 ? $0 : "\($0)/\(index + 1)" }
      return Daemon.Destination(
        name: "\(pair.1)", sink: pair.0,
        spool: folder.map { SpoolConfiguration(directory: $0, limit: (options.spoolSizeMB << 20) / outlets.count) })
    } + extra
  }

  // MARK: TCP

  /// Like the official daemon, ours goes on without a proxy when it cannot have the address.
  private func serve(
    _ daemon: Daemon, _ outlets: [Outlet], _ life: Life, since start: ContinuousClock.Instant, _ logger: Logger
  ) async -> BoundServer? {
    var configuration = DaemonServer.Configuration()
    configuration.host = options.tcpAddress.host
    configuration.port = Int(options.tcpAddress.port)
    configuration.allowedHosts = Set(options.allowedHosts)
    let handlers = DaemonServer.Handlers(
      accept: { document, isLastTry in
        document.withUnsafeBufferPointer { daemon.accept($0, isLastTry: isLastTry) } == .accepted ? .accepted : .noRoom
      },
      reject: { daemon.reject($0) },
      forward: { request in
        do {
          let answer = try await outlets[0].api.post(request.path, request.body, headers: request.headers)
          return ProxyResponse(status: answer.status, headers: answer.headers, body: answer.body)
        } catch {
          logger.error("Proxy: \(error)")
          var writer = JSONWriter()
          writer.object { $0.member("message", "X-Ray cannot be reached") }
          return ProxyResponse(status: 502, headers: ["Content-Type": "application/json"], body: writer.bytes)
        }
      },
      unreadiness: { life.isStopping ? ["stopping"] : [] },
      metrics: {
        Metrics(
          daemon.status, server: life.server?.counts, receiveBuffer: daemon.receiveBuffer,
          uptime: start.duration(to: .now)
        ).text
      })
    say(.proxy(options.tcpAddress), logger)
    do throws(DaemonServerError) {
      let server = try await DaemonServer(
        configuration: configuration, handlers: handlers, logger: logger, group: group
      ).start()
      life.server = server
      return server
    } catch {
      logger.error("Going on without the proxy: \(error)")
      return nil
    }
  }

  // MARK: Signals

  private func listen(
    to signals: AsyncStream<Int32>, _ outlets: [Outlet], _ daemon: Daemon, _ life: Life, _ logger: Logger
  ) async {
    for await signal in signals {
      guard signal == SIGHUP else {
        if life.isStopping { continue }
        logger.info("Got shutdown signal: \(signal == SIGINT ? "interrupt" : "terminated")")
        life.isStopping = true
        daemon.stop()
        continue
      }
      await reload(outlets, life, logger)
    }
  }

  /// Reads the configuration again. A wrong one changes nothing.
  private func reload(_ outlets: [Outlet], _ life: Life, _ logger: Logger) async {
    do {
      let new = try sources.resolve()
      if !log.reload(new) { logger.error("The log file cannot be opened: \(new.logPath ?? "-")") }
      for warning in new.warnings { logger.warning("\(warning)") }
      let changes = (life.options ?? options).changes(to: new)
      if max(1, new.endpoints.count) == outlets.count {
        let upstream = try await Upstream(
          new, environment: sources.environment, version: sources.version, group: group)
        for (outlet, api) in zip(outlets, upstream.apis) { outlet.api = api }
      }
      life.options = new
      logger.info("Read the configuration again", metadata: ["changes": "\(changes.map(\.description))"])
    } catch let error as EarlyExit {
      logger.error("The configuration stays as it was: \(error.text)")
    } catch {
      logger.error("The configuration stays as it was: \(error)")
    }
  }
}
