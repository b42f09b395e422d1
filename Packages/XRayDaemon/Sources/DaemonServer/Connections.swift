import NIOCore

/// One open connection, as far as the whole server must know it. Lives on the event loop.
final class Connection {
  let channel: any Channel
  /// Since when it is of no use to anyone and may be closed for another; `nil` while it is in use.
  var idleSince: NIODeadline?
  /// When it is told ``ConnectionEvent/overdue``.
  var due: NIODeadline
  var isStream = false

  init(channel: any Channel, due: NIODeadline) {
    self.channel = channel
    self.due = due
    idleSince = .now()
  }
}

/// What a connection's handlers are told from outside.
enum ConnectionEvent: Sendable {
  /// ``Connection/due`` has passed.
  case overdue
  /// The server is being closed: finish what is begun.
  case closing
}

/// All open connections: their number, their deadlines, and the memory that request bodies take. Lives on the loop.
final class Connections {
  /// How exactly deadlines are kept. One timer for all, and only while there are connections, costs less than one each.
  private static let tick = TimeAmount.milliseconds(250)

  let loop: any EventLoop
  private let configuration: DaemonServer.Configuration
  private let tally: Tally
  private var open: [ObjectIdentifier: Connection] = [:]
  private var isTicking = false
  private var streams = 0
  private var bodyBytes = 0
  private(set) var isClosing = false
  private var emptied: EventLoopPromise<Void>?

  init(configuration: DaemonServer.Configuration, tally: Tally, on loop: any EventLoop) {
    self.configuration = configuration
    self.tally = tally
    self.loop = loop
  }

  /// Enters a new connection; `nil` when there are too many and none of them is idle.
  func admit(_ channel: any Channel) -> Connection? {
    guard !isClosing else { return nil }
    if open.count >= configuration.connections {
      let idle = open.values.compactMap { connection in connection.idleSince.map { (connection, since: $0) } }
      guard let oldest = idle.min(by: { $0.since < $1.since })?.0 else {
        tally.refused(.tooManyConnections)
        return nil
      }
      tally.refused(.idleClosed)
      oldest.channel.close(promise: nil)
      remove(oldest)
    }
    let connection = Connection(channel: channel, due: .now() + TimeAmount(configuration.headerTimeout))
    open[ObjectIdentifier(connection)] = connection
    tally.update {
      $0.connectionsAccepted += 1
      $0.connectionsOpen += 1
    }
    scheduleTick()
    return connection
  }

  /// Makes a connection one that streams documents; `false` when there are too many of those.
  func makeStream(_ connection: Connection) -> Bool {
    guard streams < configuration.streams else { return false }
    streams += 1
    connection.isStream = true
    connection.idleSince = nil
    return true
  }

  func remove(_ connection: Connection) {
    guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
    if connection.isStream { streams -= 1 }
    tally.update { $0.connectionsOpen -= 1 }
    if open.isEmpty { emptied?.succeed(()) }
  }

  /// Sets memory for a request's body aside; `false` when there is none left.
  func reserve(_ bytes: Int) -> Bool {
    guard bodyBytes + bytes <= configuration.bodyMemory else { return false }
    bodyBytes += bytes
    return true
  }

  func release(_ bytes: Int) { bodyBytes -= bytes }

  private func scheduleTick() {
    guard !isTicking, !open.isEmpty else { return }
    isTicking = true
    loop.assumeIsolated().scheduleTask(in: Self.tick) {
      self.isTicking = false
      let now = NIODeadline.now()
      for connection in self.open.values where connection.due <= now {
        connection.due = .distantFuture
        connection.channel.pipeline.fireUserInboundEventTriggered(ConnectionEvent.overdue)
      }
      self.scheduleTick()
    }
  }

  /// Admits no further connections, asks those that are open to finish, and closes those that have not after
  /// `deadline`. The future is done when all are gone.
  func close(within deadline: Duration) -> EventLoopFuture<Void> {
    if let emptied { return emptied.futureResult }
    isClosing = true
    let promise = loop.makePromise(of: Void.self)
    emptied = promise
    for connection in open.values {
      connection.channel.pipeline.fireUserInboundEventTriggered(ConnectionEvent.closing)
    }
    if open.isEmpty { promise.succeed(()) }
    let timer = loop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) {
      for connection in self.open.values {
        self.tally.refused(.deadline)
        connection.channel.close(promise: nil)
      }
    }
    promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
    return promise.futureResult
  }
}
