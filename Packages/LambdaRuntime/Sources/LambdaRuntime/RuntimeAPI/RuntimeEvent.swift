import NIOHTTP1
import XRayModel

/// An event as Lambda hands it over: the answer to `GET /runtime/invocation/next`.
struct RuntimeEvent: Sendable {
  var requestID: String
  var deadline: Timestamp
  var invokedFunctionARN: String
  var traceHeader: String?
  var clientContext: String?
  var cognitoIdentity: String?
  var tenantID: String?
  var contentType: String?
  var body: [UInt8]

  /// Characters that an id may have: it becomes part of a path.
  private static let requestIDLimit = 128

  init(_ answer: APIAnswer, to request: String) throws(LambdaRuntimeError) {
    func value(_ name: String) -> String? {
      answer.headers.first(name: name).flatMap { $0.isEmpty ? nil : $0 }
    }
    func required(_ name: String) throws(LambdaRuntimeError) -> String {
      guard let value = value(name) else { throw .malformedAnswer(to: request, reason: "has no header \(name)") }
      return value
    }
    requestID = try required("Lambda-Runtime-Aws-Request-Id")
    guard requestID.utf8.count <= Self.requestIDLimit, requestID.utf8.allSatisfy(\.isPlain) else {
      throw .malformedAnswer(to: request, reason: "has an odd request id")
    }
    guard let milliseconds = Int64(try required("Lambda-Runtime-Deadline-Ms")), milliseconds >= 0 else {
      throw .malformedAnswer(to: request, reason: "has a deadline that is no number of milliseconds")
    }
    let ticks = milliseconds.multipliedReportingOverflow(by: Timestamp.ticksPerSecond / 1000)
    deadline = ticks.overflow ? .upperBound : min(Timestamp(ticks: ticks.partialValue), .upperBound)
    invokedFunctionARN = value("Lambda-Runtime-Invoked-Function-Arn") ?? ""
    traceHeader = value("Lambda-Runtime-Trace-Id")
    clientContext = value("Lambda-Runtime-Client-Context")
    cognitoIdentity = value("Lambda-Runtime-Cognito-Identity")
    tenantID = value("Lambda-Runtime-Aws-Tenant-Id")
    contentType = value("Content-Type")
    body = answer.body
  }
}

extension UInt8 {
  /// A letter, a digit, `-` or `_`.
  fileprivate var isPlain: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
