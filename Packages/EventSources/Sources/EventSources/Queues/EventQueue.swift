import Synchronization
public import XRayModel

/// A queue in memory that works as SQS's: visibility timeouts, delays, retention, dead letters, FIFO queues.
///
/// It has no time of its own: every step is told its moment. It holds 64 MiB, each message with 512 bytes more than it
/// has; what finds no room is refused, and counted where nobody can be told.
public final class EventQueue: Sendable {
  private struct State {
    var store: MessageStore
    var deduplication = Deduplication()
    var waiters = Waiters()
    var record: Record
    var sent = 0
    var dropped = 0
    var purged: Timestamp?
  }

  /// What is known of the queue itself.
  struct Record {
    var tags: [String: String] = [:]
    var created: Timestamp
    var modified: Timestamp
    /// Whether somebody created it, or it was only named as a target.
    var isCreated: Bool
  }

  /// How many messages there are of each kind.
  public struct Counts: Hashable, Sendable {
    /// Those that can be received, and those of a FIFO queue that wait for others of their group.
    public var visible: Int
    public var inFlight: Int
    public var delayed: Int
  }

  /// How many messages may be in flight; while as many are, nothing is received.
  public static var inFlightLimit: Int { MessageStore.inFlightLimit }

  public let arn: String
  private let random: RandomSource
  private let forward: @Sendable (_ letter: QueueMessage, _ target: String, _ moment: Timestamp) -> Void
  private let state: Mutex<State>

  /// - Parameter forward: Takes a dead letter to the queue of the ARN.
  init(
    arn: String, settings: QueueSettings, record: Record, random: RandomSource,
    forward: @escaping @Sendable (_ letter: QueueMessage, _ target: String, _ moment: Timestamp) -> Void
  ) {
    self.arn = arn
    self.random = random
    self.forward = forward
    state = Mutex(State(store: MessageStore(settings), record: record))
  }

  /// What follows the last colon of the ARN.
  public var name: String { Self.name(in: arn) }

  static func name(in arn: String) -> String { String(arn.split(separator: ":").last ?? "") }

  public var settings: QueueSettings { state.withLock { $0.store.settings } }
  public var tags: [String: String] { state.withLock { $0.record.tags } }
  public var created: Timestamp { state.withLock { $0.record.created } }
  /// When settings were changed last.
  public var modified: Timestamp { state.withLock { $0.record.modified } }

  var record: Record { state.withLock { $0.record } }

  /// Whether it was created, or has got a message.
  var isThere: Bool { state.withLock { $0.record.isCreated || $0.sent > 0 } }

  func change(settings: QueueSettings, record: Record) {
    change { state in
      state.store.settings = settings
      state.record = record
    }
  }

  /// All messages that the queue holds, oldest first, whether they can be received or not.
  public var messages: [QueueMessage] { state.withLock { $0.store.messages } }
  /// How many messages were sent to the queue and found room.
  public var sent: Int { state.withLock { $0.sent } }
  /// Messages that found no room and whose senders could not be told.
  public var dropped: Int { state.withLock { $0.dropped } }

  public func counts(at moment: Timestamp) -> Counts {
    state.withLock { state in
      state.store.advance(to: moment)
      return Counts(visible: state.store.visible, inFlight: state.store.inFlight, delayed: state.store.delayed)
    }
  }

  /// Whether something can be received; cheap.
  public func hasVisible(at moment: Timestamp) -> Bool {
    state.withLock { state in
      state.store.advance(to: moment)
      return state.store.hasVisible()
    }
  }

  /// Whether there is no message at all.
  public func isEmpty(at moment: Timestamp) -> Bool {
    state.withLock { state in
      state.store.advance(to: moment)
      return state.store.count == 0
    }
  }

  /// When a message that is hidden becomes visible next.
  public var nextVisible: Timestamp? { state.withLock { $0.store.nextVisible() } }

  // MARK: Sending

  /// Adds a message whose sender is not told what becomes of it: a message without room is dropped and counted.
  public func send(
    _ body: [UInt8], at moment: Timestamp, attributes: [String: MessageAttribute] = [:], traceHeader: String? = nil
  ) {
    var message = NewMessage(body)
    message.attributes = attributes
    message.traceHeader = traceHeader
    do throws(QueueError) { try send(message, at: moment) } catch { change { $0.dropped += 1 } }
  }

  /// Adds a message. In a FIFO queue, a duplicate is answered as the first was, and not added.
  ///
  /// - Throws: When it is larger than the queue's messages may be, or finds no room.
  @discardableResult
  public func send(_ message: NewMessage, at moment: Timestamp) throws(QueueError) -> SentMessage {
    try change { state throws(QueueError) in
      state.store.advance(to: moment)
      let settings = state.store.settings
      guard message.bytes <= settings.maximumMessageBytes else {
        throw QueueError(
          .invalidParameterValue,
          "One or more parameters are invalid. Reason: Message must be shorter than "
            + "\(settings.maximumMessageBytes) bytes.")
      }
      var message = message
      if settings.isOrdered, message.deduplicationID == nil, settings.deduplicatesByContent {
        message.deduplicationID = SHA256.digest(message.body)
      }
      var key: [String]?
      if settings.isOrdered, let id = message.deduplicationID {
        let scoped = settings.deduplicatesByGroup ? [message.groupID ?? "", id] : [id]
        if let original = state.deduplication.original(scoped, at: moment) { return original }
        key = scoped
      }
      guard state.store.hasRoom(for: message.bytes) else {
        throw QueueError(.overLimit, "The queue holds as much as it can here: \(MessageStore.bytesLimit) bytes.")
      }
      let id = random.requestID()
      let delay = Duration.seconds(message.delaySeconds ?? settings.delaySeconds)
      let number = state.store.insert(QueueMessage(message, id: id, sent: moment), delay: delay, at: moment)
      state.sent += 1
      let answer = SentMessage(id: id, sequenceNumber: number)
      if let key { state.deduplication.keep(key, answer, at: moment) }
      return answer
    }
  }

