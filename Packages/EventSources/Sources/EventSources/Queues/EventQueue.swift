import Synchronization
public import XRayModel

/// A message in a queue.
public struct QueueMessage: Hashable, Sendable {
  public var id: String
  public var body: [UInt8]
  public var attributes: [String: String]
  /// The system attribute `AWSTraceHeader`.
  public var traceHeader: String?
  public var sent: Timestamp
  /// How often it was taken, this time included.
  public var receiveCount: Int
}

/// A queue in memory, as SQS's: holds dead letters and records of destinations, and feeds functions.
///
/// Holds 16 MB; what is sent to a full queue is dropped and counted.
public final class EventQueue: Sendable {
  fileprivate struct State {
    var messages: [QueueMessage] = []
    var bytes = 0
    var sent = 0
    var dropped = 0
  }

  public let arn: String
  private let state = Mutex(State())

  static let bytesLimit = 16 * 1024 * 1024

  public init(arn: String) { self.arn = arn }

  /// The messages that wait, oldest first.
  public var messages: [QueueMessage] { state.withLock { $0.messages } }
  /// How many messages were sent to the queue.
  public var sent: Int { state.withLock { $0.sent } }
  /// Messages that found the queue full.
  public var dropped: Int { state.withLock { $0.dropped } }

  /// Appends a message.
  ///
  /// - Parameter traceHeader: The sender's, whose `Parent` is the segment or subsegment that sent it.
  public func send(
    _ body: [UInt8], at moment: Timestamp, attributes: [String: String] = [:], traceHeader: String? = nil
  ) {
    state.withLock { state in
      state.sent += 1
      state.append(
        QueueMessage(
          id: "\(state.sent)", body: body, attributes: attributes, traceHeader: traceHeader, sent: moment,
          receiveCount: 0))
    }
  }

  /// Takes at most `count` messages out, oldest first.
  public func receive(_ count: Int) -> [QueueMessage] {
    state.withLock { state in
      var taken = Array(state.messages.prefix(max(0, count)))
      state.messages.removeFirst(taken.count)
      for index in taken.indices {
        taken[index].receiveCount += 1
        state.bytes -= taken[index].body.count
      }
      return taken
    }
  }

  /// Puts messages back that were not processed.
  public func putBack(_ messages: [QueueMessage]) {
    state.withLock { state in for message in messages { state.append(message) } }
  }
}

extension EventQueue.State {
  fileprivate mutating func append(_ message: QueueMessage) {
    guard bytes + message.body.count <= EventQueue.bytesLimit else {
      dropped += 1
      return
    }
    bytes += message.body.count
    messages.append(message)
  }
}
