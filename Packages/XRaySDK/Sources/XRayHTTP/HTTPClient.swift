import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP/1.1 client for one server, without TLS.
///
/// Connections are kept alive and used again; as many are open as there are requests at one time. Responses
/// come whole, so each has a limit. A request is never sent twice by the client itself.
public final class HTTPClient: Sendable {
  public let endpoint: HTTPEndpoint
  /// Time for a request from the call to the complete response, connecting included.
  public let deadline: Duration
  /// Bytes that a response's body may have.
  public let bodyLimit: Int

  private struct State {
    var idle: [any Channel] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  public init(endpoint: HTTPEndpoint, deadline: Duration = .seconds(10), bodyLimit: Int = 16 << 20) {
    self.endpoint = endpoint
    self.deadline = deadline
    self.bodyLimit = bodyLimit
  }

  deinit {
    for channel in state.withLock({ $0.idle }) { channel.close(promise: nil) }
  }

  /// Sends a request and waits for the complete response, whatever its status.
  public func execute(_ request: HTTPRequest) async throws(HTTPClientError) -> HTTPResponse {
    guard request.isWellFormed else { throw failure(.malformedRequest) }
    let due = NIODeadline.now() + TimeAmount(deadline)
    let channel = try await connection(by: due)
    let exchange = HTTPExchange(
      head: request.head(for: endpoint), body: request.body, due: due, on: channel.eventLoop)
    channel.writeAndFlush(exchange).whenFailure { _ in
      exchange.reply.fail(self.failure(.closed))
      channel.close(promise: nil)
    }
    do {
      let reply = try await withTaskCancellationHandler {
        try await exchange.reply.futureResult.get()
      } onCancel: {
        channel.triggerUserOutboundEvent(HTTPCancellation(exchange: exchange), promise: nil)
      }
      if reply.isReusable { keep(channel) }
      return reply.response
    } catch {
      throw (error as? HTTPClientError) ?? failure(.closed)
    }
  }

  /// Closes the idle connections now and each busy one after its response. Later requests fail.
  public func close() async {
    let idle = state.withLock { state in
      defer { state.idle = [] }
      state.isClosed = true
      return state.idle
    }
    for channel in idle { try? await channel.close() }
  }

  private func failure(_ reason: HTTPClientError.Reason) -> HTTPClientError {
    HTTPClientError(reason, server: endpoint.authority)
  }

  private func keep(_ channel: any Channel) {
    let isKept = state.withLock { state in
      if !state.isClosed { state.idle.append(channel) }
      return !state.isClosed
    }
    if !isKept { channel.close(promise: nil) }
  }

  /// An idle connection that the server has not closed meanwhile, or a new one.
  private func connection(by due: NIODeadline) async throws(HTTPClientError) -> any Channel {
    let (idle, isClosed) = state.withLock { state in
      while let channel = state.idle.popLast() {
        if channel.isActive { return (channel, state.isClosed) as ((any Channel)?, Bool) }
      }
      return (nil, state.isClosed)
    }
    if isClosed { throw failure(.clientClosed) }
    if Task.isCancelled { throw failure(.cancelled) }
    if let idle { return idle }
    let (server, bodyLimit) = (endpoint.authority, bodyLimit)
    let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(due - .now())
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(HTTPExchangeHandler(server: server, bodyLimit: bodyLimit))
        }
      }
    do {
      return try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get()
    } catch {
      throw failure(HTTPClientError.Reason(connecting: error))
    }
  }
}
