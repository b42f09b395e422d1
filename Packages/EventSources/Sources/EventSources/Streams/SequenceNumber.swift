/// A record's place in its shard, and its form as text: 56 digits, as Kinesis's.
struct SequenceNumber: Hashable {
  /// Milliseconds since 1970 when the stream came up: numbers grow over restarts too.
  var epoch: Int
  var position: Int
  var shard: Int

  private static let epochDigits = 14
  private static let positionDigits = 30
  private static let shardDigits = 10

  var text: String {
    "49" + padded(epoch, Self.epochDigits) + padded(position, Self.positionDigits) + padded(shard, Self.shardDigits)
  }

  init(epoch: Int, position: Int, shard: Int) {
    self.epoch = epoch
    self.position = position
    self.shard = shard
  }

  /// `nil` for what is no number of ours.
  init?(_ text: String) {
    let digits = Array(text.utf8)
    let length = 2 + Self.epochDigits + Self.positionDigits + Self.shardDigits
    guard digits.count == length, text.hasPrefix("49"),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let epoch = Int(String(decoding: digits[2..<16], as: UTF8.self)),
      let position = Int(String(decoding: digits[16..<46], as: UTF8.self)),
      let shard = Int(String(decoding: digits[46...], as: UTF8.self))
    else { return nil }
    self.init(epoch: epoch, position: position, shard: shard)
  }

  private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
