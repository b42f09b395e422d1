import XRayModel

/// What the sample functions call: AWS services, a web page, a database. Simulated in virtual time, real on
/// loopback in a live run.
protocol Downstream: Sendable {
  /// Calls an operation of an AWS service.
  func call(_ call: AWSCall, header: TraceHeader?) async throws -> Answer
  /// Fetches a page.
  func get(_ url: String, header: TraceHeader?) async throws -> Answer
  /// Runs a statement on the orders database.
  func execute(_ statement: String) async throws
}

/// An operation of an AWS service with the parameters that traces show.
struct AWSCall: Sendable {
  var service: String
  var operation: String
  var parameters: JSONObject = [:]
  var body: [UInt8] = []

  static func putObject(bucket: String, key: String, body: [UInt8]) -> AWSCall {
    AWSCall(
      service: "S3", operation: "PutObject",
      parameters: ["bucket_name": .string(bucket), "key": .string(key)], body: body)
  }

  static func getObject(bucket: String, key: String) -> AWSCall {
    AWSCall(service: "S3", operation: "GetObject", parameters: ["bucket_name": .string(bucket), "key": .string(key)])
  }

  static func putItem(table: String) -> AWSCall {
    AWSCall(service: "DynamoDB", operation: "PutItem", parameters: ["table_name": .string(table)])
  }

  static let listTables = AWSCall(service: "DynamoDB", operation: "ListTables")
}

struct Answer: Sendable {
  var status: Int
  var contentLength: Int
  var requestID: String?
}
