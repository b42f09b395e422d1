public import EventSources
import XRayModel

/// Where records of destinations and dead letters go.
extension LambdaService {
  /// The queue `arn`, made when it is first named: a target of dead letters and records, or a source of messages.
  public func queue(_ arn: String) -> EventQueue { queues.queue(arn, at: clock.now) }

  /// Sends a message to the target `arn` of a function.
  func send(
    _ body: [UInt8], to arn: String, attributes: [String: String] = [:], traceHeader: String? = nil
  ) {
    queue(arn).send(
      body, at: clock.now, attributes: attributes.mapValues { MessageAttribute($0) }, traceHeader: traceHeader)
  }
}
