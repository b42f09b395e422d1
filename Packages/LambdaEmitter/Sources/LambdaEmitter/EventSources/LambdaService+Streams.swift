public import XRayModel

/// How a function is fed from one shard of a stream.
public struct StreamSource: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case kinesis = "aws:kinesis"
    case dynamoDB = "aws:dynamodb"
  }

  public var kind: Kind
  /// The stream's ARN.
  public var stream: String
  /// 1 to 10,000 records.
  public var batchSize = 100
  /// Retries of a batch that fails; `nil` retries until its records are too old.
  public var maximumRetryAttempts: Int?
  /// How old a record may become before it is given up: 60 to 604,800 seconds.
  public var maximumRecordAgeSeconds = 86_400
  /// Whether a batch that fails is halved, so that one bad record does not hold up the others.
  public var bisectsBatchOnError = false
  /// The ARN of the queue that is told of batches that were given up.
  public var onFailure: String?

  public init(_ kind: Kind, stream: String) {
    self.kind = kind
    self.stream = stream
  }
}

/// One record of a stream.
public struct StreamRecord: Hashable, Sendable {
  /// The record as the function gets it: an object with the members of its source.
  public var json: JSONObject
  public var sequenceNumber: String
  public var arrival: Timestamp

  public init(json: JSONObject, sequenceNumber: String, arrival: Timestamp) {
    self.json = json
    self.sequenceNumber = sequenceNumber
    self.arrival = arrival
  }
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
    guard (1...10_000).contains(source.batchSize) else {
      throw LambdaError(.invalidParameterValue, "batch size \(source.batchSize) must be 1 to 10,000")
    }
    return await deliver(records, from: source, to: version)
  }

  func deliver(_ records: [StreamRecord], from source: StreamSource, to version: FunctionVersion) async -> Int {
    var processed = 0
    var batches = stride(from: 0, to: records.count, by: source.batchSize).reversed().map {
      records[$0..<min($0 + source.batchSize, records.count)]
    }
    while let batch = batches.popLast(), !Task.isCancelled {
      if await deliver(batch, from: source, to: version) {
        processed += batch.count
      } else if source.bisectsBatchOnError, batch.count > 1 {
        let middle = batch.startIndex + batch.count / 2
        batches += [batch[middle...], batch[..<middle]]
      } else {
        giveUp(batch, from: source, to: version)
      }
    }
    return processed
  }

  /// Tries one batch until it succeeds or there is no sense in another try; when batches are halved, once.
  private func deliver(
    _ batch: ArraySlice<StreamRecord>, from source: StreamSource, to function: FunctionVersion
  ) async -> Bool {
    let invocation = begin(function, payload: source.event(batch))
    await wait(timing.routing)
    var tries = 0
    var backoff = Backoff()
    let oldest = batch.map(\.arrival).min() ?? clock.now
    let expiry = oldest.advanced(by: scaled(.seconds(source.maximumRecordAgeSeconds)))
    while true {
      let outcome = await attempt(invocation, parent: invocation.segmentID)
      tries += 1
      let next = clock.now.advanced(by: scaled(backoff.next()))
      let isLast = tries > source.maximumRetryAttempts ?? .max || next >= expiry
      if !outcome.hasFailed || isLast || (source.bisectsBatchOnError && batch.count > 1) {
        _ = try? await close(invocation, outcome)
        return !outcome.hasFailed
      }
      if case .answered = outcome { count(function) { $0.retries += 1 } }
      do { try await clock.sleep(until: next, tolerance: nil) } catch {
        _ = try? await close(invocation, outcome)
        return false
      }
    }
  }

  private func giveUp(_ batch: ArraySlice<StreamRecord>, from source: StreamSource, to function: FunctionVersion) {
    count(function) { $0.abandoned += 1 }
    guard let target = source.onFailure, let first = batch.first, let last = batch.last else { return }
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("version", "1.0")
      writer.member("timestamp", clock.now.iso8601)
      writer.key("requestContext")
      writer.object { writer in
        writer.member("functionArn", "\(function.arn):\(function.version)")
        writer.member("condition", "RetryAttemptsExhausted")
      }
      writer.key("batchInfo")
      writer.object { writer in
        writer.member("streamArn", source.stream)
        writer.member("batchSize", batch.count)
        writer.member("startSequenceNumber", first.sequenceNumber)
        writer.member("endSequenceNumber", last.sequenceNumber)
      }
    }
    send(writer.bytes, to: target)
  }
}

extension StreamSource {
  fileprivate func event(_ batch: ArraySlice<StreamRecord>) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("Records")
      writer.array { writer in
        for record in batch {
          var json = record.json
          json["eventSource"] = .string(kind.rawValue)
          json["eventSourceARN"] = .string(stream)
          writer.value(.object(json))
        }
      }
    }
    return writer.bytes
  }
}
