import XRayModel

/// What a destination is told of a batch that was given up. The records themselves stay in their stream.
struct StreamFailureRecord {
  enum Condition: String {
    case retryAttemptsExhausted = "RetryAttemptsExhausted"
    case recordAgeExceeded = "RecordAgeExceeded"
  }

  var batch: StreamBatch
  var source: StreamSource
  var shard: String
  var function: FunctionVersion
  var requestID: String
  var condition: Condition
  var attempts: Int
  /// `nil` when the function was never asked.
  var outcome: AttemptOutcome?
  var time: Timestamp

  var bytes: [UInt8] {
    let records = batch.elements.map(\.record)
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("requestContext")
      writer.object { writer in
        writer.member("requestId", requestID)
        writer.member("functionArn", "\(function.arn):\(function.version)")
        writer.member("condition", condition.rawValue)
        writer.member("approximateInvokeCount", attempts)
      }
      if case .answered(let answer)? = outcome {
        writer.key("responseContext")
        writer.object { writer in
          writer.member("statusCode", 200)
          writer.member("executedVersion", function.version)
          if answer.isError { writer.member("functionError", "Unhandled") }
        }
      }
      writer.member("version", "1.0")
      writer.member("timestamp", time.iso8601)
      writer.key(source.kind == .kinesis ? "KinesisBatchInfo" : "DDBStreamBatchInfo")
      writer.object { writer in
        writer.member("shardId", shard)
        if let first = records.first, let last = records.last {
          writer.member("startSequenceNumber", first.sequenceNumber)
          writer.member("endSequenceNumber", last.sequenceNumber)
          writer.member("approximateArrivalOfFirstRecord", first.arrival.iso8601)
          writer.member("approximateArrivalOfLastRecord", last.arrival.iso8601)
        }
        writer.member("batchSize", batch.count)
        writer.member("streamArn", source.stream)
      }
    }
    return writer.bytes
  }
}
