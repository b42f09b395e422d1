import XRayModel

/// What a destination is told of an event: the invocation, how it ended and what the function answered.
struct DestinationRecord {
  enum Condition: String {
    case success = "Success"
    case retriesExhausted = "RetriesExhausted"
    case eventAgeExceeded = "EventAgeExceeded"
    /// The service was stopped before the event was done.
    case cancelled = "Cancelled"
  }

  var event: Invocation
  var condition: Condition
  var attempts: Int
  var outcome: AttemptOutcome
  var time: Timestamp

  var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("version", "1.0")
      writer.member("timestamp", time.iso8601)
      writer.key("requestContext")
      writer.object { writer in
        writer.member("requestId", event.requestID)
        writer.member("functionArn", "\(event.function.arn):\(event.function.version)")
        writer.member("condition", condition.rawValue)
        writer.member("approximateInvokeCount", attempts)
      }
      writer.member("requestPayload", JSONValue(payload: event.payload))
      if case .answered(let answer) = outcome {
        writer.key("responseContext")
        writer.object { writer in
          writer.member("statusCode", 200)
          writer.member("executedVersion", event.function.version)
          if answer.isError { writer.member("functionError", "Unhandled") }
        }
        writer.member("responsePayload", JSONValue(payload: answer.payload))
      }
    }
    return writer.bytes
  }
}

extension JSONValue {
  /// A payload as a value; as text when it is not JSON.
  init(payload: [UInt8]) {
    self = (try? JSONValue(parsing: payload.span)) ?? .string(String(decoding: payload, as: UTF8.self))
  }
}

extension AttemptOutcome {
  /// The attributes of a dead letter: which request it was, the status of its end and the error's first KB.
  func deadLetterAttributes(requestID: String) -> [String: String] {
    let code: Int
    let message: String
    switch self {
    case .refused(let error): (code, message) = (error.statusCode, error.message)
    case .answered(let answer):
      code = 200
      message = JSONValue(payload: answer.payload)["errorMessage"]?.string ?? ""
    }
    return [
      "RequestID": requestID, "ErrorCode": String(code),
      "ErrorMessage": String(decoding: message.utf8.prefix(1024), as: UTF8.self),
    ]
  }
}
