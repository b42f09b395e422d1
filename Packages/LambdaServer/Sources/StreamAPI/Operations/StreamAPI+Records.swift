import EventSources
import XRayModel

/// Records: put and got.
extension StreamAPI {
  /// Kinesis: data and keys of all records of a call.
  private static let callBytes = 10 << 20

  func putRecord(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    try refuseDryRun(call)
    let input = try input(call, traceHeader: call.traceHeader)
    let (shard, record) = try translating { () throws(StreamError) in try stream.put(input, at: clock.now) }
    return Self.object { writer in
      writer.member("ShardId", EventStream.shardID(shard))
      writer.member("SequenceNumber", record.sequenceNumber)
      writer.member("EncryptionType", "NONE")
    }
  }

  func putRecords(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    try refuseDryRun(call)
    let elements = try call.require("Records", call.objects("Records", count: 1...500))
    var inputs: [StreamInput] = []
    for element in elements { inputs.append(try input(element, traceHeader: call.traceHeader)) }
    let limit = stream.definition.recordKibibytesLimit * 1024
    // Kinesis refuses the whole call for one record that is too long.
    if let long = inputs.first(where: { $0.data.count > limit }) {
      throw StreamRefusal(
        .invalidArgument, "A record of \(long.data.count) bytes is larger than the stream's limit of \(limit) bytes.")
    }
    guard inputs.reduce(0, { $0 + $1.data.count + $1.partitionKey.utf8.count }) <= Self.callBytes else {
      throw StreamRefusal(.invalidArgument, "Records and keys of a call have at most \(Self.callBytes) bytes.")
    }
    var failures = 0
    var results: [Result<(shard: Int, record: ShardRecord), StreamError>] = []
    for input in inputs {
      do throws(StreamError) {
        results.append(.success(try stream.put(input, at: clock.now)))
      } catch {
        failures += 1
        results.append(.failure(error))
      }
    }
    return Self.object { writer in
      writer.member("FailedRecordCount", failures)
      writer.key("Records")
      writer.array { writer in
        for result in results {
          writer.object { writer in
            switch result {
            case .success(let (shard, record)):
              writer.member("SequenceNumber", record.sequenceNumber)
              writer.member("ShardId", EventStream.shardID(shard))
            case .failure(let error):
              writer.member("ErrorCode", StreamRefusal(error).type)
              writer.member("ErrorMessage", error.message)
            }
          }
        }
      }
      writer.member("EncryptionType", "NONE")
    }
  }

  private func refuseDryRun(_ call: StreamCall) throws(StreamRefusal) {
    guard try call.flag("DryRun") != true else {
      throw StreamRefusal(.invalidArgument, "DryRun is not supported here.")
    }
  }

  private func input(_ record: StreamCall, traceHeader: String?) throws(StreamRefusal) -> StreamInput {
    let text = try record.require("Data", record.text("Data"))
    guard let data = Base64.bytes(text) else { throw StreamRefusal(.serialization, "Data is not base64.") }
    let key = try record.require("PartitionKey", record.text("PartitionKey", 1...256))
    var hashKey = HashKey.of(key)
    if let text = try record.text("ExplicitHashKey") {
      // As Kinesis's pattern: no sign, no zeros before other digits.
      guard let number = UInt128(text), "\(number)" == text else {
        throw StreamRefusal(.invalidArgument, "Invalid ExplicitHashKey: it must be a number from 0 to 2^128 - 1.")
      }
      hashKey = number
    }
    return StreamInput(data: data, partitionKey: key, hashKey: hashKey, traceHeader: traceHeader)
  }

  func shardIterator(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    let stream = try stream(call)
    try refuseDryRun(call)
    let id = try call.require("ShardId", call.text("ShardId", 1...128))
    guard let shard = stream.shard(id) else {
      throw StreamRefusal(
        .resourceNotFound,
        "Shard \(id) in stream \(stream.definition.name) under account \(streams.account) does not exist")
    }
    let start = try start(call)
    guard let position = stream.position(inShard: shard, start, at: clock.now) else {
      throw StreamRefusal(
        .invalidArgument, "The StartingSequenceNumber is none of shard \(id) in stream \(stream.definition.name).")
    }
    return Self.object { writer in
      writer.member("ShardIterator", iterator(of: stream, shard: shard, at: position).text)
    }
  }

