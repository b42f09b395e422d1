import Glibc
import LambdaEmitter
import NIOCore
import NIOPosix
import XRayDaemon

/// The daemon of one environment as its processes find it: a UDP port on the loopback interface, from which documents
/// go to the emulation's `EnvironmentDaemon`. In the hands of one event loop.
///
/// What a process has sent waits in the socket. ``afterUnread(_:)`` waits until it is read, so that a response, which
/// comes over another connection, never overtakes the documents that were sent before it.
final class DaemonPort: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  /// As much as the system grants of it; what does not fit is dropped by the system, and counted here.
  private static let receiveBufferBytes: CInt = 4 << 20
  private static let datagramsPerRead = 16
  private static let readsPerEvent: UInt = 16
  private static let datagramBytesLimit = 64 << 10
  /// More than fit into the receive buffer. A process that sends on and on is not waited for.
  private static let waitLimit = 16_384
  /// `SO_MEMINFO` and its `SK_MEMINFO_DROPS`, of Linux: what the system dropped at a socket.
  private static let memoryOption: CInt = 55
  private static let memoryValues = 9
  private static let dropsPlace = 8

  private let daemon: InitializationContext
  private var channel: (any Channel)?
  private var dropped: UInt32 = 0
  /// Datagrams that were read.
  private var taken = 0
  /// What is to be done when the socket is empty, or so many datagrams were read.
  private var waiting: [(limit: Int, work: () -> Void)] = []

  private init(daemon: InitializationContext) { self.daemon = daemon }

  /// Opens a port. Call on `loop`, as everything here.
  static func open(
    for daemon: InitializationContext, on loop: any EventLoop
  ) -> EventLoopFuture<NIOLoopBound<DaemonPort>> {
    let port = NIOLoopBound(DaemonPort(daemon: daemon), eventLoop: loop)
    let buffer = FixedSizeRecvByteBufferAllocator(capacity: datagramsPerRead * datagramBytesLimit)
    return DatagramBootstrap(group: loop)
      .channelOption(.socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBufferBytes))
      .channelOption(.maxMessagesPerRead, value: readsPerEvent)
      .channelOption(.datagramVectorReadMessageCount, value: datagramsPerRead)
      .channelOption(.recvAllocator, value: buffer)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(port.value) }
      }
      .bind(host: "127.0.0.1", port: 0)
      .map { channel in
        port.value.channel = channel
        return port
      }
  }

  /// What a process is told of the daemon.
  var variables: [String: String] {
    let port = String(channel?.localAddress?.port ?? 0)
    return [
      "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:" + port, "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
      "_AWS_XRAY_DAEMON_PORT": port,
    ]
  }

  /// Calls `work` when what was sent until now is handed over: at once, unless something is still to be read.
  func afterUnread(_ work: @escaping () -> Void) {
    guard hasUnread || !waiting.isEmpty else { return work() }
    waiting.append((taken + Self.waitLimit, work))
  }

  /// Hands over what is left and closes the port.
  func close() -> EventLoopFuture<Void>? {
    afterUnread { self.channel?.close(promise: nil) }
    return channel?.closeFuture
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    unwrapInboundIn(data).data.withUnsafeReadableBytes { take($0) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    let isRead = !hasUnread
    if isRead { countDrops() }
    let due = waiting.prefix { isRead || taken >= $0.limit }
    waiting.removeFirst(due.count)
    for (_, work) in due { work() }
  }

  func channelInactive(context: ChannelHandlerContext) {
    let due = waiting
    waiting = []
    for (_, work) in due { work() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // One datagram that could not be read; the port goes on.
  }

  private func take(_ datagram: UnsafeRawBufferPointer) {
    taken += 1
    do throws(DatagramRejection) {
      let bytes = datagram.bindMemory(to: UInt8.self)
      let offset = try DatagramHeader.documentOffset(in: bytes.span)
      daemon.emit(Array(bytes[offset...]))
    } catch {
      daemon.refuse(because: error.rawValue)
    }
  }

  /// Whether something waits in the socket. It is left there for the event loop, which was told of it.
  private var hasUnread: Bool {
    withSocket { descriptor in
      var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&state, 1, 0) > 0 && state.revents & Int16(POLLIN) != 0
    } ?? false
  }

  private func countDrops() {
    var values = [UInt32](repeating: 0, count: Self.memoryValues)
    var size = socklen_t(values.count * MemoryLayout<UInt32>.size)
    let isKnown = withSocket { getsockopt($0, SOL_SOCKET, Self.memoryOption, &values, &size) == 0 }
    guard isKnown == true else { return }
    let new = values[Self.dropsPlace] &- dropped
    dropped = values[Self.dropsPlace]
    if new > 0 { daemon.lose(Int(new), because: "socket full") }
  }

  /// `nil` when the port is closed.
  private func withSocket<Result>(_ body: (NIOBSDSocket.Handle) -> Result) -> Result? {
    try? channel?.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, body)
  }
}
