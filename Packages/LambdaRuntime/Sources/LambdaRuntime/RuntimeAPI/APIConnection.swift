import NIOCore
import NIOHTTP1
import NIOPosix

/// The one connection to the Runtime API. It is kept from call to call, and made anew when Lambda has closed it
/// between two calls.
///
/// No call has a time limit: Lambda stops the process between invocations, for hours, and its clocks go on.
actor APIConnection {
  /// Lambda's events have 6 MB at most.
  static let bodyBytesLimit = 16 << 20

  private let host: String
  private let port: Int
  private let group: any EventLoopGroup
  private var channel: (any Channel)?

  /// - Parameter address: `host:port`; an IPv6 address stands in brackets.
  init(address: String?, group: any EventLoopGroup) throws(LambdaRuntimeError) {
    guard let address, let colon = address.lastIndex(of: ":"), colon > address.startIndex,
      let port = UInt16(address[address.index(after: colon)...]), port > 0,
      address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .noRuntimeAPI(address: address) }
    let host = address[..<colon]
    self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
    self.port = Int(port)
    self.group = group
  }

  /// `nil` when the task is cancelled meanwhile; the connection is closed then.
  func get(_ path: String) async throws(LambdaRuntimeError) -> APIAnswer? {
    let channel = try await connected()
    let call = call(.GET, path, on: channel)
    do {
      return try await withTaskCancellationHandler {
        try await answer(to: call, on: channel)
      } onCancel: {
        channel.close(promise: nil)
      }
    } catch let error as LambdaRuntimeError {
      if Task.isCancelled { return nil }
      throw error
    } catch {
      throw .connectionFailed(reason: "\(error)")
    }
  }

  /// Is not given up when the task is cancelled: what was worked out is told.
  func post(_ path: String, _ headers: HTTPHeaders, _ body: [UInt8]) async throws(LambdaRuntimeError) -> APIAnswer {
    let channel = try await connected()
    return try await answer(to: call(.POST, path, headers, body, on: channel), on: channel)
  }

  func close() async {
    guard let channel else { return }
    self.channel = nil
    try? await channel.close()
  }

  private func call(
    _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:], _ body: [UInt8] = [], on channel: any Channel
  ) -> APICall {
    var headers = headers
    headers.add(name: "Host", value: host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)")
    headers.add(name: "User-Agent", value: "fluoro-swift-lambda")
    if method == .POST { headers.add(name: "Content-Length", value: String(body.count)) }
    return APICall(
      head: HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers),
      body: ByteBuffer(bytes: body), answer: channel.eventLoop.makePromise())
  }

  private func answer(to call: APICall, on channel: any Channel) async throws(LambdaRuntimeError) -> APIAnswer {
    let request = "\(call.head.method) \(call.head.uri)"
    channel.writeAndFlush(call).whenFailure { call.answer.fail($0) }
    do {
      return try await call.answer.futureResult.get()
    } catch let error as APICallFailure {
      switch error {
      case .closed: throw .connectionFailed(reason: "\(request) had no complete answer")
      case .malformed: throw .malformedAnswer(to: request, reason: "is not HTTP")
      case .tooLarge: throw .malformedAnswer(to: request, reason: "has more than \(Self.bodyBytesLimit) bytes")
      }
    } catch {
      throw .connectionFailed(reason: "\(error)")
    }
  }

  private func connected() async throws(LambdaRuntimeError) -> any Channel {
    if let channel, channel.isActive { return channel }
    let bootstrap = ClientBootstrap(group: group)
      .channelOption(.socketOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(APICallHandler(bodyBytesLimit: Self.bodyBytesLimit))
        }
      }
    do {
      let channel = try await bootstrap.connect(host: host, port: port).get()
      self.channel = channel
      return channel
    } catch {
      throw .connectionFailed(reason: "\(error)")
    }
  }
}
