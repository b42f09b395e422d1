import Logging
import NIOHTTP1

/// The four calls that a runtime makes of Lambda's Runtime API, version 2018-06-01, one after the other.
struct RuntimeAPI {
  /// Lambda: 6 MB and 100 bytes.
  static let answerBytesLimit = 6_291_556

  private static let base = "/2018-06-01/runtime"
  private let connection: APIConnection
  private let workingDirectory: String
  private let logger: Logger

  init(_ connection: APIConnection, workingDirectory: String, logger: Logger) {
    self.connection = connection
    self.workingDirectory = workingDirectory
    self.logger = logger
  }

  /// Waits for an event as long as it takes; `nil` when the task is cancelled meanwhile.
  func next() async throws(LambdaRuntimeError) -> RuntimeEvent? {
    let path = "\(Self.base)/invocation/next"
    guard let answer = try await connection.get(path) else { return nil }
    let request = "GET \(path)"
    guard answer.status == 200 else { throw refusal(of: request, answer) }
    return try RuntimeEvent(answer, to: request)
  }

  /// Gives Lambda the result of an event.
  func answer(_ requestID: String, _ body: [UInt8]) async throws(LambdaRuntimeError) {
    try await post(
      "\(Self.base)/invocation/\(requestID)/response", ["Content-Type": "application/json"], body)
  }

  /// Tells Lambda that an event failed.
  func fail(_ requestID: String, _ report: ErrorReport) async throws(LambdaRuntimeError) {
    try await post("\(Self.base)/invocation/\(requestID)/error", headers(report), report.body)
  }

  /// Tells Lambda that this process will never take an event.
  func failInitialization(_ report: ErrorReport) async throws(LambdaRuntimeError) {
    try await post("\(Self.base)/init/error", headers(report), report.body)
  }

  private func headers(_ report: ErrorReport) -> HTTPHeaders {
    [
      "Content-Type": "application/vnd.aws.lambda.error+json",
      "Lambda-Runtime-Function-Error-Type": report.headerType,
      "Lambda-Runtime-Function-XRay-Error-Cause": report.cause(workingDirectory: workingDirectory),
    ]
  }

  private func post(_ path: String, _ headers: HTTPHeaders, _ body: [UInt8]) async throws(LambdaRuntimeError) {
    let answer = try await connection.post(path, headers, body)
    switch answer.status {
    case 202: return
    case 400, 413:
      // Lambda has settled this invocation in another way, and has further ones for this process.
      logger.error("\(refusal(of: "POST \(path)", answer))")
    default: throw refusal(of: "POST \(path)", answer)
    }
  }

  private func refusal(of request: String, _ answer: APIAnswer) -> LambdaRuntimeError {
    .refused(
      request: request, status: answer.status, message: String(decoding: answer.body.prefix(1024), as: UTF8.self))
  }
}
