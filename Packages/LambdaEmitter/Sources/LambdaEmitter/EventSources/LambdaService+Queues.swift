import EventSources
import XRayModel

/// How a function is fed from a queue.
public struct QueueSource: Hashable, Sendable {
  /// The queue's ARN.
  public var queue: String
  /// 1 to 10,000 messages.
  public var batchSize = 10
  /// When a batch comes back that was not processed.
  public var visibilityTimeoutSeconds = 30
  /// How often a message is given to the function before it goes to ``deadLetterTarget``.
  public var maximumReceiveCount = 3
  /// The ARN of the queue for messages that were given up.
  public var deadLetterTarget: String?

  public init(queue: String) { self.queue = queue }
}

extension LambdaService {
  /// Feeds a function from a queue until nothing is left in it, one batch after the other. Returns how many
  /// messages were processed.
  ///
  /// Each batch begins a new trace, with links to the traces of the messages' senders.
  @discardableResult
  public func drain(_ source: QueueSource, into function: String) async throws(LambdaError) -> Int {
    let version = try self.function(function)
    guard (1...10_000).contains(source.batchSize), source.maximumReceiveCount > 0 else {
      throw LambdaError(.invalidParameterValue, "batch size \(source.batchSize) must be 1 to 10,000")
    }
    let queue = queue(source.queue)
    var hidden = HiddenBatches()
    defer { queue.putBack(hidden.all) }
    var processed = 0
    while !Task.isCancelled {
      queue.putBack(hidden.takeVisible(at: clock.now))
      let batch = queue.receive(source.batchSize)
      if batch.isEmpty {
        guard let next = hidden.next else { break }
        try? await clock.sleep(until: next, tolerance: nil)
        continue
      }
      let outcome = await feed(batch, from: source, to: version)
      if outcome.hasFailed {
        let again = batch.filter { $0.receiveCount < source.maximumReceiveCount }
        hidden.add(again, until: clock.now.advanced(by: scaled(.seconds(source.visibilityTimeoutSeconds))))
        giveUp(batch.filter { $0.receiveCount >= source.maximumReceiveCount }, of: source)
      } else {
        processed += batch.count
      }
    }
    return processed
  }

  private func feed(
    _ batch: [QueueMessage], from source: QueueSource, to function: FunctionVersion
  ) async -> AttemptOutcome {
    let header = traceHeader(ofSenders: batch.map(\.traceHeader))
    let invocation = begin(
      function, payload: QueueEvent(batch, from: source.queue, region: region).bytes, traceHeader: header,
      links: header == nil ? links(to: batch, consumer: function) : [])
    linkSenders(of: batch, to: invocation)
    await wait(timing.routing)
    let outcome = await attempt(invocation, parent: invocation.segmentID)
    // A throttled batch fails like any other; the segment tells.
    _ = try? await close(invocation, outcome)
    return outcome
  }

  private func giveUp(_ messages: [QueueMessage], of source: QueueSource) {
    guard let target = source.deadLetterTarget else { return }
    for message in messages {
      send(message.body, to: target, attributes: message.attributes, traceHeader: message.traceHeader)
    }
  }

  /// Links to the senders that were traced, each once, at most 40: they share the document's 64 KB with a cause.
  private func links(to batch: [QueueMessage], consumer: FunctionVersion) -> [TraceLink] {
    var links: [TraceLink] = []
    for message in batch {
      guard links.count < 40, let text = message.traceHeader, let header = try? TraceHeader(parsing: text),
        header.sampling == .sampled
      else { continue }
      let link = TraceLink(
        traceID: header.root, id: header.parent,
        attributes: [
          "aws.xray.reserved.names": [.string(consumer.configuration.name)],
          "aws.xray.reserved.type": "AWS::Lambda", "aws.xray.reserved.reference_type": "parent",
        ])
      if !links.contains(link) { links.append(link) }
    }
    return links
  }
}

/// Batches that failed, invisible to consumers until their time is up.
private struct HiddenBatches {
  private var batches: [(until: Timestamp, messages: [QueueMessage])] = []

  var all: [QueueMessage] { batches.flatMap(\.messages) }
  var next: Timestamp? { batches.first?.until }

  mutating func add(_ messages: [QueueMessage], until moment: Timestamp) {
    if !messages.isEmpty { batches.append((moment, messages)) }
  }

  mutating func takeVisible(at now: Timestamp) -> [QueueMessage] {
    let visible = batches.prefix { $0.until <= now }
    batches.removeFirst(visible.count)
    return visible.flatMap(\.messages)
  }
}

/// A batch of messages as a function gets it.
private struct QueueEvent {
  let bytes: [UInt8]

  init(_ batch: [QueueMessage], from arn: String, region: String) {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("Records")
      writer.array { writer in
        for message in batch {
          writer.object { writer in
            writer.member("messageId", message.id)
            writer.member("body", String(decoding: message.body, as: UTF8.self))
            writer.key("attributes")
            writer.object { writer in
              writer.member("ApproximateReceiveCount", String(message.receiveCount))
              writer.member("SentTimestamp", String(message.sent.ticks / 10_000))
              if let header = message.traceHeader { writer.member("AWSTraceHeader", header) }
            }
            writer.member("eventSource", "aws:sqs")
            writer.member("eventSourceARN", arn)
            writer.member("awsRegion", region)
          }
        }
      }
    }
    bytes = writer.bytes
  }
}
