import EventSources
import XRayModel

extension StoredMapping {
  /// What Lambda has for other sources, or we have not.
  private static let unsupported = [
    "TumblingWindowInSeconds", "Topics", "Queues", "SourceAccessConfigurations", "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig",
    "ProvisionedPollerConfig", "MetricsConfig", "LoggingConfig", "KMSKeyArn", "Tags",
  ]
  private static let onlyOfStreams = [
    "StartingPosition", "StartingPositionTimestamp", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts",
    "BisectBatchOnFunctionError", "ParallelizationFactor", "DestinationConfig",
  ]

  /// Takes over what a request says; what it does not say stays.
  mutating func apply(_ input: Fields) throws(APIError) {
    for name in Self.unsupported where input.says(name) {
      if name == "TumblingWindowInSeconds", try input.integer(name, 0...900) == 0 { continue }
      throw .invalid("\(name) is not supported here.")
    }
    for name in stream == nil ? Self.onlyOfStreams : ["ScalingConfig"] where input.says(name) {
      throw .invalid(
        "Unsupported parameter for given event source mapping type: \(name) is only for "
          + "\(stream == nil ? "streams" : "queues").")
    }
    if let count = try input.integer("BatchSize", 1...(isOrdered ? 10 : 10_000)) { batchSize = count }
    if let seconds = try input.integer("MaximumBatchingWindowInSeconds", 0...300) { windowSeconds = seconds }
    if let flag = try input.flag("Enabled") { isEnabled = flag }
    if let criteria = try input.object("FilterCriteria") { filters = try Self.checkedFilters(criteria) }
    if let types = try input.texts("FunctionResponseTypes", count: 0...1) {
      guard types.allSatisfy({ $0 == "ReportBatchItemFailures" }) else {
        throw .violation(
          "functionResponseTypes", "\(types)", "Member must satisfy enum value set: [ReportBatchItemFailures]")
      }
      reportsBatchItemFailures = !types.isEmpty
    }
    if let scaling = try input.object("ScalingConfig") {
      maximumConcurrency = try scaling.integer("MaximumConcurrency", 2...1000)
    }
    if var settings = stream {
      try settings.apply(input)
      stream = settings
      return
    }
    if isOrdered, windowSeconds > 0 {
      throw .invalid("Batching window is not supported for FIFO queues.")
    }
    // Lambda's rule for queues: large batches need time to gather.
    guard batchSize <= 10 || windowSeconds > 0 else {
      throw .invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
    }
  }

  private static func checkedFilters(_ criteria: Fields) throws(APIError) -> [String] {
    var patterns: [String] = []
    for filter in try criteria.objects("Filters") ?? [] {
      patterns.append(try filter.require("Pattern", filter.text("Pattern", 0...EventFilters.patternLengthLimit)))
    }
    do throws(EventPatternError) {
      _ = try EventFilters(parsing: patterns)
    } catch {
      throw .invalid("Invalid filter pattern definition. (\(error))")
    }
    return patterns
  }
}

extension StoredMapping.StreamSettings {
  /// Where a mapping begins, which only its creation says.
  init(startingIn input: Fields, at now: Timestamp) throws(APIError) {
    let words = ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
    let position = try input.require("StartingPosition", input.choice("StartingPosition", of: words))
    let moment = try input.time("StartingPositionTimestamp")
    guard (moment != nil) == (position == "AT_TIMESTAMP") else {
      throw .invalid("StartingPositionTimestamp must be given when StartingPosition is AT_TIMESTAMP, and only then.")
    }
    if let moment, moment > now { throw .invalid("StartingPositionTimestamp must not lie in the future.") }
    self.init(startingPosition: position, startingTimestamp: moment)
  }

  fileprivate mutating func apply(_ input: Fields) throws(APIError) {
    if let count = try input.integer("MaximumRetryAttempts", -1...10_000) {
      maximumRetryAttempts = count < 0 ? nil : count
    }
    if let age = try input.integer("MaximumRecordAgeInSeconds", -1...604_800) {
      guard age == -1 || age >= 60 else {
        throw .violation("maximumRecordAgeInSeconds", "\(age)", "Member must be -1 or 60 to 604800")
      }
      maximumRecordAgeSeconds = age < 0 ? nil : age
    }
    if let flag = try input.flag("BisectBatchOnFunctionError") { bisectsBatchOnError = flag }
    if let factor = try input.integer("ParallelizationFactor", 1...10) { parallelizationFactor = factor }
    guard let destinations = try input.object("DestinationConfig") else { return }
    if destinations.says("OnSuccess") { throw .invalid("A stream has no destination OnSuccess.") }
    guard let target = try destinations.object("OnFailure")?.text("Destination", 0...350), !target.isEmpty else {
      onFailure = nil
      return
    }
    guard ["sqs", "sns"].contains(where: { target.hasPrefix("arn:aws:\($0):") }) else {
      throw .invalid("The destination \(target.prefix(200)) must be the ARN of a queue or a topic.")
    }
    onFailure = target
  }
}
