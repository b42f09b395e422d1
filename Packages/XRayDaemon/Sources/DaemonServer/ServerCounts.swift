import Synchronization

/// What the server did since its start.
public struct ServerCounts: Hashable, Sendable {
  /// Requests of one path that were answered alike.
  public struct Requests: Hashable, Sendable {
    /// A path that the server knows, or `other`.
    public var path: String
    /// The first digit of the status.
    public var statusClass: Int

    /// A path and a class, such as 4 for all statuses from 400 to 499.
    public init(path: String, statusClass: Int) {
      self.path = path
      self.statusClass = statusClass
    }
  }

  /// Requests that were answered, also with an error.
  public var requests: [Requests: Int] = [:]
  /// Connections that were not refused at once.
  public var connectionsAccepted = 0
  /// Connections at the moment.
  public var connectionsOpen = 0
  /// Connections and requests that were refused or ended by the server, by reason.
  public var refusals: [String: Int] = [:]
  /// Documents that the daemon took, from streams and `POST /TraceSegments`.
  public var documentsAccepted = 0
  /// Documents that the daemon refused.
  public var documentsRejected = 0
  /// Documents lost because there was no room for too long.
  public var documentsDropped = 0
  /// Documents of `POST /TraceSegments` that were handed back for want of room.
  public var documentsReturned = 0
  /// How often a stream had to wait for room.
  public var waitsForRoom = 0

  /// Nothing yet.
  public init() {}
}

/// The counts while they grow; read from anywhere.
final class Tally: Sendable {
  private let counts = Mutex(ServerCounts())

  var current: ServerCounts { counts.withLock { $0 } }

  func update(_ change: (inout ServerCounts) -> Void) { counts.withLock { change(&$0) } }

  func refused(_ reason: Refusal) { update { $0.refusals[reason.rawValue, default: 0] += 1 } }
}

/// Why the server refused or ended something, as the counts name it.
enum Refusal: String {
  case tooManyConnections = "too many connections"
  case tooManyStreams = "too many streams"
  case idleClosed = "idle, closed for another connection"
  case idle = "idle for too long"
  case noFirstByte = "nothing sent"
  case unknownProtocol = "unknown protocol"
  case deadline = "cut off at shutdown"

  case slowHeaders = "headers not complete in time"
  case slowRequest = "request not complete in time"
  case malformedRequest = "malformed request"
  case headersTooLarge = "headers too large"
  case bodyTooLarge = "body too large"
  case bodyMemory = "no memory for bodies"
  case expectation = "unknown expectation"
  case pipelining = "too many pipelined requests"
  case host = "host not allowed"
  case origin = "origin not allowed"
  case notProxied = "not on the allow-list"
  case unknownPath = "unknown path"
  case method = "wrong method"
  case badBody = "malformed body"

  case slowDocument = "document not complete in time"
  case cutDocument = "ended inside a document"
  case garbage = "not a stream of documents"
}
