import XRayModel

/// A queue that feeds a function.
struct StoredMapping: Hashable {
  /// A UUID.
  var id: String
  /// The queue's ARN.
  var source: String
  var function: String
  var qualifier: String?
  /// 1 to 10,000 messages.
  var batchSize = 10
  /// 0 to 300; kept and told, nobody waits for a batch to fill.
  var windowSeconds = 0
  var isEnabled = true
  var lastModified: Timestamp

  /// As the emulation names the function.
  var reference: String { function + (qualifier.map { ":\($0)" } ?? "") }
  /// First in, first out: such a queue gives at most 10 messages at a time.
  var isOrdered: Bool { source.hasSuffix(".fifo") }

  /// - Parameter state: Instead of what ``isEnabled`` says.
  func write(to writer: inout JSONWriter, place: AccountPlace, state: String? = nil) {
    writer.object { writer in
      writer.member("UUID", id)
      writer.member("BatchSize", batchSize)
      writer.member("MaximumBatchingWindowInSeconds", windowSeconds)
      writer.member("EventSourceArn", source)
      writer.member("FunctionArn", place.arn(function, qualifier))
      writer.member("LastModified", lastModified.rounded(toTicks: 10_000))
      writer.member("State", state ?? (isEnabled ? "Enabled" : "Disabled"))
      writer.member("StateTransitionReason", "USER_INITIATED")
      writer.member(
        "EventSourceMappingArn", "arn:aws:lambda:\(place.region):\(place.id):event-source-mapping:\(id)")
    }
  }
}
