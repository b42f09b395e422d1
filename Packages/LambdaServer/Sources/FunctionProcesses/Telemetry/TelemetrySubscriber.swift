import NIOCore
import XRayModel

/// One extension's subscription at work: events are gathered into batches, and one batch at a time is on its way.
///
/// While one is, another gathers. What comes when that is full as well is dropped and counted, and so is a batch that
/// does not arrive; the subscriber is told of it before what comes next. Nobody else waits for a slow subscriber.
final class TelemetrySubscriber {
  private struct Loss {
    var records = 0
    var bytes = 0
    var reason = ""

    mutating func add(records: Int, bytes: Int, reason: String) {
      self.records += records
      self.bytes += bytes
      self.reason = reason
    }
  }

  let subscription: TelemetrySubscription
  private let loop: any EventLoop
  private let clock: any WallClock
  private let sender: TelemetrySender
  private var batch: [[UInt8]] = []
  private var batchBytes = 0
  private var loss = Loss()
  private var timer: Scheduled<Void>?
  private var sending: (records: Int, bytes: Int)?
  /// Whether the batch that gathers is sent as soon as the way is free.
  private var isDue = false
  private var isClosed = false
  private var flushed: EventLoopPromise<Void>?

  init(_ subscription: TelemetrySubscription, loop: any EventLoop, clock: any WallClock) {
    self.subscription = subscription
    self.loop = loop
    self.clock = clock
    sender = TelemetrySender(subscription.destination, loop: loop)
  }

  /// Takes an event, if it is of a kind that was asked for.
  func offer(_ event: TelemetryEvent) {
    guard !isClosed, subscription.categories.contains(event.category),
      let bytes = event.rendered(for: subscription.api, schemaVersion: subscription.schemaVersion)
    else { return }
    let limits = subscription.buffering
    if batch.count >= limits.items || (batchBytes + bytes.count > limits.bytes && !batch.isEmpty) {
      guard sending == nil else {
        return loss.add(
          records: 1, bytes: bytes.count, reason: "The subscriber is slower than what it has to take")
      }
      send()
    }
    batch.append(bytes)
    batchBytes += bytes.count
    if batch.count >= limits.items || batchBytes >= limits.bytes {
      isDue = true
      if sending == nil { send() }
    } else if timer == nil, !isDue {
      let bound = NIOLoopBound(self, eventLoop: loop)
      timer = loop.scheduleTask(in: .milliseconds(Int64(limits.milliseconds))) { bound.value.becomeDue() }
    }
  }

  private func becomeDue() {
    timer?.cancel()
    timer = nil
    isDue = true
    if sending == nil { send() }
  }

  /// Sends what is buffered. Succeeds when that has arrived or is lost.
  func flush() -> EventLoopFuture<Void> {
    guard !isClosed, !batch.isEmpty || sending != nil || loss.records > 0 else { return loop.makeSucceededVoidFuture() }
    let promise = flushed ?? loop.makePromise(of: Void.self)
    flushed = promise
    becomeDue()
    return promise.futureResult
  }

  private func send() {
    timer?.cancel()
    timer = nil
    isDue = false
    let (records, bytes, lost) = (batch.count, batchBytes, loss)
    let events = note(of: lost).map { [$0] + batch } ?? batch
    (batch, batchBytes, loss) = ([], 0, Loss())
    guard !events.isEmpty else { return finish() }
    sending = (records, bytes)
    let bound = NIOLoopBound((self, lost), eventLoop: loop)
    sender.send(events).whenComplete { result in
      let (subscriber, lost) = bound.value
      subscriber.sending = nil
      if case .failure(let error) = result {
        subscriber.loss.add(
          records: records + lost.records, bytes: bytes + lost.bytes, reason: "The subscriber did not take it: \(error)"
        )
      }
      if subscriber.isDue, !subscriber.batch.isEmpty { return subscriber.send() }
      subscriber.finish()
    }
  }

  /// What a subscriber is told of what it has missed.
  private func note(of loss: Loss) -> [UInt8]? {
    guard loss.records > 0, subscription.categories.contains(.platform) else { return nil }
    let event = TelemetryEvent(
      time: clock.now, content: .dropped(records: loss.records, bytes: loss.bytes, reason: loss.reason))
    return event.rendered(for: subscription.api, schemaVersion: subscription.schemaVersion)
  }

  private func finish() {
    isDue = false
    flushed?.succeed()
    flushed = nil
  }

  /// Ends it; what has not arrived is lost.
  func close() -> EventLoopFuture<Void> {
    isClosed = true
    timer?.cancel()
    timer = nil
    loss.add(
      records: batch.count + (sending?.records ?? 0), bytes: batchBytes + (sending?.bytes ?? 0),
      reason: "The environment ended")
    undelivered = loss.records
    batch = []
    finish()
    return sender.close()
  }

  /// Events that it never got and was not told of, once it is closed.
  private(set) var undelivered = 0
}
