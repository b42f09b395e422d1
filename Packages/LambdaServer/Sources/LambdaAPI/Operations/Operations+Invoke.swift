import LambdaEmitter
import NIOHTTP1
import XRayModel

extension LambdaAPI {
  /// What a payload may have, and room to say that it has more.
  static let payloadBytes = InvocationType.requestResponse.payloadBytesLimit
  /// Lambda: initialization takes 10 seconds, twice at the worst, and a function 15 minutes.
  static let invocationTime = Duration.seconds(930)
  /// Lambda: the end of the log that comes with an answer.
  static let logTailBytes = 4096
  /// Lambda: of the text in the header.
  static let clientContextBytes = 3583

  static let invokeOperations = [
    Operation(
      "Invoke", .POST, "/2015-03-31/functions/{FunctionName}/invocations", bodyBytes: payloadBytes + 1024,
      answerTime: invocationTime
    ) { api, call throws(APIError) in
      try await api.invoke(call)
    },
    Operation(
      "InvokeAsync", .POST, "/2014-11-13/functions/{FunctionName}/invoke-async", bodyBytes: payloadBytes + 1024
    ) { api, call throws(APIError) in
      let name = try api.name(in: call, limit: longNameLimit, takesQualifier: false)
      let result = try await api.run(name, call, as: .event)
      var reply = Reply(status: 202) { $0.member("Status", 202) }
      reply.tell(result)
      return reply
    },
  ]

  private func invoke(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, limit: Self.longNameLimit)
    let kind = call.headers.first(name: "X-Amz-Invocation-Type") ?? InvocationType.requestResponse.rawValue
    guard let type = InvocationType(rawValue: kind) else {
      throw .violation(
        "invocationType", kind, "Member must satisfy enum value set: [Event, RequestResponse, DryRun]")
    }
    let log = call.headers.first(name: "X-Amz-Log-Type") ?? "None"
    guard log == "None" || log == "Tail" else {
      throw .violation("logType", log, "Member must satisfy enum value set: [None, Tail]")
    }
    if call.headers.contains(name: "X-Amz-Tenant-Id") { throw .invalid("The function has no tenants.") }
    let context = try call.headers.first(name: "X-Amz-Client-Context").map(Self.clientContext)
    let result = try await run(name, call, as: type, clientContext: context)
    var reply = Reply(status: result.statusCode)
    reply.tell(result)
    if type != .event { reply.headers.append(("X-Amz-Executed-Version", result.executedVersion)) }
    if let error = result.functionError { reply.headers.append(("X-Amz-Function-Error", error)) }
    if type == .requestResponse {
      reply.body = result.payload
      if log == "Tail" { reply.headers.append(("X-Amz-Log-Result", Self.tail(of: result.logLines))) }
    }
    return reply
  }

  private func run(
    _ name: FunctionName, _ call: Call, as type: InvocationType, clientContext: [UInt8]? = nil
  ) async throws(APIError) -> InvocationResult {
    _ = try version(name)
    do throws(LambdaError) {
      return try await service.invoke(
        name.name + (name.qualifier.map { ":\($0)" } ?? ""), payload: call.body, type: type,
        traceHeader: call.headers.first(name: "X-Amzn-Trace-Id"), clientContext: clientContext)
    } catch {
      throw APIError(error)
    }
  }

  /// The JSON object of which the header is the base64.
  private static func clientContext(_ text: String) throws(APIError) -> [UInt8] {
    guard text.utf8.count <= clientContextBytes else {
      throw .violation("clientContext", nil, "Member must have length less than or equal to \(clientContextBytes)")
    }
    guard let bytes = Base64.bytes(text), let value = try? JSONValue(parsing: bytes.span), value.object != nil else {
      throw APIError(.invalidRequestContent, "Client context must be a valid Base64-encoded JSON object.")
    }
    return bytes
  }

  private static func tail(of lines: [String]) -> String {
    Base64.text(Array(lines.map { $0 + "\n" }.joined().utf8.suffix(logTailBytes)))
  }
}

extension Reply {
  /// The headers that every accepted invocation has.
  fileprivate mutating func tell(_ result: InvocationResult) {
    headers.append(("x-amzn-RequestId", result.requestID))
    headers.append(("X-Amzn-Trace-Id", result.traceHeader.description))
  }
}
