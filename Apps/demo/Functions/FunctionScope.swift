import LambdaEmitter
import XRayModel
import XRaySDK

/// What the body of a sample function works with: its event, its invocation, a recorder, and the world outside.
struct FunctionScope: Sendable {
  let event: InvocationEvent
  let context: InvocationContext
  let recorder: XRayRecorder
  let downstream: any Downstream

  /// Calls an AWS service in a subsegment of namespace `aws`.
  @discardableResult
  func aws(_ call: AWSCall) async throws -> Answer {
    try await recorder.withAWSCall(service: call.service, operation: call.operation, parameters: call.parameters) {
      subsegment in
      let answer = try await downstream.call(call, header: subsegment.header)
      if let requestID = answer.requestID { subsegment.setAWS("request_id", .string(requestID)) }
      subsegment.setResponse(status: answer.status, contentLength: answer.contentLength)
      return answer
    }
  }

  /// Fetches a page in a subsegment of namespace `remote`.
  func get(_ url: String) async throws -> Answer {
    try await recorder.withRemoteCall(url: url, method: "GET") { subsegment in
      let answer = try await downstream.get(url, header: subsegment.header)
      subsegment.setResponse(status: answer.status, contentLength: answer.contentLength)
      return answer
    }
  }

  /// Runs a statement on the orders database in a subsegment with an `sql` block.
  func sql(_ statement: String) async throws {
    let query = SQLQuery(database: "orders", host: "localhost", databaseType: "SQLite", text: statement)
    try await recorder.withSQLQuery(query) { _ in try await downstream.execute(statement) }
  }

  /// Works for some milliseconds.
  func work(milliseconds: Int) async throws { try await context.clock.sleep(for: .milliseconds(milliseconds)) }
}
