public import Logging
import Synchronization
public import XRayModel

/// The X-Ray daemon: takes segment documents from UDP datagrams and gives them to sinks in batches.
///
/// The socket is bound as soon as the daemon is made; datagrams that come before ``run()`` wait in the kernel.
/// Documents reach each sink in the order of their reception (with a ``Configuration/concurrency`` of 1), as
/// the bytes that were sent. Nothing gets lost without being counted in the ``ledger``.
///
///     let daemon = try Daemon(sink: CollectingSink())
///     try await daemon.run()  // until stop(), or until the task is cancelled
public final class Daemon: Sendable {
  /// Where datagrams are received; tells the actual port when a free one was asked for.
  public let address: DatagramAddress
  /// Bytes of receive buffer that the kernel granted the socket.
  public let receiveBuffer: Int

  private let configuration: Configuration
  private let wantedBuffer: Int
  private let logger: Logger
  private let socket: DatagramSocket
  private let deliveries: [Delivery]
  private let receiver: Receiver
  private let hasRun = Atomic(false)

  /// Opens the spools. A spool that cannot be used is said so in the log; the daemon goes on without it.
  ///
  /// - Parameter port: Where to receive, instead of the configuration's address; for this daemon alone.
  public init(
    configuration: Configuration = Configuration(), port: DatagramPort, destinations: [Destination],
    logger: Logger = Logger(label: "xray-daemon")
  ) {
    let socket = port.socket
    let limits = configuration.limits(sinks: destinations.count)
    let policy = RetryPolicy(
      attempts: max(1, configuration.attempts), delay: configuration.retryDelay, random: configuration.random)
    self.configuration = configuration
    wantedBuffer = port.wantedBuffer
    self.logger = logger
    self.socket = socket
    address = socket.address
    receiveBuffer = socket.receiveBuffer
    deliveries = destinations.map { destination in
      Delivery(
        name: destination.name, sink: destination.sink,
        buffer: DocumentBuffer(limits: limits) { socket.wake() },
        spool: destination.spool.flatMap { Self.open($0, logger) }, policy: policy,
        senders: configuration.concurrency, logger: logger)
    }
    receiver = Receiver(
      socket: socket, buffers: deliveries.map(\.buffer), gathering: configuration.gathering, logger: logger)
  }

  /// Binds the configuration's address.
  public convenience init(
    configuration: Configuration = Configuration(), destinations: [Destination],
    logger: Logger = Logger(label: "xray-daemon")
  ) throws(DaemonError) {
    let port = try DatagramPort(binding: configuration.address, receiveBuffer: configuration.receiveBuffer)
    self.init(configuration: configuration, port: port, destinations: destinations, logger: logger)
  }

  /// A daemon with one sink.
  public convenience init(
    configuration: Configuration = Configuration(), sink: any SegmentSink, logger: Logger = Logger(label: "xray-daemon")
  ) throws(DaemonError) {
    try self.init(
      configuration: configuration, destinations: [Destination(name: "sink", sink: sink)], logger: logger)
  }

  private static func open(_ configuration: SpoolConfiguration, _ logger: Logger) -> Spool? {
    do throws(SpoolError) {
      return try Spool(configuration)
    } catch {
      logger.error("Going on without a spool: \(error)")
      return nil
    }
  }

  // MARK: Running

  /// Receives and forwards until ``stop()``, then delivers what came before and returns.
  ///
  /// What a sink has not answered when ``Configuration/drainDeadline`` is over is spooled, or dropped and counted, and
  /// so is everything undelivered when the task is cancelled. A sink that ignores cancellation is waited for.
  /// Throws when reception fails, also only after the delivery, and when called a second time.
  public func run() async throws {
    guard !hasRun.exchange(true, ordering: .relaxed) else { throw DaemonError(.alreadyRan, address: address) }
    logger.debug("Receiving segments", metadata: ["address": "\(address)", "receiveBuffer": "\(receiveBuffer)"])
    if receiveBuffer < wantedBuffer {
      logger.warning(
        "The receive buffer is smaller than asked for; raise net.core.rmem_max to lose less in bursts",
        metadata: ["asked": "\(wantedBuffer)", "granted": "\(receiveBuffer)"])
    }
    let failure = await withTaskCancellationHandler {
      await receiveAndDeliver()
    } onCancel: {
      stop()
    }
    logger.info("Stopped", metadata: ["ledger": "\(ledger.summary)"])
    if let failure { throw failure }
  }

