import Synchronization
public import XRayModel

/// A stream in memory, as Kinesis's: shards that keep their records in order until they are too old, however often
/// they are read.
///
/// It has no clock: whoever puts and reads says which moment it is. It holds 64 MB; a record that finds no room is
/// refused and counted.
public final class EventStream: Sendable {
  struct State {
    var definition: StreamDefinition
    var shards: [Shard]
    var bytes = 0
    var refused = 0
    var isClosed = false
    var waiters = ShardWaiters()
  }

  public let arn: String
  public let shardCount: Int
  private let epoch: Int
  private let state: Mutex<State>

  /// What all records together may count: their data, their keys and some bytes for each.
  public static let bytesLimit = 64 * 1024 * 1024

  /// - Parameter moment: When the stream comes up, with no records in it.
  public init(_ definition: StreamDefinition, arn: String, at moment: Timestamp) {
    self.arn = arn
    shardCount = max(1, definition.shardCount)
    epoch = Int(max(0, moment.ticks / 10_000))
    state = Mutex(State(definition: definition, shards: Array(repeating: Shard(), count: shardCount)))
  }

  public var definition: StreamDefinition { state.withLock { $0.definition } }
  /// Records that found no room.
  public var refused: Int { state.withLock { $0.refused } }
  /// Whether the stream was deleted.
  public var isClosed: Bool { state.withLock { $0.isClosed } }

  public var shards: [ShardDescription] {
    let definition = definition
    return (0..<shardCount).map { number in
      ShardDescription(
        id: Self.shardID(number), hashKeys: definition.hashKeys(ofShard: number),
        firstSequenceNumber: SequenceNumber(epoch: epoch, position: 0, shard: number).text)
    }
  }

  /// The id of the shard `number`, such as `shardId-000000000000`.
  public static func shardID(_ number: Int) -> String {
    let digits = String(number)
    return "shardId-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
  }

  /// The number of a shard by its id; `nil` when the stream has no such shard.
  public func shard(_ id: String) -> Int? {
    guard let number = Int(id.dropFirst(8)), (0..<shardCount).contains(number), Self.shardID(number) == id else {
      return nil
    }
    return number
  }

  func update(_ definition: StreamDefinition) { state.withLock { $0.definition = definition } }

  // MARK: Records

  /// Appends a record to the shard of its hash key.
  ///
  /// - Returns: The shard's number, and the record as it is kept.
  /// - Throws: `invalidArgument` for what is too long, `throughputExceeded` when the stream is full.
  public func put(_ input: StreamInput, at moment: Timestamp) throws(StreamError) -> (shard: Int, record: ShardRecord) {
    let (shard, record, awake) = try state.withLock { state throws(StreamError) in
      guard !state.isClosed else { throw StreamError(.resourceNotFound, "The stream \(arn) is deleted.") }
      try state.check(input)
      let number = state.definition.shard(of: input.hashKey)
      // Arrivals never go back, even when the clock does.
      let arrival = max(moment, state.shards[number].lastArrival ?? moment)
      let record = ShardRecord(
        sequenceNumber: SequenceNumber(epoch: epoch, position: state.shards[number].end, shard: number).text,
        partitionKey: input.partitionKey, hashKey: input.hashKey, data: input.data, arrival: arrival,
        traceHeader: input.traceHeader)
      if state.bytes + record.cost > Self.bytesLimit { state.trim(at: moment) }
      guard state.bytes + record.cost <= Self.bytesLimit else {
        state.refused += 1
        throw StreamError(
          .throughputExceeded, "The stream holds \(Self.bytesLimit >> 20) MB and has no room until records are too old."
        )
      }
      state.bytes += record.cost
      state.shards[number].append(record)
      return (number, record, state.waiters.take(shard: number, before: state.shards[number].end))
    }
    for waiter in awake { waiter.resume() }
    return (shard, record)
  }

  /// The position where a reader of a shard begins; `nil` for a sequence number that is not one of the shard's.
  public func position(inShard number: Int, _ start: ShardStart, at moment: Timestamp) -> Int? {
    state.withLock { state in
      guard state.shards.indices.contains(number) else { return nil }
      state.trim(at: moment)
      let shard = state.shards[number]
      switch start {
      case .trimHorizon: return shard.first
      case .latest: return shard.end
      case .timestamp(let moment): return shard.position(at: moment)
      case .at(let text): return place(text, inShard: number).map { min($0, shard.end) }
      case .after(let text): return place(text, inShard: number, offset: 1).map { min($0, shard.end) }
      }
    }
  }

  /// The sequence number that the record at `position` has, or will have.
  public func sequenceNumber(inShard number: Int, at position: Int) -> String {
    SequenceNumber(epoch: epoch, position: max(0, position), shard: number).text
  }

  private func place(_ text: String, inShard number: Int, offset: Int = 0) -> Int? {
    guard let place = SequenceNumber(text), place.shard == number, place.epoch <= epoch, place.position < .max else {
      return nil
    }
    // What came before a restart is gone.
    return place.epoch < epoch ? 0 : place.position + offset
  }

  /// At most `count` records of a shard from `position` on, with at most `bytes` of data, but one when there is one.
  /// Records that are gone are passed over.
  public func read(shard number: Int, from position: Int, count: Int, bytes: Int, at moment: Timestamp) -> ShardBatch {
    state.withLock { state in
      guard state.shards.indices.contains(number) else { return ShardBatch(records: [], next: position) }
      state.trim(at: moment)
      return state.shards[number].read(from: position, count: max(0, count), bytes: bytes)
    }
  }

  // MARK: Waiting

  /// Waits until the shard has a record at `position` or beyond it. Returns at once when the stream is deleted or the
  /// task is cancelled.
  public func wait(shard number: Int, for position: Int) async {
    let id = state.withLock { $0.waiters.nextID() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state in
          guard !state.isClosed, !Task.isCancelled, state.shards.indices.contains(number),
            state.shards[number].end <= position
          else { return true }
          state.waiters.add(id, shard: number, position: position, continuation)
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiters.remove(id) }?.resume()
    }
  }

  /// How many wait for records.
  public var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Ends the stream: its records are gone, and whoever waits goes on.
  func close() {
    let awake = state.withLock { state in
      state.isClosed = true
      state.shards = Array(repeating: Shard(), count: shardCount)
      state.bytes = 0
      return state.waiters.takeAll()
    }
    for waiter in awake { waiter.resume() }
  }
}

extension EventStream.State {
  fileprivate mutating func trim(at moment: Timestamp) {
    let oldest = moment.advanced(by: .seconds(-definition.retentionHours * 3600))
    for index in shards.indices { bytes -= shards[index].trim(before: oldest) }
  }

  fileprivate func check(_ input: StreamInput) throws(StreamError) {
    guard (1...256).contains(input.partitionKey.unicodeScalars.count) else {
      throw StreamError(.invalidArgument, "A partition key has 1 to 256 characters.")
    }
    guard input.data.count <= definition.recordKibibytesLimit * 1024 else {
      throw StreamError(
        .invalidArgument,
        "A record of \(input.data.count) bytes is larger than the stream's limit of \(definition.recordKibibytesLimit) KiB."
      )
    }
  }
}
