public import EventSources
import XRayModel

/// What a poller of a shard tells its owner.
public enum StreamNote: Hashable, Sendable {
  /// A try of a batch ended.
  case tried(hasFailed: Bool)
  /// Everything before this position of the shard is done with.
  case reached(Int)
}

extension LambdaService {
  /// Feeds the records of one shard to a function, in batches, in order. Returns how many were processed.
  ///
  /// A batch that fails is tried again and blocks what comes after it. All tries of a batch are one request: one
  /// segment of the service, from the first receipt to the end of the last try.
  @discardableResult
  public func deliver(
    _ records: [StreamRecord], from source: StreamSource, to function: String
  ) async throws(LambdaError) -> Int {
    let version = try self.function(function)
    try source.check()
    return await deliver(records, from: source, to: version)
  }

  func deliver(_ records: [StreamRecord], from source: StreamSource, to version: FunctionVersion) async -> Int {
    await StreamDelivery(
      service: self, source: source, function: version, shard: EventStream.shardID(0), stop: StopSignal(),
      note: { _ in }
    ).run(records).processed
  }

  /// Feeds a function from one shard of a stream, from a position on, until it is stopped, the stream is deleted or
  /// the task is cancelled. It waits for records.
  ///
  /// - Parameters:
  ///   - function: As for ``invoke(_:payload:type:traceHeader:)``; looked up for each batch. While it is not there,
  ///     its records wait.
  ///   - stop: Ends the feeding after the batch that is at work, or between two tries of it.
  ///   - note: Called from several tasks when batches run beside each other.
  /// - Throws: For a source whose numbers are out of range.
  public func feed(
    _ function: String, from source: StreamSource, shard: Int, of stream: EventStream, at position: Int,
    until stop: StopSignal, note: @escaping @Sendable (StreamNote) -> Void = { _ in }
  ) async throws(LambdaError) {
    try source.check()
    let retention = stream.definition.retentionHours * 3600
    var source = source
    source.maximumRecordAgeSeconds = min(source.maximumRecordAgeSeconds ?? retention, retention)
    var position = position
    while true {
      let next = position
      await firstOf({ await stream.wait(shard: shard, for: next) }, { await stop.wait() })
      if source.windowSeconds > 0, !stop.isStopped {
        let end = clock.now.advanced(by: scaled(.seconds(source.windowSeconds)))
        let last = next.addingReportingOverflow(source.batchSize - 1).partialValue
        await firstOf(
          { await stream.wait(shard: shard, for: last) }, { await stop.wait() },
          { try? await self.clock.sleep(until: end, tolerance: nil) })
      }
      if stop.isStopped || Task.isCancelled || stream.isClosed { return }
      guard let version = try? self.function(function) else {
        note(.tried(hasFailed: true))
        await stop.sleep(until: clock.now.advanced(by: scaled(.seconds(1))), on: clock)
        continue
      }
      let batch = stream.read(
        shard: shard, from: position, count: source.batchSize * source.parallelizationFactor,
        bytes: StreamSource.eventBytesLimit * min(source.parallelizationFactor, 4), at: clock.now)
      let done = await deliver(batch.records, from: source, shard: EventStream.shardID(shard), to: version, until: stop)
      {
        note(.tried(hasFailed: $0))
      }
      position = batch.next - (batch.records.count - done)
      note(.reached(position))
    }
  }

  /// Delivers records that the filters let through, those of one partition key in order. Returns how many, from the
  /// first on, are done with.
  private func deliver(
    _ records: [ShardRecord], from source: StreamSource, shard: String, to function: FunctionVersion,
    until stop: StopSignal, note: @escaping @Sendable (_ hasFailed: Bool) -> Void
  ) async -> Int {
    var lanes = [StreamLane](repeating: StreamLane(), count: source.parallelizationFactor)
    for (index, record) in records.enumerated() {
      let json = record.event(from: source.stream, shard: shard, function: function, region: region)
      guard source.filters.isEmpty || source.filters.admit(record.filterable(json), embedded: "data") else { continue }
      lanes[record.lane(of: lanes.count)].append(
        StreamRecord(
          json: json, sequenceNumber: record.sequenceNumber, arrival: record.arrival, traceHeader: record.traceHeader),
        at: index)
    }
    let delivery = StreamDelivery(
      service: self, source: source, function: function, shard: shard, stop: stop, note: note)
    return await withTaskGroup(of: Int?.self) { group in
      for lane in lanes where !lane.records.isEmpty {
        group.addTask { lane.firstIndex(after: await delivery.run(lane.records).done) }
      }
      var done = records.count
      for await case let first? in group { done = min(done, first) }
      return done
    }
  }
}

/// Records whose order counts, and where each of them stands among all that were read.
private struct StreamLane {
  private(set) var records: [StreamRecord] = []
  private var indices: [Int] = []

  mutating func append(_ record: StreamRecord, at index: Int) {
    records.append(record)
    indices.append(index)
  }

  /// Where the first record stands that is not done with; `nil` when there is none.
  func firstIndex(after done: Int) -> Int? { done < indices.count ? indices[done] : nil }
}

extension ShardRecord {
  /// The record as a function gets it.
  fileprivate func event(from stream: String, shard: String, function: FunctionVersion, region: String) -> JSONObject {
    [
      "kinesis": [
        "kinesisSchemaVersion": "1.0", "partitionKey": .string(partitionKey), "sequenceNumber": .string(sequenceNumber),
        "data": .string(Base64.text(data)),
        "approximateArrivalTimestamp": .number(JSONNumber(arrival.inMilliseconds)),
      ],
      "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": .string("\(shard):\(sequenceNumber)"),
      "eventName": "aws:kinesis:record", "invokeIdentityArn": .string(function.configuration.role),
      "awsRegion": .string(region), "eventSourceARN": .string(stream),
    ]
  }

  /// The record as filters see it: the members of its event and those of `kinesis` side by side, with its data as text.
  fileprivate func filterable(_ event: JSONObject) -> JSONObject {
    var object = event
    for member in event["kinesis"]?.object?.members ?? [] { object[member.key] = member.value }
    object["kinesis"] = nil
    object["data"] = String(validating: data, as: UTF8.self).map { .string($0) }
    return object
  }

  /// Which of `count` lanes has the records of this one's partition key.
  fileprivate func lane(of count: Int) -> Int {
    // FNV-1a: the same in every run, which `Hasher` is not.
    let hash = partitionKey.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    return Int(hash % UInt64(count))
  }
}
