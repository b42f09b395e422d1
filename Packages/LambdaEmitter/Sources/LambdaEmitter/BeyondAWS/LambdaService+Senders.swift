import EventSources
import XRayModel

/// Batches, and the traces in which their messages were sent.
extension LambdaService {
  /// The header with which a batch goes on in the trace of its senders, the first of them as its parent.
  ///
  /// - Parameter headers: Of all the messages or records.
  /// - Returns: `nil` when they were not all sent in one trace, with one decision on sampling, or when this is not
  ///   asked for: the batch begins a trace of its own.
  func traceHeader(ofSenders headers: some Collection<String?>) -> String? {
    guard beyondAWS.contains(.senders), let text = headers.first ?? nil, let first = try? TraceHeader(parsing: text)
    else { return nil }
    let isOne = headers.allSatisfy { text in
      guard let header = text.flatMap({ try? TraceHeader(parsing: $0) }) else { return false }
      return header.root == first.root && header.sampling == first.sampling
    }
    return isOne ? text : nil
  }

  /// Senders of one batch that are told.
  private static let senderLimit = 20

  /// Tells the traces of the messages' senders of the trace that goes on with their messages.
  ///
  /// Each gets a subsegment below the sender, of no length at the moment of sending, with a link to the consumer's
  /// segment: the sender's own documents were sent long ago, by others.
  func linkSenders(of batch: [QueueMessage], to consumer: Invocation) {
    guard beyondAWS.contains(.fanIn), consumer.trace.isSampled else { return }
    var told: Set<TraceLink> = []
    for message in batch where told.count < Self.senderLimit {
      guard let header = message.traceHeader.flatMap({ try? TraceHeader(parsing: $0) }), header.sampling == .sampled,
        header.root != consumer.trace.id, let sender = header.parent,
        told.insert(TraceLink(traceID: header.root, id: sender)).inserted
      else { continue }
      outlet.pass(consumer.delivery(of: message.sent, by: sender, in: header.root, id: random.entityID()).document)
    }
  }
}

extension Invocation {
  /// A message's way from its sender's trace to this invocation.
  fileprivate func delivery(
    of sent: Timestamp, by sender: EntityID, in traceID: TraceID, id: EntityID
  ) -> Entity {
    let moment = sent.inMilliseconds
    var entity = Entity(
      .subsegment, id: id, name: function.configuration.name, traceID: traceID, parentID: sender, start: moment,
      end: moment)
    let receipt = JSONValue.number(JSONNumber(received.inMilliseconds))
    entity.links = [
      TraceLink(
        traceID: trace.id, id: segmentID,
        attributes: [
          "aws.xray.reserved.names": [.string(function.configuration.name)],
          "aws.xray.reserved.type": "AWS::Lambda", "aws.xray.reserved.reference_type": "child",
          "aws.xray.reserved.received_event_end_time": receipt, "aws.xray.reserved.dwell_end_time": receipt,
        ])
    ]
    return entity
  }
}
