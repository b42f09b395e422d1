import NIOCore

/// A server that listens.
public final class BoundServer: Sendable {
  /// The actual port, also when a free one was asked for.
  public let port: Int
  private let channel: any Channel
  private let connections: NIOLoopBound<Connections>
  private let tally: Tally

  init(channel: any Channel, connections: NIOLoopBound<Connections>, tally: Tally) {
    port = channel.localAddress?.port ?? 0
    self.channel = channel
    self.connections = connections
    self.tally = tally
  }

  /// What was done so far; may be called from anywhere.
  public var counts: ServerCounts { tally.current }

  /// Stops accepting, lets requests end and streams run dry, and closes what is left when `deadline` is over.
  public func close(deadline: Duration = .seconds(2)) async {
    try? await channel.close()
    let connections = connections
    try? await channel.eventLoop.flatSubmit { connections.value.close(within: deadline) }.get()
  }
}
