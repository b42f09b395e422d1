public import XRayModel

/// What a stream is, without its records.
public struct StreamDefinition: Hashable, Sendable {
  /// 1 to 128 of `a-z`, `A-Z`, `0-9`, `_`, `.` and `-`.
  public var name: String
  /// 1 and more.
  public var shardCount: Int
  /// Kinesis's on-demand mode. Here it only says so: the number of shards stays.
  public var isOnDemand = false
  /// How long records stay: 24 to 8760 hours.
  public var retentionHours = 24
  /// The longest data of a record: 1,024 to 10,240 KiB.
  public var recordKibibytesLimit = 1024
  public var tags: [String: String] = [:]
  public var created: Timestamp

  public init(name: String, shardCount: Int, created: Timestamp) {
    self.name = name
    self.shardCount = shardCount
    self.created = created
  }

  /// The shards of a stream in on-demand mode.
  public static let onDemandShards = 4
  public static let retentionHoursBounds = 24...8760
  public static let recordKibibytesBounds = 1024...10_240
  /// Kinesis: tags of a stream.
  public static let tagsLimit = 50

  /// How the hash keys, 0 to 2^128 - 1, are divided between the shards: all alike, but the last has what is left.
  func hashKeys(ofShard number: Int) -> ClosedRange<UInt128> {
    let width = UInt128.max / UInt128(clamping: max(1, shardCount))
    let start = (width &+ 1) * UInt128(clamping: number)
    return start...(number == shardCount - 1 ? UInt128.max : start + width)
  }

  /// The shard whose range holds a hash key.
  func shard(of hashKey: UInt128) -> Int {
    let width = UInt128.max / UInt128(clamping: max(1, shardCount))
    return width == .max ? 0 : Int(clamping: min(hashKey / (width + 1), UInt128(clamping: shardCount - 1)))
  }
}
