import LambdaEmitter
import XRayModel

extension LambdaAPI {
  /// How often queues are looked at.
  private static let pollingInterval = Duration.seconds(1)

  /// Feeds functions from their queues until it is cancelled. To be called once, beside the emulation's own
  /// ``LambdaEmitter/LambdaService/run()``.
  ///
  /// A queue is emptied batch after batch; what is disabled or deleted ends when its queue is empty.
  public func run() async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        for mapping in takeDueMappings() {
          group.addTask {
            var source = QueueSource(queue: mapping.source)
            source.batchSize = mapping.batchSize
            // A function that is gone leaves its messages where they are.
            _ = try? await self.service.drain(source, into: mapping.reference)
            self.polling.withLock { _ = $0.remove(mapping.id) }
          }
        }
        let next = clock.now.advanced(by: Self.pollingInterval)
        do { try await clock.sleep(until: next, tolerance: nil) } catch { break }
      }
    }
  }

  /// Those with messages that nobody works on, taken.
  private func takeDueMappings() -> [StoredMapping] {
    current.mappings.values.sorted { $0.id < $1.id }.filter { mapping in
      mapping.isEnabled && !service.queue(mapping.source).messages.isEmpty
        && polling.withLock { $0.insert(mapping.id).inserted }
    }
  }
}
