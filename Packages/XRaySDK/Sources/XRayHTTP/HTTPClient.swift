public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A small HTTP/1.1 client for one server, with plain TCP unless it is given another transport.
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

  private let authority: String
  private let transport: HTTPTransport
  private let eventLoopGroup: any EventLoopGroup
  private let state = Mutex(State())

  /// - Parameters:
  ///   - transport: TLS and a proxy, from another module.
  ///   - eventLoopGroup: Where the connections live; without one, on NIO's shared threads.
  public init(
    endpoint: HTTPEndpoint, deadline: Duration = .seconds(10), bodyLimit: Int = 16 << 20,
    transport: HTTPTransport = .plain, eventLoopGroup: (any EventLoopGroup)? = nil
  ) {
    self.endpoint = endpoint
    self.deadline = deadline
    self.bodyLimit = bodyLimit
    self.transport = transport
    self.eventLoopGroup = eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
    authority = endpoint.authority
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
      head: request.head(for: endpoint, authority: authority, through: transport), body: request.body, due: due,
      on: channel.eventLoop)
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
    HTTPClientError(reason, server: authority)
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
    if endpoint.isSecure, transport.prepare == nil { throw failure(.noTLS) }
    return try await connect(by: due)
  }

  private func connect(by due: NIODeadline) async throws(HTTPClientError) -> any Channel {
    let target = transport.proxy ?? endpoint
    let bootstrap = ClientBootstrap(group: eventLoopGroup).connectTimeout(due - .now())
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { if self.transport.prepare == nil { try self.addHandlers(to: channel) } }
      }
    do {
      let channel = try await bootstrap.connect(host: target.host, port: target.port).get()
      if let prepare = transport.prepare {
        try await channel.eventLoop.flatSubmit { self.ready(channel, after: prepare, by: due) }.get()
      }
      return channel
    } catch let error as HTTPClientError {
      throw error
    } catch {
      throw HTTPClientError(HTTPClientError.Reason(connecting: error), server: target.authority)
    }
  }

  /// Waits for the transport's preparation, then lets the connection speak HTTP. On the connection's event loop.
  private func ready(
    _ channel: any Channel, after prepare: HTTPTransport.Preparation, by due: NIODeadline
  ) -> EventLoopFuture<Void> {
    let timer = channel.eventLoop.scheduleTask(deadline: due) { channel.close(promise: nil) }
    return prepare(channel, endpoint)
      .flatMapThrowing { try self.addHandlers(to: channel) }
      .flatMapErrorThrowing { error in
        channel.close(promise: nil)
        throw due <= .now() ? self.failure(.timedOut) : error
      }
      .always { _ in timer.cancel() }
  }

  private func addHandlers(to channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    // A request that is not well-formed does not come here: its headers need no second look.
    try pipeline.addHTTPClientHandlers(enableOutboundHeaderValidation: false)
    try pipeline.addHandler(HTTPExchangeHandler(server: authority, bodyLimit: bodyLimit))
  }
}
