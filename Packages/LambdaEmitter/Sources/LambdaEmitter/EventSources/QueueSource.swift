public import EventSources

/// How a function is fed from a queue.
///
/// When a batch that failed comes back, and how often, is the queue's own matter: its visibility timeout and its
/// redrive policy.
public struct QueueSource: Hashable, Sendable {
  /// The queue's ARN.
  public var queue: String
  /// 1 to 10,000 messages.
  public var batchSize = 10
  /// 0 to 300: how long a batch waits to become full.
  public var windowSeconds = 0
  /// Whether the function's answer tells which messages failed: `{"batchItemFailures": [{"itemIdentifier": id}]}`.
  public var reportsBatchItemFailures = false
  /// 2 to 1,000 batches at a time; `nil` is 5, as many as Lambda begins with.
  public var maximumConcurrency: Int?
  /// Messages that are not let through are deleted.
  public var filters = EventFilters()

  public init(queue: String) { self.queue = queue }

  var concurrency: Int { maximumConcurrency ?? 5 }
}
