public import XRayModel

/// A record in a shard.
public struct ShardRecord: Hashable, Sendable {
  /// Decimal digits, all of one length: larger for each record of a shard.
  public var sequenceNumber: String
  /// 1 to 256 characters.
  public var partitionKey: String
  /// Where the key lies among all: its MD5, or what the producer said.
  public var hashKey: UInt128
  public var data: [UInt8]
  public var arrival: Timestamp
  /// The producer's `X-Amzn-Trace-Id`, which Kinesis does not carry.
  public var traceHeader: String?

  /// What the record counts in its stream's budget, in bytes.
  var cost: Int { data.count + partitionKey.utf8.count + (traceHeader?.utf8.count ?? 0) + 160 }
}

/// What a producer puts into a stream.
public struct StreamInput: Hashable, Sendable {
  public var data: [UInt8]
  /// 1 to 256 characters.
  public var partitionKey: String
  /// The key's MD5 as a number, or what the producer says instead; it chooses the shard.
  public var hashKey: UInt128
  public var traceHeader: String?

  public init(data: [UInt8], partitionKey: String, hashKey: UInt128, traceHeader: String? = nil) {
    self.data = data
    self.partitionKey = partitionKey
    self.hashKey = hashKey
    self.traceHeader = traceHeader
  }
}

/// Where a reader begins in a shard.
public enum ShardStart: Hashable, Sendable {
  /// With the oldest record.
  case trimHorizon
  /// After the newest.
  case latest
  case at(sequenceNumber: String)
  case after(sequenceNumber: String)
  /// With the first record that arrived at this moment or later.
  case timestamp(Timestamp)
}

/// Some records of a shard, one after the other.
public struct ShardBatch: Hashable, Sendable {
  public var records: [ShardRecord]
  /// The position after them, where the next batch begins.
  public var next: Int
  /// When the record at ``next`` arrived; `nil` at the end of the shard.
  public var nextArrival: Timestamp?
}

/// A shard of a stream, as its users see it.
public struct ShardDescription: Hashable, Sendable {
  /// Such as `shardId-000000000000`.
  public var id: String
  public var hashKeys: ClosedRange<UInt128>
  public var firstSequenceNumber: String
}
