public import EventSources
import XRayModel

/// Where records of destinations and dead letters go.
extension LambdaService {
  /// The queue `arn`, made when it is first named: a target of dead letters and records, or a source of messages.
  public func queue(_ arn: String) -> EventQueue { queues.queue(arn, at: clock.now) }

  /// Sends a message to the target `arn` of a function: a queue, a topic's subscribers, or a function as an event.
  /// What cannot be delivered is counted and told.
  func send(
    _ body: [UInt8], to arn: String, attributes: [String: String] = [:], traceHeader: String? = nil
  ) {
    switch ARN(arn)?.service {
    case "sns":
      var message = TopicMessage(body: String(decoding: body, as: UTF8.self))
      message.attributes = attributes.mapValues { MessageAttribute($0) }
      message.traceHeader = traceHeader
      publish(message, to: arn)
    case "lambda": post(body, to: arn, traceHeader: traceHeader)
    case "events", "s3": leaveUndelivered(.unsupported, arn)
    // Queues have names of their own where nobody asks for ARNs.
    default:
      queue(arn).send(
        body, at: clock.now, attributes: attributes.mapValues { MessageAttribute($0) }, traceHeader: traceHeader)
    }
  }

  /// Publishes a message to the topic `arn`, and delivers it to the subscribers whose filters admit it. Functions run
  /// their events in ``run()``.
  ///
  /// Returns what was made of the message; `nil` when it was not published, which is counted and told. A tracing header
  /// that cannot be read is counted as such and left out.
  @discardableResult
  public func publish(_ message: TopicMessage, to arn: String) -> PublishedMessage? {
    var message = message
    if let text = message.traceHeader, (try? TraceHeader(parsing: text)) == nil {
      state.withLock { $0.malformedHeaders += 1 }
      message.traceHeader = nil
    }
    guard message.bytes <= TopicMessage.bytesLimit else {
      leaveUndelivered(.tooLarge, arn)
      return nil
    }
    guard let (published, notifications) = topics.publish(message, to: arn, at: clock.now, random: random) else {
      leaveUndelivered(.unknownTopic, arn)
      return nil
    }
    for notification in notifications { deliver(notification) }
    return published
  }

  private func deliver(_ notification: TopicNotification) {
    let subscription = notification.subscription
    switch subscription.target {
    case .queue:
      guard let message = notification.queueMessage else {
        return leaveUndelivered(.tooLarge, subscription.endpoint)
      }
      do throws(QueueError) {
        try queue(subscription.endpoint).send(message, at: clock.now)
      } catch {
        leaveUndelivered(.refusedByQueue, subscription.endpoint)
      }
    case .function:
      post(notification.functionEvent, to: subscription.endpoint, traceHeader: notification.message.traceHeader)
    }
  }
}
