import EventSources
import LambdaEmitter
import XRayModel

/// A queue or a stream that feeds a function.
struct StoredMapping: Hashable {
  /// A UUID.
  var id: String
  /// The ARN of the queue or the stream.
  var source: String
  var function: String
  var qualifier: String?
  /// 1 to 10,000 messages or records.
  var batchSize: Int
  /// 0 to 300.
  var windowSeconds = 0
  /// Patterns of which one has to match, as they were given.
  var filters: [String] = []
  var reportsBatchItemFailures = false
  /// Of queues: 2 to 1,000.
  var maximumConcurrency: Int?
  /// Of streams.
  var stream: StreamSettings?
  var isEnabled = true
  var lastModified: Timestamp

  /// What only streams have.
  struct StreamSettings: Hashable {
    /// `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`.
    var startingPosition: String
    var startingTimestamp: Timestamp?
    /// 0 to 10,000; `nil` is without end.
    var maximumRetryAttempts: Int?
    /// 60 to 604,800; `nil` is as long as the stream keeps records.
    var maximumRecordAgeSeconds: Int?
    var bisectsBatchOnError = false
    /// 1 to 10.
    var parallelizationFactor = 1
    /// The ARN of a queue.
    var onFailure: String?

    var start: ShardStart {
      switch (startingPosition, startingTimestamp) {
      case ("LATEST", _): .latest
      case ("AT_TIMESTAMP", let moment?): .timestamp(moment)
      default: .trimHorizon
      }
    }
  }

  /// As the emulation names the function.
  var reference: String { function + (qualifier.map { ":\($0)" } ?? "") }
  /// First in, first out: such a queue gives at most 10 messages at a time.
  var isOrdered: Bool { stream == nil && source.hasSuffix(".fifo") }

  /// What was checked when it was given.
  private var parsedFilters: EventFilters { (try? EventFilters(parsing: filters)) ?? EventFilters() }

  /// How the queue feeds the function.
  var queueSource: QueueSource {
    var queue = QueueSource(queue: source)
    queue.batchSize = batchSize
    queue.windowSeconds = windowSeconds
    queue.reportsBatchItemFailures = reportsBatchItemFailures
    queue.maximumConcurrency = maximumConcurrency
    queue.filters = parsedFilters
    return queue
  }

  /// How the stream feeds the function.
  func streamSource(_ settings: StreamSettings) -> StreamSource {
    var stream = StreamSource(.kinesis, stream: source)
    stream.batchSize = batchSize
    stream.windowSeconds = windowSeconds
    stream.reportsBatchItemFailures = reportsBatchItemFailures
    stream.filters = parsedFilters
    stream.maximumRetryAttempts = settings.maximumRetryAttempts
    stream.maximumRecordAgeSeconds = settings.maximumRecordAgeSeconds
    stream.bisectsBatchOnError = settings.bisectsBatchOnError
    stream.parallelizationFactor = settings.parallelizationFactor
    stream.onFailure = settings.onFailure
    return stream
  }
}

extension StoredMapping {
  /// - Parameters:
  ///   - state: Instead of what ``isEnabled`` says.
  ///   - result: Of the last try; only streams tell it.
  func write(to writer: inout JSONWriter, place: AccountPlace, state: String? = nil, result: String) {
    writer.object { writer in
      writer.member("UUID", id)
      writer.member("BatchSize", batchSize)
      writer.member("MaximumBatchingWindowInSeconds", windowSeconds)
      writer.member("EventSourceArn", source)
      writer.member("FunctionArn", place.arn(function, qualifier))
      writer.member("LastModified", lastModified.rounded(toTicks: 10_000))
      writer.member("State", state ?? (isEnabled ? "Enabled" : "Disabled"))
      writer.member("StateTransitionReason", stream == nil ? "USER_INITIATED" : "User action")
      writer.member("FunctionResponseTypes", reportsBatchItemFailures ? ["ReportBatchItemFailures"] : [])
      if !filters.isEmpty {
        writer.member("FilterCriteria", ["Filters": .array(filters.map { ["Pattern": .string($0)] })])
      }
      if let maximumConcurrency {
        writer.member("ScalingConfig", ["MaximumConcurrency": .number(JSONNumber(maximumConcurrency))])
      }
      if let stream {
        stream.write(to: &writer)
        writer.member("LastProcessingResult", result)
      }
      writer.member(
        "EventSourceMappingArn", "arn:aws:lambda:\(place.region):\(place.id):event-source-mapping:\(id)")
    }
  }
}

extension StoredMapping.StreamSettings {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.member("StartingPosition", startingPosition)
    if let moment = startingTimestamp { writer.member("StartingPositionTimestamp", moment) }
    writer.member("MaximumRetryAttempts", maximumRetryAttempts ?? -1)
    writer.member("MaximumRecordAgeInSeconds", maximumRecordAgeSeconds ?? -1)
    writer.member("BisectBatchOnFunctionError", bisectsBatchOnError)
    writer.member("ParallelizationFactor", parallelizationFactor)
    writer.member("TumblingWindowInSeconds", 0)
    writer.key("DestinationConfig")
    writer.object { writer in
      writer.key("OnFailure")
      writer.object { writer in if let onFailure { writer.member("Destination", onFailure) } }
    }
  }
}
