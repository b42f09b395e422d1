import EventSources
import XRayModel

/// What streams and their shards are.
extension StreamAPI {
  private static let modes = ["AT_LATEST", "AT_TRIM_HORIZON", "AT_TIMESTAMP", "FROM_TRIM_HORIZON", "FROM_TIMESTAMP"]

  func describeStream(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    let limit = try call.integer("Limit", 1...10_000) ?? 100
    var shards = stream.shards[...]
    if let last = try call.text("ExclusiveStartShardId") { shards = shards.drop { $0.id <= last } }
    return Self.object { writer in
      writer.key("StreamDescription")
      writer.object { writer in
        stream.write(to: &writer)
        writer.key("Shards")
        writer.array { writer in for shard in shards.prefix(limit) { shard.write(to: &writer) } }
        writer.member("HasMoreShards", shards.count > limit)
      }
    }
  }

  func describeSummary(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    return Self.object { writer in
      writer.key("StreamDescriptionSummary")
      writer.object { writer in
        stream.write(to: &writer)
        writer.member("OpenShardCount", stream.shardCount)
        writer.member("ConsumerCount", 0)
        writer.member("MaxRecordSizeInKiB", stream.definition.recordKibibytesLimit)
      }
    }
  }

  func listStreams(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let limit = try call.integer("Limit", 1...10_000) ?? 100
    var all = streams.all[...]
    var last = try call.text("ExclusiveStartStreamName")
    if let token = try call.text("NextToken") { last = try Self.content(of: token) }
    if let last { all = all.drop { $0.definition.name <= last } }
    let page = all.prefix(limit)
    return Self.object { writer in
      writer.key("StreamNames")
      writer.array { writer in for stream in page { writer.string(stream.definition.name) } }
      writer.member("HasMoreStreams", all.count > limit)
      if all.count > limit, let last = page.last { writer.member("NextToken", Self.token(last.definition.name)) }
      writer.key("StreamSummaries")
      writer.array { writer in
        for stream in page { writer.object { stream.writeSummary(to: &$0) } }
      }
    }
  }

  func listShards(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let limit = try call.integer("MaxResults", 1...10_000) ?? 1000
    let stream: EventStream
    var last = try call.text("ExclusiveStartShardId")
    if let token = try call.text("NextToken") {
      guard !call.has("StreamName"), !call.has("ExclusiveStartShardId") else {
        throw StreamRefusal(.invalidArgument, "NextToken cannot be given together with a stream or a first shard.")
      }
      let parts = try Self.content(of: token).split(separator: "/", maxSplits: 1)
      guard parts.count == 2, let named = streams.stream(named: String(parts[0])) else {
        throw StreamRefusal(.expiredNextToken, "The token's stream is gone.")
      }
      (stream, last) = (named, String(parts[1]))
    } else {
      stream = try self.stream(call)
    }
    if let filter = try call.object("ShardFilter") {
      let type = try filter.require("Type", filter.choice("Type", of: Self.modes + ["AFTER_SHARD_ID"]))
      if type == "AFTER_SHARD_ID" { last = try filter.require("ShardId", filter.text("ShardId")) }
    }
    var shards = stream.shards[...]
    if let last { shards = shards.drop { $0.id <= last } }
    let page = shards.prefix(limit)
    return Self.object { writer in
      writer.key("Shards")
      writer.array { writer in for shard in page { shard.write(to: &writer) } }
      if shards.count > limit, let last = page.last {
        writer.member("NextToken", Self.token("\(stream.definition.name)/\(last.id)"))
      }
    }
  }

  private static func token(_ text: String) -> String { Base64.text(Array(text.utf8)) }

  private static func content(of token: String) throws(StreamRefusal) -> String {
    guard let bytes = Base64.bytes(token), let text = String(validating: bytes, as: UTF8.self) else {
      throw StreamRefusal(.invalidArgument, "The NextToken is none of ours.")
    }
    return text
  }
}

extension EventStream {
  /// The members that a list tells of a stream.
  func writeSummary(to writer: inout JSONWriter) {
    let definition = definition
    writer.member("StreamName", definition.name)
    writer.member("StreamARN", arn)
    writer.member("StreamStatus", "ACTIVE")
    writer.member("StreamModeDetails", ["StreamMode": definition.isOnDemand ? "ON_DEMAND" : "PROVISIONED"])
    writer.member("StreamCreationTimestamp", definition.created.rounded(toTicks: 10_000))
  }

  /// The members that every description of a stream has.
  func write(to writer: inout JSONWriter) {
    writeSummary(to: &writer)
    writer.member("RetentionPeriodHours", definition.retentionHours)
    writer.member("EnhancedMonitoring", [["ShardLevelMetrics": []]])
    writer.member("EncryptionType", "NONE")
  }
}

extension ShardDescription {
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("ShardId", id)
      writer.key("HashKeyRange")
      writer.object { writer in
        writer.member("StartingHashKey", "\(hashKeys.lowerBound)")
        writer.member("EndingHashKey", "\(hashKeys.upperBound)")
      }
      writer.key("SequenceNumberRange")
      writer.object { $0.member("StartingSequenceNumber", firstSequenceNumber) }
    }
  }
}
