import LambdaEmitter
import NIOCore
import XRayModel

/// The telemetry of one environment: takes what happens, and gives it to those who subscribed.
///
/// What happens before anybody subscribes is kept, within bounds, until initialization is over: subscribers get it, too.
/// Where nobody has subscribed by then, nothing is made or kept any more.
final class Telemetry {
  private static let backlogLimit = 1000
  private static let backlogBytesLimit = 262_144

  private let loop: any EventLoop
  private let clock: any WallClock
  private(set) var subscribers: [TelemetrySubscriber] = []
  private var backlog: [TelemetryEvent] = []
  private var backlogBytes = 0
  /// Whether extensions may subscribe.
  private(set) var isOpen = true

  init(loop: any EventLoop, clock: any WallClock) {
    self.loop = loop
    self.clock = clock
  }

  /// Whether somebody is told of what happens, or still may be.
  var isHeard: Bool { isOpen || !subscribers.isEmpty }

  /// An event of this moment, or of an earlier one.
  func emit(_ content: TelemetryEvent.Content, at time: Timestamp? = nil) {
    guard isHeard else { return }
    let event = TelemetryEvent(time: time ?? clock.now, content: content)
    if isOpen { keep(event) }
    for subscriber in subscribers { subscriber.offer(event) }
  }

  private func keep(_ event: TelemetryEvent) {
    let bytes =
      switch event.content {
      case .functionLine(let line), .extensionLine(let line): line.utf8.count + 1
      default: 256
      }
    // What finds no room goes to those who subscribed before, and to the log.
    guard backlog.count < Self.backlogLimit, backlogBytes + bytes <= Self.backlogBytesLimit else { return }
    backlog.append(event)
    backlogBytes += bytes
  }

  /// Adds a subscriber, in place of an earlier subscription of the same extension.
  func subscribe(_ subscription: TelemetrySubscription) throws(ExtensionError) {
    guard isOpen else { throw .subscriptionClosed(subscription.api) }
    if let index = subscribers.firstIndex(where: { $0.subscription.name == subscription.name }) {
      guard subscribers[index].subscription.api == subscription.api else {
        throw .validation("The extension has subscribed with the other API")
      }
      subscribers.remove(at: index).close().whenComplete { _ in }
    }
    let subscriber = TelemetrySubscriber(subscription, loop: loop, clock: clock)
    for event in backlog { subscriber.offer(event) }
    subscribers.append(subscriber)
    emit(.subscription(subscription))
  }

  /// Initialization is over: nobody subscribes any more.
  func closeSubscriptions() {
    isOpen = false
    backlog = []
    backlogBytes = 0
  }

  /// Sends what is buffered. Succeeds when that is done, whatever became of it.
  func flush() -> EventLoopFuture<Void> {
    EventLoopFuture.andAllComplete(subscribers.map { $0.flush() }, on: loop)
  }

  /// Ends all subscriptions; what is not sent is lost. Succeeds when nothing is open any more.
  func close() -> EventLoopFuture<Void> {
    isOpen = false
    return EventLoopFuture.andAllComplete(subscribers.map { $0.close() }, on: loop)
  }

  /// What subscribers never got, in the end.
  var undelivered: Int { subscribers.reduce(0) { $0 + $1.undelivered } }
}
