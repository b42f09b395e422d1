import Synchronization
public import XRayModel

/// The topics of an account: their definitions, which are kept, and the little that FIFO topics remember of messages.
public final class TopicRegistry: Sendable {
  private let records: Mutex<TopicRecords>
  /// Held while a change is made and kept, so that one follows the other.
  private let changing = Mutex(())
  private let sequences = Mutex<[String: TopicSequence]>([:])
  private let save: @Sendable (TopicRecords) throws -> Void

  /// - Parameters:
  ///   - records: What was kept.
  ///   - save: Keeps the records, before a change counts. When it throws, nothing has changed.
  public init(
    records: TopicRecords = TopicRecords(), save: @escaping @Sendable (TopicRecords) throws -> Void = { _ in }
  ) {
    self.records = Mutex(records)
    self.save = save
  }

  /// What is known now.
  public var current: TopicRecords { records.withLock { $0 } }

  /// Changes the records, all or nothing. Waits for the disk when `save` does; readers never wait for others.
  ///
  /// - Parameter failure: Makes an error of the one with which `save` failed.
  public func change<Result, Failure: Error>(
    failure: (any Error) -> Failure, _ body: (inout TopicRecords) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try changing.withLock { _ throws(Failure) in
      let before = current
      var after = before
      let result = try body(&after)
      if after == before { return result }
      do { try save(after) } catch { throw failure(error) }
      records.withLock { $0 = after }
      for name in before.topics.keys where after.topics[name] == nil { sequences.withLock { $0[name] = nil } }
      return result
    }
  }

  /// Gives a message to the topic `arn` its id, and says who gets it: nobody when a FIFO topic had it in the last five
  /// minutes, as its deduplication id tells. `nil` when there is no such topic.
  public func publish(
    _ message: TopicMessage, to arn: String, at now: Timestamp, random: RandomSource
  ) -> (message: PublishedMessage, notifications: [TopicNotification])? {
    let records = current
    guard let topic = records.topic(arn) else { return nil }
    var published = PublishedMessage(id: random.requestID(), time: now)
    if topic.isFIFO {
      let earlier = sequences.withLock { sequences in
        sequences[topic.name, default: TopicSequence()].number(&published, message.deduplicationID)
      }
      if let earlier { return (earlier, []) }
    }
    let notifications = records.subscriptions(ofTopic: topic.name)
      .filter { $0.filter?.admits(message) ?? true }
      .map { subscription in
        TopicNotification(
          message: message, published: published, topicARN: arn, region: records.region, subscription: subscription,
          subscriptionARN: records.arn(of: subscription))
      }
    return (published, notifications)
  }
}

/// What a FIFO topic remembers: how many messages it had, and those of the last five minutes.
private struct TopicSequence {
  private static let memory = Duration.seconds(300)
  /// Messages that are remembered at a time; beyond it the oldest are forgotten early.
  private static let memoryLimit = 10_000

  private var count = 0
  private var seen: [String: PublishedMessage] = [:]
  /// Oldest first.
  private var order: [String] = []
  private var oldest = 0

  /// Numbers a message, or gives the one that it repeats.
  mutating func number(_ message: inout PublishedMessage, _ deduplicationID: String?) -> PublishedMessage? {
    forget(before: message.time)
    if let deduplicationID, let earlier = seen[deduplicationID] { return earlier }
    count += 1
    let digits = String(count)
    message.sequenceNumber = "1" + String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
    if let deduplicationID {
      seen[deduplicationID] = message
      order.append(deduplicationID)
    }
    return nil
  }

  private mutating func forget(before now: Timestamp) {
    while oldest < order.count, let message = seen[order[oldest]],
      order.count - oldest >= Self.memoryLimit || message.time.advanced(by: Self.memory) <= now
    {
      seen[order[oldest]] = nil
      oldest += 1
    }
    if oldest > Self.memoryLimit {
      order.removeFirst(oldest)
      oldest = 0
    }
  }
}
