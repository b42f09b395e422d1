import DaemonServer
import NIOPosix
import Synchronization
import Testing

/// The suite of suites: one server at a time, so that their times are not disturbed.
@Suite(.serialized) struct DaemonServerTests {}

/// What stands behind the server.
final class Backend: Sendable {
  struct State: Sendable {
    var documents: [[UInt8]] = []
    var rejections: [String] = []
    var dropped = 0
    /// Documents for which there is room.
    var room = Int.max
    var unreadiness: [String] = []
    var metrics = "up 1\n"
    var forwarded: [ProxyRequest] = []
    var delay = Duration.zero
    /// Whether answers wait until this is taken back.
    var isHeld = false
    var wasCancelled = false
    var response = ProxyResponse(status: 200, headers: ["Content-Type": "application/json"], body: Array("{}".utf8))
  }

  let state = Mutex(State())

  var current: State { state.withLock { $0 } }
  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
  var documents: [String] { current.documents.map { String(decoding: $0, as: UTF8.self) } }

  var handlers: DaemonServer.Handlers {
    DaemonServer.Handlers(
      accept: { document, isLastTry in
        let bytes = document.withUnsafeBufferPointer(Array.init)
        return self.state.withLock { state in
          if bytes == Array("bad".utf8) { return .rejected(reason: "bad one") }
          guard state.room > 0 else {
            if isLastTry { state.dropped += 1 }
            return .noRoom
          }
          state.room -= 1
          state.documents.append(bytes)
          return .accepted
        }
      },
      reject: { reason in self.set { $0.rejections.append(reason) } },
      forward: { request in
        self.set { $0.forwarded.append(request) }
        do { try await Task.sleep(for: self.current.delay) } catch { self.set { $0.wasCancelled = true } }
        while self.current.isHeld, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        return self.current.response
      },
      unreadiness: { self.current.unreadiness },
      metrics: { self.current.metrics })
  }
}

/// Runs a server on a free port of one event loop.
func withServer(
  _ configure: (inout DaemonServer.Configuration) -> Void = { _ in },
  _ body: (BoundServer, Backend) async throws -> Void
) async throws {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  var configuration = DaemonServer.Configuration()
  // Tests run beside a thousand others: a client may take its time between two steps.
  configuration.headerTimeout = .seconds(600)
  configuration.requestTimeout = .seconds(600)
  configuration.port = 0
  configure(&configuration)
  let backend = Backend()
  let server = try await DaemonServer(configuration: configuration, handlers: backend.handlers, group: group).start()
  do {
    try await body(server, backend)
  } catch {
    await server.close(deadline: .zero)
    try await group.shutdownGracefully()
    throw error
  }
  await server.close(deadline: .zero)
  #expect(server.counts.connectionsOpen == 0)
  try await group.shutdownGracefully()
}

/// Waits until something has come to be.
func eventually(_ condition: () -> Bool, _ location: SourceLocation = #_sourceLocation) async throws {
  for _ in 0..<2000 {
    if condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record("did not happen", sourceLocation: location)
}

extension BoundServer {
  func refusals(_ reason: String) -> Int { counts.refusals[reason] ?? 0 }
}
