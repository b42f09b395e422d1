import EventSources
import XRayModel

/// A place in a shard as callers hold it: text that means nothing to them.
struct ShardIterator: Hashable {
  var stream: String
  var shard: Int
  /// Of the record that is read next.
  var sequenceNumber: String
  var issued: Timestamp

  /// Kinesis: how long an iterator is good for.
  private static let lifetime = Duration.seconds(300)

  var text: String { Base64.text(Array("\(issued.ticks)/\(shard)/\(sequenceNumber)/\(stream)".utf8)) }

  init(stream: String, shard: Int, sequenceNumber: String, issued: Timestamp) {
    self.stream = stream
    self.shard = shard
    self.sequenceNumber = sequenceNumber
    self.issued = issued
  }

  /// `nil` for what is no iterator.
  init?(_ text: String) {
    guard let bytes = Base64.bytes(text), let content = String(validating: bytes, as: UTF8.self) else { return nil }
    let parts = content.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, let ticks = Int64(parts[0]), let shard = Int(parts[1]) else { return nil }
    self.init(
      stream: String(parts[3]), shard: shard, sequenceNumber: String(parts[2]), issued: Timestamp(ticks: ticks))
  }

  func isExpired(at moment: Timestamp) -> Bool { issued.advanced(by: Self.lifetime) < moment }
}
