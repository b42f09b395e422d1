public import Logging
import Synchronization
public import XRayModel

/// The X-Ray daemon: takes segment documents from UDP datagrams and gives them to a sink in batches.
///
/// The socket is bound as soon as the daemon is made; datagrams that come before ``run()`` wait in the kernel.
/// Documents reach the sink in the order of their reception (with a ``Configuration/concurrency`` of 1), as
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
  private let sink: any SegmentSink
  private let logger: Logger
  private let socket: DatagramSocket
  private let buffer: DocumentBuffer
  private let receiver: Receiver
  private let hasRun = Atomic(false)

  /// Binds the socket.
  public init(
    configuration: Configuration = Configuration(), sink: any SegmentSink, logger: Logger = Logger(label: "xray-daemon")
  ) throws(DaemonError) {
    let socket = try DatagramSocket(binding: configuration.address, receiveBuffer: configuration.receiveBuffer)
    self.configuration = configuration
    self.sink = sink
    self.logger = logger
    self.socket = socket
    address = socket.address
    receiveBuffer = socket.receiveBuffer
    buffer = DocumentBuffer(limits: configuration.limits) { socket.wake() }
    receiver = Receiver(socket: socket, buffer: buffer, logger: logger)
  }

  /// Receives and forwards until ``stop()``, then delivers what came before and returns.
  ///
  /// What the sink has not answered when ``Configuration/drainDeadline`` is over is dropped and counted, and
  /// so is everything undelivered when the task is cancelled. A sink that ignores cancellation is waited for.
  /// Throws when reception fails, also only after the delivery, and when called a second time.
  public func run() async throws {
    guard !hasRun.exchange(true, ordering: .relaxed) else { throw DaemonError(.alreadyRan, address: address) }
    logger.info("Receiving segments", metadata: ["address": "\(address)", "receiveBuffer": "\(receiveBuffer)"])
    if receiveBuffer < configuration.receiveBuffer {
      logger.warning(
        "The receive buffer is smaller than asked for; raise net.core.rmem_max to lose less in bursts",
        metadata: ["asked": "\(configuration.receiveBuffer)", "granted": "\(receiveBuffer)"])
    }
    let failure = await withTaskCancellationHandler {
      await receiveAndForward()
    } onCancel: {
      stop()
    }
    logger.info("Stopped", metadata: ["ledger": "\(ledger.summary)"])
    if let failure { throw failure }
  }

  private enum Ended: Sendable {
    case receiving(DaemonError?)
    case forwarding
    case deadline
  }

  private func receiveAndForward() async -> DaemonError? {
    await withTaskGroup(of: Ended.self) { group in
      let forwarder = Forwarder(
        buffer: buffer, sink: sink, logger: logger, attempts: configuration.attempts,
        retryDelay: configuration.retryDelay)
      var forwarders = max(1, configuration.concurrency)
      for _ in 0..<forwarders {
        group.addTask {
          await forwarder.run()
          return .forwarding
        }
      }
      group.addTask { .receiving(await self.receiver.run()) }
      var failure: DaemonError?
      for await ended in group {
        switch ended {
        case .receiving(let error):
          failure = error
          socket.close()
          buffer.close()
          group.addTask {
            try? await Task.sleep(for: self.configuration.drainDeadline)
            return .deadline
          }
        case .forwarding:
          forwarders -= 1
          if forwarders == 0 { group.cancelAll() }
        case .deadline:
          buffer.abandon()
          group.cancelAll()
        }
      }
      return failure
    }
  }

  /// Asks ``run()`` to end: no more datagrams, then deliver. Returns at once; may be called from anywhere, also before.
  public func stop() { receiver.stop() }

  /// What was received, passed on, refused and lost so far: by the kernel, by the daemon, by the sink.
  public var ledger: Ledger {
    let hops = buffer.counts.hops
    let drops = socket.kernelDrops
    let received = hops[0].received
    let kernel = LedgerHop(
      name: "kernel", received: received + drops, passedOn: received,
      dropped: drops == 0 ? [:] : ["receive buffer full": drops])
    return Ledger([kernel] + hops)
  }

  /// Blocks the calling thread until at least `count` datagrams in all were taken from the socket, or `timeout`
  /// is over; tells which. For simulations, whose virtual time must not move while datagrams are on their way.
  /// Not for threads of the concurrency pool: in asynchronous code use ``flush()``.
  public func drain(received count: Int, timeout: Duration) -> Bool {
    receiver.received.wait(for: count, timeout: timeout)
  }

  /// Waits until the sink has answered for everything that was received so far, without waiting for batches to fill.
  /// Throws only when the calling task is cancelled.
  public func flush() async throws { try await buffer.flush() }
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
