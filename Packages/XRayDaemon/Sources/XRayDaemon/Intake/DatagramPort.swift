/// A bound UDP port: what arrives waits in the kernel until a ``Daemon`` runs on it.
///
/// A program whose start takes a while, since it asks for a region or for credentials, binds the port first.
public struct DatagramPort: Sendable {
  let socket: DatagramSocket
  let wantedBuffer: Int

  /// - Parameter receiveBuffer: As in ``Daemon/Configuration/receiveBuffer``.
  public init(
    binding address: DatagramAddress, receiveBuffer: Int = Daemon.Configuration().receiveBuffer
  ) throws(DaemonError) {
    socket = try DatagramSocket(binding: address, receiveBuffer: receiveBuffer)
    wantedBuffer = receiveBuffer
  }

  /// Tells the actual port when a free one was asked for.
  public var address: DatagramAddress { socket.address }
}