  private func start(_ call: StreamCall) throws(StreamRefusal) -> ShardStart {
    let words = ["AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
    let type = try call.require("ShardIteratorType", call.choice("ShardIteratorType", of: words))
    func number() throws(StreamRefusal) -> String {
      guard let text = try call.text("StartingSequenceNumber") else {
        throw StreamRefusal(.invalidArgument, "Must either specify timestamp or starting sequence number for \(type).")
      }
      return text
    }
    switch type {
    case "AT_SEQUENCE_NUMBER": return .at(sequenceNumber: try number())
    case "AFTER_SEQUENCE_NUMBER": return .after(sequenceNumber: try number())
    case "TRIM_HORIZON": return .trimHorizon
    case "LATEST": return .latest
    default:
      guard let moment = try call.time("Timestamp") else {
        throw StreamRefusal(.invalidArgument, "Must specify timestamp parameter for iterator type AT_TIMESTAMP.")
      }
      guard moment <= clock.now else {
        throw StreamRefusal(.invalidArgument, "The timestamp \(moment) of an iterator lies in the future.")
      }
      return .timestamp(moment)
    }
  }

  private func iterator(of stream: EventStream, shard: Int, at position: Int) -> ShardIterator {
    ShardIterator(
      stream: stream.definition.name, shard: shard,
      sequenceNumber: stream.sequenceNumber(inShard: shard, at: position),
      issued: clock.now)
  }

  func getRecords(_ call: StreamCall) throws(StreamRefusal) -> [UInt8] {
    try refuseDryRun(call)
    let limit = try call.integer("Limit", 1...10_000) ?? 10_000
    let text = try call.require("ShardIterator", call.text("ShardIterator", 1...512))
    let now = clock.now
    guard let iterator = ShardIterator(text) else { throw StreamRefusal(.invalidArgument, "Invalid ShardIterator.") }
    guard !iterator.isExpired(at: now) else {
      throw StreamRefusal(
        .expiredIterator,
        "Iterator expired. The iterator was created at time \(iterator.issued.iso8601) while right now it is "
          + "\(now.iso8601) which is further in the future than the tolerated delay of 300000 milliseconds.")
    }
    guard let stream = streams.stream(named: iterator.stream) else {
      throw StreamRefusal(
        .resourceNotFound, "Stream \(iterator.stream.prefix(200)) under account \(streams.account) not found.")
    }
    let start = ShardStart.at(sequenceNumber: iterator.sequenceNumber)
    guard let position = stream.position(inShard: iterator.shard, start, at: now) else {
      throw StreamRefusal(.invalidArgument, "Invalid ShardIterator.")
    }
    let batch = stream.read(shard: iterator.shard, from: position, count: limit, bytes: Self.callBytes, at: now)
    return records(batch, next: self.iterator(of: stream, shard: iterator.shard, at: batch.next), at: now)
  }

  private func records(_ batch: ShardBatch, next: ShardIterator, at now: Timestamp) -> [UInt8] {
    let behind = batch.nextArrival.map { max(0, $0.duration(to: now).ticks / 10_000) } ?? 0
    return Self.object { writer in
      writer.key("Records")
      writer.array { writer in
        for record in batch.records {
          writer.object { writer in
            writer.member("SequenceNumber", record.sequenceNumber)
            writer.member("ApproximateArrivalTimestamp", record.arrival.rounded(toTicks: 10_000))
            writer.member("Data", Base64.text(record.data))
            writer.member("PartitionKey", record.partitionKey)
            writer.member("EncryptionType", "NONE")
          }
        }
      }
      writer.member("NextShardIterator", next.text)
      writer.member("MillisBehindLatest", behind)
    }
  }
}
