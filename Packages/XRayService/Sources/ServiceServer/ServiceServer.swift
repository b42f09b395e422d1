public import DaemonServer
public import Logging
import NIOCore
import NIOPosix
import Synchronization
public import Traces
public import XRayDaemon
public import XRayModel
public import XRayService

/// X-Ray's API, spans from OpenTelemetry and Zipkin, and segments over TCP, on one port.
///
/// What a connection may hold, Host and Origin checks, health and readiness are those of `DaemonServer`; this answers
/// what comes through.
public struct ServiceServer: Sendable {
  /// Where to listen, who may call, and the limits.
  public struct Configuration: Sendable {
    /// Address, port, names, connections, times.
    public var server: DaemonServer.Configuration
    /// Who may call. Open by default, which is for loopback addresses only.
    public var access = AccessPolicy.open
    /// Bytes that compressed bodies may take inflated, all those together that are being answered.
    public var inflatedMemory = 64 << 20

    /// The defaults: port 2000 of the loopback address.
    public init() {
      server = DaemonServer.Configuration()
      server.connections = 512
      server.bodyMemory = 64 << 20
    }
  }

  /// What can be set.
  public var configuration: Configuration
  private let service: XRayService
  private let store: any TraceStore
  private let daemon: Daemon
  private let others: [DaemonServer.Application]
  private let clock: any WallClock
  private let random: RandomSource
  private let logger: Logger

  /// - Parameters:
  ///   - store: Where spans go, and whose statistics are told; the one behind `service`.
  ///   - daemon: Takes the documents of streams.
  ///   - others: Further APIs on the same port, for the same callers; asked in order for what is not X-Ray's.
  ///   - random: For request ids.
  public init(
    configuration: Configuration = Configuration(), service: XRayService, store: any TraceStore, daemon: Daemon,
    others: [DaemonServer.Application] = [], clock: any WallClock = SystemClock(),
    random: RandomSource = RandomSource(), logger: Logger = Logger(label: "fluoro")
  ) {
    self.configuration = configuration
    self.service = service
    self.store = store
    self.daemon = daemon
    self.others = others
    self.clock = clock
    self.random = random
    self.logger = logger
  }

  /// Binds the port and serves until ``BoundService/close(deadline:)``.
  public func start() async throws(DaemonServerError) -> BoundService {
    let counts = BoundCounts()
    let application = ServiceApplication(
      service: service, spans: SpanStore(store: store),
      access: configuration.access, memory: BodyMemory(limit: configuration.inflatedMemory),
      metrics: ServiceMetrics(
        daemon: daemon, telemetry: service.telemetry, store: store, counts: counts, start: .now), clock: clock,
      random: random, logger: logger)
    var server = configuration.server
    // A stream of documents has nothing to show whom it comes from.
    if !configuration.access.isOpen { server.streams = 0 }
    // One loop frames the requests of all connections; the work is done beside it.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do throws(DaemonServerError) {
      let bound = try await DaemonServer(
        configuration: server, handlers: handlers(application), logger: logger, group: group
      ).start()
      counts.server = bound
      return BoundService(server: bound, group: group)
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  private func handlers(_ application: ServiceApplication) -> DaemonServer.Handlers {
    DaemonServer.Handlers(
      accept: { [daemon] document, isLastTry in
        document.withUnsafeBufferPointer { daemon.accept($0, isLastTry: isLastTry) } == .accepted ? .accepted : .noRoom
      },
      reject: { [daemon] in daemon.reject($0) },
      application: .first(of: [application.part] + others.map(application.guarding)))
  }
}

/// A service that listens.
public final class BoundService: Sendable {
  /// The actual port, also when a free one was asked for.
  public var port: Int { server.port }
  private let server: BoundServer
  private let group: any EventLoopGroup
  private let isClosing = Atomic(false)

  init(server: BoundServer, group: any EventLoopGroup) {
    self.server = server
    self.group = group
  }

  /// What the port did so far.
  public var counts: ServerCounts { server.counts }

  /// Stops accepting, lets requests end and streams run dry, and closes what is left when `deadline` is over. Called
  /// once more it returns at once.
  public func close(deadline: Duration = .seconds(2)) async {
    guard !isClosing.exchange(true, ordering: .relaxed) else { return }
    await server.close(deadline: deadline)
    try? await group.shutdownGracefully()
  }
}

/// The counts of a server that is bound only after those who ask for them are made.
final class BoundCounts: Sendable {
  private let bound = Mutex<BoundServer?>(nil)

  var server: BoundServer? {
    get { bound.withLock { $0 } }
    set { bound.withLock { $0 = newValue } }
  }
}
