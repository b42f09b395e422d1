import CDatagrams
import Synchronization

/// A bound UDP socket that one thread reads and that other threads may wake, ask and, once nobody reads, close.
final class DatagramSocket: Sendable {
  let address: DatagramAddress
  /// Bytes of receive buffer that the kernel granted.
  let receiveBuffer: Int

  private struct State {
    var isOpen = true
    var dropped = 0
  }

  private let descriptor: Int32
  private let waker: Int32
  private let state = Mutex(State())

  init(binding address: DatagramAddress, receiveBuffer: Int) throws(DaemonError) {
    var opened = datagrams_socket()
    let code = datagrams_bind(address.host, address.port, Int32(clamping: receiveBuffer), &opened)
    guard code == 0 else {
      throw DaemonError(.cannotBind, address: address, detail: opened.error.map { String(cString: $0) })
    }
    let waker = datagrams_waker()
    guard waker >= 0 else {
      datagrams_close(opened.descriptor)
      throw DaemonError(.cannotBind, address: address, errno: -waker)
    }
    self.descriptor = opened.descriptor
    self.waker = waker
    self.receiveBuffer = Int(opened.receive_buffer)
    let host = withUnsafeBytes(of: opened.host) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    self.address = DatagramAddress(host: host, port: opened.port)
  }

  deinit {
    close()
    datagrams_close(waker)
  }

  /// How many datagrams the kernel dropped so far because the receive buffer was full.
  var kernelDrops: Int {
    state.withLock { state in
      if state.isOpen { updateDrops(&state) }
      return state.dropped
    }
  }

  private func updateDrops(_ state: inout State) {
    var count: UInt32 = 0
    guard datagrams_dropped(descriptor, &count) == 0 else { return }
    // The kernel's counter has 32 bits and wraps.
    state.dropped += Int(count &- UInt32(truncatingIfNeeded: state.dropped))
  }

  /// Frees the port. The reader must have ended: the descriptor's number may be anybody's afterwards.
  func close() {
    state.withLock { state in
      guard state.isOpen else { return }
      updateDrops(&state)
      state.isOpen = false
      datagrams_close(descriptor)
    }
  }

  /// Takes what waits in the socket, at most a batch; nothing when nothing does.
  func receive(into batch: inout DatagramBatch) throws(DaemonError) {
    let count = datagrams_receive(descriptor, batch.memory)
    guard count >= 0 else { throw DaemonError(.cannotReceive, address: address, errno: -count) }
    batch.count = Int(count)
  }

  /// Waits for a datagram, ``wake()`` or `deadline`, without one for ever.
  func wait(until deadline: ContinuousClock.Instant?) throws(DaemonError) {
    var milliseconds: Int32 = -1
    if let deadline {
      // Rounded up: waking a little early would only mean to wait again.
      let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
      milliseconds = Int32(min(max(left.rounded(.up), 0), 60_000))
    }
    let code = datagrams_wait(descriptor, waker, milliseconds)
    guard code == 0 else { throw DaemonError(.cannotReceive, address: address, errno: -code) }
  }

  /// Waits whatever comes, but for ``wake()``.
  func nap(_ duration: Duration) { datagrams_nap(waker, Int64(duration / .nanoseconds(1))) }

  func wake() { datagrams_wake(waker) }
}

/// Memory that a call to the kernel fills with up to 64 datagrams. At most 4 MB become resident, and only
/// where datagrams are that large.
struct DatagramBatch: ~Copyable {
  static var limit: Int { Int(datagrams_batch_limit) }

  fileprivate let memory: OpaquePointer
  /// Datagrams of the last reception.
  fileprivate(set) var count = 0

  init() { memory = datagrams_batch_create() }
  deinit { datagrams_batch_destroy(memory) }

  /// Gives the document of each datagram, or why it has none; valid until the next reception.
  borrowing func forEachDocument(_ body: (Result<UnsafeBufferPointer<UInt8>, DatagramRejection>) -> Void) {
    for index in 0..<Int32(count) {
      let datagram = UnsafeBufferPointer(start: datagrams_bytes(memory, index), count: datagrams_length(memory, index))
      do throws(DatagramRejection) {
        let offset = try DatagramHeader.documentOffset(in: datagram.span)
        body(.success(UnsafeBufferPointer(rebasing: datagram[offset...])))
      } catch {
        body(.failure(error))
      }
    }
  }
}
