import XRayModel

/// What was sent to a FIFO queue in the last five minutes.
struct Deduplication {
  private struct Entry {
    var key: [String]
    var moment: Timestamp
  }

  /// Ours; the oldest are forgotten then.
  static let limit = 100_000
  static let interval = Duration.seconds(300)

  private var answers: [[String]: SentMessage] = [:]
  private var entries: [Entry] = []
  private var first = 0

  /// The message that was sent with the same key.
  mutating func original(_ key: [String], at now: Timestamp) -> SentMessage? {
    while first < entries.count,
      entries.count - first > Self.limit || entries[first].moment.advanced(by: Self.interval) <= now
    {
      answers[entries[first].key] = nil
      first += 1
    }
    if first > 1024, first > entries.count / 2 {
      entries.removeFirst(first)
      first = 0
    }
    return answers[key]
  }

  mutating func keep(_ key: [String], _ answer: SentMessage, at now: Timestamp) {
    answers[key] = answer
    entries.append(Entry(key: key, moment: now))
  }
}
