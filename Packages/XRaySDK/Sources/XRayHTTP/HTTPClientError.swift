import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Why there is no response.
public struct HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: String, Hashable, Sendable {
    /// Nobody listens there.
    case refused = "connection refused"
    case unknownHost = "unknown host"
    /// The connection could not be made for another reason.
    case unreachable = "cannot be reached"
    /// The deadline passed before the response was complete.
    case timedOut = "no complete response in time"
    /// The server ended the connection before the response was complete; it may have acted on the request.
    case closed = "connection closed before the response was complete"
    case responseTooLarge = "response larger than the client takes"
    case malformedResponse = "not an HTTP/1.1 response"
    /// The path or a header cannot be sent: it has blanks, line breaks or the like.
    case malformedRequest = "request that cannot be sent"
    /// The endpoint is `https` and the client was made without TLS.
    case noTLS = "https needs a client with TLS"
    /// The server's certificate is not accepted, or the two have no protocol in common.
    case untrusted = "TLS handshake failed"
    /// The proxy did not open a way to the server; the detail has its answer.
    case proxyRefused = "proxy refused the connection"
    /// The calling task was cancelled.
    case cancelled = "cancelled"
    /// ``HTTPClient/close()`` came before.
    case clientClosed = "client is closed"
  }

  public var reason: Reason
  /// The server, as `host:port`.
  public var server: String
  /// What the other side or the TLS library said about it.
  public var detail: String?

  public init(_ reason: Reason, server: String, detail: String? = nil) {
    self.reason = reason
    self.server = server
    self.detail = detail
  }

  public var description: String { "\(server): \(reason.rawValue)" + (detail.map { ": \($0)" } ?? "") }
}

extension HTTPClientError.Reason {
  /// Why a connection could not be made.
  init(connecting error: any Error) {
    guard let error = error as? NIOConnectionError else {
      self = Self(connectingTo: error)
      return
    }
    let failures = error.connectionErrors.map { Self(connectingTo: $0.error) }
    let isUnknown = failures.isEmpty && (error.dnsAError != nil || error.dnsAAAAError != nil)
    self = isUnknown ? .unknownHost : failures.first { $0 != .unreachable } ?? .unreachable
  }

  private init(connectingTo error: any Error) {
    switch error {
    case let error as IOError where error.errnoCode == ECONNREFUSED: self = .refused
    case ChannelError.connectTimeout: self = .timedOut
    default: self = .unreachable
    }
  }

  /// Why no response could be read.
  init(reading error: any Error) {
    switch error {
    case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .closed
    case is HTTPParserError, is NIOHTTPDecoderError: self = .malformedResponse
    default: self = .closed
    }
  }
}
