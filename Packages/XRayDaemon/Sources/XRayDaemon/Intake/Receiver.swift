import Dispatch
import Logging
import Synchronization

/// The thread that only receives: datagrams in, documents into the buffers, and the buffers' timer.
final class Receiver: Sendable {
  /// At the end what the kernel still holds is read, but no endless stream: 65,536 datagrams.
  private static let finalRounds = 1024

  let received = ReceptionCount()
  private let socket: DatagramSocket
  private let buffers: [DocumentBuffer]
  private let logger: Logger
  private let pace: Pace
  private let isStopping = Atomic(false)

  init(socket: DatagramSocket, buffers: [DocumentBuffer], gathering: Duration, logger: Logger) {
    self.socket = socket
    self.buffers = buffers
    self.logger = logger
    pace = Pace(longest: gathering, receiveBuffer: socket.receiveBuffer)
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

  /// When a buffer has to be looked at.
  private var nextDue: ContinuousClock.Instant? { buffers.compactMap(\.nextDue).min() }

  private func receiveUntilStopped() -> DaemonError? {
    defer { received.finish() }
    var batch = DatagramBatch()
    var notice = DropNotice(logger: logger)
    do throws(DaemonError) {
      var pace = pace
      var gathered = 0
      while !isStopping.load(ordering: .acquiring) {
        let count = try receiveRound(into: &batch, &notice)
        gathered += count
        // A full batch leaves more behind.
        if count == DatagramBatch.limit { continue }
        if gathered == 0 {
          try socket.wait(until: nextDue)
        } else if let nap = pace.nap(after: gathered) {
          socket.nap(nap)
        }
        gathered = 0
      }
      for _ in 0..<Self.finalRounds {
        if try receiveRound(into: &batch, &notice) == 0 { break }
      }
      return nil
    } catch {
      return error
    }
  }

  /// One call to the kernel and what follows from it.
  private func receiveRound(into batch: inout DatagramBatch, _ notice: inout DropNotice) throws(DaemonError) -> Int {
    try socket.receive(into: &batch)
    let now = ContinuousClock.now
    var dropped = 0
    for buffer in buffers { dropped += buffer.append(batch, at: now) }
    if batch.count > 0 { received.add(batch.count) }
    notice.add(dropped, at: now)
    return batch.count
  }
}

/// How long to let datagrams gather: waking up for each costs more than taking it.
private struct Pace {
  /// Datagrams that one nap should bring.
  private static let aim = 64
  private static let shortest = Duration.microseconds(500)

  private let longest: Duration
  private var last: Duration

  init(longest: Duration, receiveBuffer: Int) {
    // The least buffer that Linux grants holds some 90 datagrams of 1.2 KB, one of 4 MB some 3,600: a sender in a hurry
    // must not fill it meanwhile.
    self.longest = receiveBuffer >= 1 << 20 ? longest : min(longest, .microseconds(200))
    last = self.longest
  }

  /// `nil` for none.
  mutating func nap(after count: Int) -> Duration? {
    guard longest > .zero else { return nil }
    last = min(longest, max(min(Self.shortest, longest), last * Self.aim / count))
    return last
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
