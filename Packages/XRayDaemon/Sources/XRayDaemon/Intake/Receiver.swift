import Dispatch
import Logging
import Synchronization

/// The thread that only receives: datagrams in, documents into the buffer, and the buffer's timer.
final class Receiver: Sendable {
  /// At the end what the kernel still holds is read, but no endless stream: 65,536 datagrams.
  private static let finalRounds = 1024

  let received = ReceptionCount()
  private let socket: DatagramSocket
  private let buffer: DocumentBuffer
  private let logger: Logger
  private let isStopping = Atomic(false)

  init(socket: DatagramSocket, buffer: DocumentBuffer, logger: Logger) {
    self.socket = socket
    self.buffer = buffer
    self.logger = logger
  }

  /// Receives until ``stop()``; then also what arrived before. Returns why it ended by itself, if it did.
  func run() async -> DaemonError? {
    await withCheckedContinuation { continuation in
      // A thread of its own: it waits in the kernel, which threads of the concurrency pool must not do.
      DispatchQueue(label: "fluoro.daemon.receive").async {
        continuation.resume(returning: self.receiveUntilStopped())
      }
    }
  }

  func stop() {
    isStopping.store(true, ordering: .releasing)
    socket.wake()
  }

  private func receiveUntilStopped() -> DaemonError? {
    defer { received.finish() }
    let batch = DatagramBatch()
    var notice = DropNotice(logger: logger)
    do throws(DaemonError) {
      while !isStopping.load(ordering: .acquiring) {
        if try receiveRound(into: batch, &notice) < DatagramBatch.limit { try socket.wait(until: buffer.nextDue) }
      }
      for _ in 0..<Self.finalRounds {
        if try receiveRound(into: batch, &notice) == 0 { break }
      }
      return nil
    } catch {
      return error
    }
  }

  /// One call to the kernel and what follows from it.
  private func receiveRound(into batch: borrowing DatagramBatch, _ notice: inout DropNotice) throws(DaemonError) -> Int
  {
    let count = try socket.receive(into: batch)
    let now = ContinuousClock.now
    var dropped = 0
    for index in 0..<count {
      batch.withDatagram(index) { datagram in
        if !take(datagram, at: now) { dropped += 1 }
      }
    }
    buffer.tick(at: now)
    if count > 0 { received.add(count) }
    notice.add(dropped, at: now)
    return count
  }

  /// `false` when there was no room.
  private func take(_ datagram: UnsafeBufferPointer<UInt8>, at now: ContinuousClock.Instant) -> Bool {
    do throws(DatagramRejection) {
      let offset = try DatagramHeader.documentOffset(in: datagram.span)
      return buffer.append(UnsafeBufferPointer(rebasing: datagram[offset...]), at: now)
    } catch {
      buffer.reject(error)
      return true
    }
  }
}

/// Says that documents are being dropped, without a line for each.
private struct DropNotice {
  let logger: Logger
  private static let interval = Duration.seconds(10)
  private var unsaid = 0
  private var last: ContinuousClock.Instant?

  init(logger: Logger) { self.logger = logger }

  mutating func add(_ count: Int, at now: ContinuousClock.Instant) {
    unsaid += count
    guard unsaid > 0, last.map({ $0.duration(to: now) >= Self.interval }) ?? true else { return }
    logger.warning("Segment dropped. Consider increasing memory limit", metadata: ["documents": "\(unsaid)"])
    unsaid = 0
    last = now
  }
}