  /// Adds a dead letter of another queue, which keeps its id and, in standard queues, its age.
  func accept(_ letter: QueueMessage, from source: String, at moment: Timestamp) {
    change { state in
      state.store.advance(to: moment)
      guard state.store.hasRoom(for: letter.bytes) else { return state.dropped += 1 }
      var letter = letter
      letter.deadLetterSource = source
      letter.receiptHandle = ""
      letter.receiveCount = 0
      letter.firstReceived = nil
      if state.store.settings.isOrdered { letter.sent = moment }
      _ = state.store.insert(letter, delay: .zero, at: moment)
      state.sent += 1
    }
  }

  // MARK: Receiving

  /// Receives at most `count` messages, the oldest first, and hides them.
  ///
  /// A message that was received as often as the redrive policy allows goes to the dead letter queue instead.
  ///
  /// - Parameters:
  ///   - visibility: For how long; the queue's visibility timeout when it is `nil`.
  ///   - bytes: How many bytes the messages may have together.
  public func receive(
    _ count: Int, at moment: Timestamp, visibility: Duration? = nil, bytes: Int = .max
  ) -> [QueueMessage] {
    let (received, exhausted, target) = state.withLock { state in
      state.store.advance(to: moment)
      let settings = state.store.settings
      let result = state.store.receive(
        count, limit: bytes, until: moment.advanced(by: visibility ?? settings.visibilityTimeout), at: moment)
      return (result.received, result.exhausted, settings.redrive?.target)
    }
    if let target { for letter in exhausted { forward(letter, target, moment) } }
    return received
  }

  /// Receives as soon as there is something, at the latest at `deadline`; at once when the task is cancelled.
  public func receive(
    _ count: Int, until deadline: Timestamp, on clock: any WallClock, visibility: Duration? = nil
  ) async -> [QueueMessage] {
    while true {
      let changes = changes
      let now = clock.now
      let messages = receive(count, at: now, visibility: visibility)
      if !messages.isEmpty || now >= deadline || Task.isCancelled { return messages }
      await change(since: changes, until: min(deadline, nextVisible ?? deadline), on: clock)
    }
  }

  /// Deletes a message that was received; nothing happens when it is gone, or was received again since.
  ///
  /// - Throws: For a handle that is none of this queue, and in FIFO queues when the message is no longer in flight.
  public func delete(_ receiptHandle: String, at moment: Timestamp) throws(QueueError) {
    try change { state throws(QueueError) in
      state.store.advance(to: moment)
      try state.store.delete(receiptHandle)
    }
  }

  /// Hides a message that is in flight for `duration` from now on; zero makes it visible.
  public func changeVisibility(
    _ receiptHandle: String, to duration: Duration, at moment: Timestamp
  ) throws(QueueError) {
    try change { state throws(QueueError) in
      state.store.advance(to: moment)
      try state.store.changeVisibility(receiptHandle, until: moment.advanced(by: duration))
      state.store.advance(to: moment)
    }
  }

  /// Removes all messages.
  ///
  /// - Throws: When that was done less than 60 seconds ago.
  public func purge(at moment: Timestamp) throws(QueueError) {
    try change { state throws(QueueError) in
      if let last = state.purged, moment < last.advanced(by: .seconds(60)) {
        throw QueueError(
          .purgeQueueInProgress, "Only one PurgeQueue operation on \(name) is allowed every 60 seconds.")
      }
      state.purged = moment
      state.store.removeAll()
    }
  }

  // MARK: Waiting

  /// Grows with every change after which something may be visible that was not.
  public var changes: Int { state.withLock { $0.waiters.changes } }

  /// How many wait for the queue to change.
  public var waiting: Int { state.withLock { $0.waiters.count } }

  /// Waits until ``changes`` is no longer what it was, or until `deadline`; at once when the task is cancelled.
  public func change(since changes: Int, until deadline: Timestamp, on clock: any WallClock) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await clock.sleep(until: deadline, tolerance: nil) }
      group.addTask { await self.change(since: changes) }
      await group.next()
      group.cancelAll()
    }
  }

  private func change(since changes: Int) async {
    let id = state.withLock { $0.waiters.newID() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { !$0.waiters.add(continuation, id: id, since: changes) }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.cancel(id) }?.resume()
    }
    state.withLock { $0.waiters.forget(id) }
  }

  private func change<Result: Sendable, Failure: Error>(
    _ body: (inout sending State) throws(Failure) -> sending Result
  ) throws(Failure) -> Result {
    let (result, waiting) = try state.withLock { state throws(Failure) in
      let result = try body(&state)
      return (result, state.waiters.changed())
    }
    for continuation in waiting { continuation.resume() }
    return result
  }
}