  private enum Ended: Sendable {
    case receiving(DaemonError?)
    case delivering
    case deadline
  }

  private func receiveAndDeliver() async -> DaemonError? {
    await withTaskGroup(of: Ended.self) { group in
      for delivery in deliveries {
        group.addTask {
          await delivery.run()
          return .delivering
        }
      }
      group.addTask { .receiving(await self.receiver.run()) }
      var failure: DaemonError?
      var left = deliveries.count
      for await ended in group {
        switch ended {
        case .receiving(let error):
          failure = error
          socket.close()
          for delivery in deliveries { delivery.buffer.close() }
          group.addTask {
            try? await Task.sleep(for: self.configuration.drainDeadline)
            return .deadline
          }
        case .delivering:
          left -= 1
          if left == 0 { group.cancelAll() }
        case .deadline:
          for delivery in deliveries { delivery.abandon() }
          group.cancelAll()
        }
      }
      return failure
    }
  }

  /// Asks ``run()`` to end: no more datagrams, then deliver. Returns at once; may be called from anywhere, also before.
  public func stop() { receiver.stop() }

  // MARK: Other ways in

  /// Takes a document that came another way than by datagram. Of several destinations, each that has room takes it;
  /// one that has none counts it as dropped.
  ///
  /// - Parameter isLastTry: Whether a document that finds no room anywhere is lost and counted, or will be offered again.
  public func accept(_ document: UnsafeBufferPointer<UInt8>, isLastTry: Bool = true) -> Acceptance {
    let now = ContinuousClock.now
    if !isLastTry, deliveries.count > 1, !deliveries.contains(where: { $0.buffer.hasRoom(for: document.count) }) {
      return .noRoom
    }
    let isLastTry = isLastTry || deliveries.count > 1
    let taken = deliveries.count { $0.buffer.append(document, at: now, isLastTry: isLastTry) }
    return taken > 0 ? .accepted : .noRoom
  }

  /// Counts something that came another way and holds no document.
  public func reject(_ reason: String) {
    for delivery in deliveries { delivery.buffer.reject(reason) }
  }

  // MARK: What happened

  /// What was received, passed on, refused and lost so far on the way to the first destination: by the kernel, by the
  /// daemon, by the sink.
  public var ledger: Ledger { status.first?.ledger ?? Ledger([]) }

  /// Each destination, in the order in which they were given.
  public var status: [DeliveryStatus] {
    let drops = socket.kernelDrops
    return deliveries.map { delivery in
      let counts = delivery.buffer.counts
      let kernel = LedgerHop(
        name: "kernel", received: counts.received + drops, passedOn: counts.received,
        dropped: drops == 0 ? [:] : ["receive buffer full": drops])
      return DeliveryStatus(
        name: delivery.name, ledger: Ledger([kernel] + counts.hops), failures: delivery.failures.value,
        bufferedBytes: delivery.buffer.usedBytes, spooledDocuments: counts.spooled,
        spooledBytes: delivery.spooledBytes)
    }
  }

  /// Blocks the calling thread until at least `count` datagrams in all were taken from the socket, or `timeout`
  /// is over; tells which. For simulations, whose virtual time must not move while datagrams are on their way.
  /// Not for threads of the concurrency pool: in asynchronous code use ``flush()``.
  public func drain(received count: Int, timeout: Duration) -> Bool {
    receiver.received.wait(for: count, timeout: timeout)
  }

  /// Waits until the sinks have answered for everything that was received so far, without waiting for batches to
  /// fill. Throws only when the calling task is cancelled.
  public func flush() async throws {
    for delivery in deliveries { try await delivery.buffer.flush() }
  }
}

extension Ledger {
  /// One line for the log.
  fileprivate var summary: String {
    let hops = hops.map { hop in
      "\(hop.name): \(hop.received) in, \(hop.passedOn) on, \(hop.rejectedTotal) rejected, \(hop.droppedTotal) lost"
    }
    return hops.joined(separator: "; ")
  }
}
