import Logging
import XRayModel

/// Gives batches to the sink, one after the other, and tells the buffer what became of them.
struct Forwarder: Sendable {
  let buffer: DocumentBuffer
  let sink: any SegmentSink
  let logger: Logger
  /// How often a batch is given to a sink that throws, at least once.
  let attempts: Int
  /// Wait before the second attempt; each further one doubles it.
  let retryDelay: Duration

  /// Forwards until the buffer is closed and empty.
  func run() async {
    while var taken = await buffer.next() {
      let batch = DocumentBatch(moving: &taken.documents)
      buffer.settle(taken, await deliver(batch))
    }
  }

  private func deliver(_ batch: DocumentBatch) async -> Settlement {
    var delay = retryDelay
    var attempt = 1
    while true {
      do {
        let outcomes = try await sink.put(batch)
        report(outcomes, of: batch.count)
        return .answered(outcomes)
      } catch {
        if Task.isCancelled { return .dropped(reason: DropReason.stopped) }
        guard attempt < attempts else {
          logger.error(
            "Sending segment batch failed with: \(error)",
            metadata: ["documents": "\(batch.count)", "attempts": "\(attempt)"])
          return .dropped(reason: DropReason.failed(error))
        }
        logger.debug("Sending segment batch failed, trying again: \(error)", metadata: ["attempt": "\(attempt)"])
      }
      attempt += 1
      do { try await Task.sleep(for: delay) } catch { return .dropped(reason: DropReason.stopped) }
      delay *= 2
    }
  }

  /// One line for a batch, however many of its documents were refused.
  private func report(_ outcomes: [SegmentOutcome], of count: Int) {
    let rejections = outcomes.compactMap { if case .unprocessed(let rejection) = $0 { rejection } else { nil } }
    if let first = rejections.first {
      logger.warning(
        "Sent batch of \(count) segments but had \(rejections.count) Unprocessed segments, first: \(first)")
    }
    if outcomes.count != count {
      logger.error("The sink answered for \(outcomes.count) of \(count) documents")
    }
  }
}

extension DocumentBatch {
  /// Moves documents into one stretch of memory, freeing each as it goes so that they are never held twice.
  fileprivate init(moving documents: inout [[UInt8]]) {
    self.init()
    reserveCapacity(documents: documents.count, bytes: documents.reduce(0) { $0 + $1.count })
    for index in documents.indices {
      documents[index].withUnsafeBytes { append(copying: $0) }
      documents[index] = []
    }
  }
}
