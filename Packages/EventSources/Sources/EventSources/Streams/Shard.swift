import XRayModel

/// The records of one shard, the oldest first. A position counts all that ever came.
struct Shard {
  /// Before ``head`` lie records that are gone, without their data.
  private var records: [ShardRecord] = []
  private var head = 0
  /// The position of the oldest record.
  private(set) var first = 0

  /// The position of the next record that comes.
  var end: Int { first + records.count - head }

  mutating func append(_ record: ShardRecord) { records.append(record) }

  var lastArrival: Timestamp? { head < records.count ? records.last?.arrival : nil }

  /// Takes records out that arrived before `moment`; returns the bytes they counted.
  mutating func trim(before moment: Timestamp) -> Int {
    var freed = 0
    while head < records.count, records[head].arrival < moment {
      freed += records[head].cost
      records[head].data = []
      head += 1
      first += 1
    }
    // Not one by one: removing the first of an array moves all others.
    if head * 2 > records.count {
      records.removeFirst(head)
      head = 0
    }
    return freed
  }

  /// At most `count` records from `position` on, or from the oldest that is left, while their data has no more than
  /// `bytes`; one at least, when there is one.
  func read(from position: Int, count: Int, bytes: Int) -> ShardBatch {
    let start = min(max(position, first), end)
    var index = start - first + head
    var batch: [ShardRecord] = []
    var room = bytes
    while index < records.count, batch.count < count {
      room -= records[index].data.count
      if room < 0, !batch.isEmpty { break }
      batch.append(records[index])
      index += 1
    }
    return ShardBatch(
      records: batch, next: start + batch.count, nextArrival: index < records.count ? records[index].arrival : nil)
  }

  /// The position of the first record that arrived at `moment` or later.
  func position(at moment: Timestamp) -> Int {
    var (low, high) = (head, records.count)
    while low < high {
      let middle = (low + high) / 2
      if records[middle].arrival < moment { low = middle + 1 } else { high = middle }
    }
    return low - head + first
  }
}
