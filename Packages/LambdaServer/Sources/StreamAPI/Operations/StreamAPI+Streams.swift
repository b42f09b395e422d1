import EventSources
import XRayModel

/// Streams as such.
extension StreamAPI {
  /// Answers that say nothing have no body.
  private static let nothing: [UInt8] = []

  static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.object(members)
    return writer.bytes
  }

  /// The stream that a call names, by its name or its ARN.
  func stream(_ call: StreamCall) throws(StreamRefusal) -> EventStream {
    let name = try call.text("StreamName", 1...128)
    let arn = try call.text("StreamARN", 1...2048)
    guard name != nil || arn != nil else {
      throw StreamRefusal(.invalidArgument, "Either StreamName or StreamARN must be given.")
    }
    let stream = arn.map { streams.stream(arn: $0) } ?? name.flatMap { streams.stream(named: $0) }
    guard let stream, name == nil || stream.definition.name == name else {
      let asked = name ?? arn ?? ""
      throw StreamRefusal(
        .resourceNotFound, "Stream \(asked.prefix(200)) under account \(streams.account) not found.")
    }
    return stream
  }

  func createStream(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let name = try call.require("StreamName", call.text("StreamName"))
    let mode = try call.object("StreamModeDetails")?.choice("StreamMode", of: ["PROVISIONED", "ON_DEMAND"])
    let count = try call.integer("ShardCount", 1...Int.max)
    for member in ["WarmThroughputMiBps", "RecordDistributionStrategy"] where call.has(member) {
      throw StreamRefusal(.invalidArgument, "\(member) is not supported here.")
    }
    var definition = StreamDefinition(name: name, shardCount: StreamDefinition.onDemandShards, created: clock.now)
    definition.isOnDemand = mode == "ON_DEMAND"
    if definition.isOnDemand {
      guard count == nil else {
        throw StreamRefusal(.validation, "ShardCount must not be given for a stream in the mode ON_DEMAND.")
      }
    } else {
      definition.shardCount = try call.require("ShardCount", count)
    }
    if let limit = try call.integer("MaxRecordSizeInKiB", StreamDefinition.recordKibibytesBounds) {
      definition.recordKibibytesLimit = limit
    }
    definition.tags = try call.map("Tags") ?? [:]
    let new = definition
    try translating { () throws(StreamError) in try streams.create(new) }
    return Self.nothing
  }

  func deleteStream(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let name = try stream(call).definition.name
    try translating { () throws(StreamError) in try streams.delete(name) }
    return Self.nothing
  }

  func retain(_ call: StreamCall, isIncrease: Bool) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    let hours = try call.require("RetentionPeriodHours", call.integer("RetentionPeriodHours", Int.min...Int.max))
    try translating { () throws(StreamError) in
      try streams.update(stream.definition.name) { definition throws(StreamError) in
        let present = definition.retentionHours
        guard isIncrease ? hours >= present : hours <= present else {
          throw StreamError(
            .invalidArgument,
            "Requested retention period (\(hours) hours) for stream \(definition.name) can not be "
              + "\(isIncrease ? "shorter" : "longer") than existing retention period (\(present) hours).")
        }
        definition.retentionHours = hours
      }
    }
    return Self.nothing
  }

  func describeLimits() -> [UInt8] {
    Self.object { writer in
      writer.member("ShardLimit", StreamRegistry.shardsLimit)
      writer.member("OpenShardCount", streams.shardCount)
      writer.member("OnDemandStreamCount", streams.all.count { $0.definition.isOnDemand })
      writer.member("OnDemandStreamCountLimit", StreamRegistry.streamsLimit)
    }
  }

  // MARK: Tags

  func addTags(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    let tags = try call.require("Tags", call.map("Tags"))
    try translating { () throws(StreamError) in
      try streams.update(stream.definition.name) { $0.tags.merge(tags) { $1 } }
    }
    return Self.nothing
  }

  func removeTags(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    let keys = try call.require("TagKeys", call.texts("TagKeys", count: 1...StreamDefinition.tagsLimit))
    try translating { () throws(StreamError) in
      try streams.update(stream.definition.name) { definition in for key in keys { definition.tags[key] = nil } }
    }
    return Self.nothing
  }

  func listTags(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let limit = try call.integer("Limit", 1...50) ?? 50
    var tags = try stream(call).definition.tags.sorted { $0.key < $1.key }[...]
    if let last = try call.text("ExclusiveStartTagKey") { tags = tags.drop { $0.key <= last } }
    return Self.object { writer in
      writer.key("Tags")
      writer.array { writer in
        for (key, value) in tags.prefix(limit) {
          writer.object { writer in
            writer.member("Key", key)
            writer.member("Value", value)
          }
        }
      }
      writer.member("HasMoreTags", tags.count > limit)
    }
  }
}
