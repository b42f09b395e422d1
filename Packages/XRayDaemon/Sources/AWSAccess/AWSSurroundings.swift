public import NIOCore
public import XRayHTTP
public import XRayModel

/// What the look-ups of this module see of the machine: variables, files, the time and the network.
public struct AWSSurroundings: Sendable {
  public var variables: [String: String]
  public var clock: any WallClock
  /// A file's bytes; `nil` when it cannot be read.
  public var readFile: @Sendable (String) -> [UInt8]?
  /// Makes a client for an `https` endpoint. The default has no TLS: its requests fail.
  public var secureClient: @Sendable (HTTPEndpoint) -> HTTPClient
  /// Time for each question over plain HTTP; `nil`: 1 second for metadata and containers, 5 for STS.
  public var deadline: Duration?
  /// Where plain connections live; `nil`: on NIO's shared threads.
  public var eventLoopGroup: (any EventLoopGroup)?

  /// This machine, unless told otherwise.
  public init(
    variables: [String: String], clock: any WallClock = SystemClock(),
    readFile: @escaping @Sendable (String) -> [UInt8]? = { WholeFile.read($0) },
    eventLoopGroup: (any EventLoopGroup)? = nil,
    secureClient: @escaping @Sendable (HTTPEndpoint) -> HTTPClient = { HTTPClient(endpoint: $0) }
  ) {
    self.variables = variables
    self.clock = clock
    self.readFile = readFile
    self.eventLoopGroup = eventLoopGroup
    self.secureClient = secureClient
  }

  /// A variable that is set and not empty.
  subscript(name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  /// Whether a variable says `true`, in either case.
  func isTrue(_ name: String) -> Bool { self[name]?.lowercased() == "true" }

  /// Asks once, over a connection of its own: look-ups are rare.
  func ask(
    _ endpoint: HTTPEndpoint, _ request: HTTPRequest, deadline: Duration
  ) async throws(HTTPClientError) -> HTTPResponse {
    let client =
      endpoint.isSecure
      ? secureClient(endpoint)
      : HTTPClient(
        endpoint: endpoint, deadline: self.deadline ?? deadline, bodyLimit: 1 << 20, eventLoopGroup: eventLoopGroup)
    do {
      let response = try await client.execute(request)
      await client.close()
      return response
    } catch {
      await client.close()
      throw error
    }
  }

  /// A text file without the blanks and line breaks around it; `nil` when it cannot be read.
  func text(of path: String) -> String? {
    readFile(path).map { String(decoding: $0, as: UTF8.self).trimmed }
  }
}

extension StringProtocol {
  /// Without white space at either end.
  var trimmed: String {
    let rest = drop { $0.isWhitespace }
    guard let last = rest.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(rest[...last])
  }
}
