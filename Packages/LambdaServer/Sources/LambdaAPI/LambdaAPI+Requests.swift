public import DaemonServer
import NIOCore
import NIOHTTP1

extension LambdaAPI {
  static let operations =
    functionOperations + codeOperations + versionOperations + aliasOperations + invokeOperations
    + concurrencyOperations + eventInvokeOperations + mappingOperations + accountOperations

  /// Whether one of the API's operations is at `path`, which is without a query.
  public static func isLambdaPath(_ path: String) -> Bool { resource(at: path) != nil }

  /// What the API takes at `path`; `nil` for paths that are not its own.
  public static func resource(at path: String) -> DaemonServer.Application.Resource? {
    guard let parts = RequestTarget.parts(of: path) else { return nil }
    let operations = operations.filter { $0.captures(in: parts) != nil }
    guard let first = operations.first else { return nil }
    return DaemonServer.Application.Resource(
      methods: operations.map(\.method), bodyBytes: operations.map(\.bodyBytes).max() ?? 0, name: first.name,
      answerTime: operations.compactMap(\.answerTime).max())
  }

  /// Answers one request. Never throws: whatever goes wrong is an answer too.
  public func answer(_ request: DaemonServer.Application.Request) async -> DaemonServer.Application.Response {
    let reply: Reply
    do throws(APIError) {
      reply = try await self.reply(to: request)
    } catch {
      reply = Reply(error)
    }
    return reply.response(requestID: random.requestID())
  }

  private func reply(to request: DaemonServer.Application.Request) async throws(APIError) -> Reply {
    guard let target = RequestTarget(request.head.uri) else {
      throw .invalid("The request's target has a malformed escape.")
    }
    let method = request.head.method == .HEAD ? .GET : request.head.method
    for operation in Self.operations where operation.method == method {
      guard let captures = operation.captures(in: target.parts) else { continue }
      guard request.body.readableBytes <= operation.bodyBytes else {
        throw APIError(
          .requestTooLarge,
          "Request must be smaller than \(operation.bodyBytes) bytes for the \(operation.name) operation")
      }
      let call = Call(
        target: target, headers: request.head.headers, body: Array(request.body.readableBytesView), captures: captures)
      return try await operation.answer(self, call)
    }
    throw APIError(.unknownOperation, "There is no \(request.head.method) \(request.path)")
  }
}

extension Call {
  /// Members of the body; nothing at all stands for none.
  var fields: Fields { get throws(APIError) { try Fields(body) } }

  var query: RequestTarget { target }
}

extension LambdaAPI {
  /// Lambda: names have up to 140 characters where functions are changed, and 256 where they are used.
  static let nameLimit = 140
  static let longNameLimit = 256

  /// The function that the path names, with the qualifier of the path or the query.
  func name(in call: Call, limit: Int = nameLimit, takesQualifier: Bool = true) throws(APIError) -> FunctionName {
    let qualifier = takesQualifier ? call.query.value("Qualifier") : nil
    return try FunctionName(call.captures[0], limit: limit, qualifier: qualifier, account: place)
  }

  func notFound(_ name: FunctionName) -> APIError {
    APIError(.resourceNotFound, "Function not found: \(place.arn(name.name, name.qualifier))")
  }

  func function(_ name: FunctionName) throws(APIError) -> StoredFunction {
    guard let function = current.functions[name.name] else { throw notFound(name) }
    return function
  }

  func version(_ name: FunctionName) throws(APIError) -> (StoredFunction, StoredVersion) {
    let function = try function(name)
    guard let version = function.version(name.qualifier) else { throw notFound(name) }
    return (function, version)
  }

  /// Changes a function that has to exist.
  func update<Result>(
    _ name: FunctionName, _ body: (inout StoredFunction, FunctionState) throws(APIError) -> Result
  ) async throws(APIError) -> Result {
    try await change(name.name) { function, state throws(APIError) in
      guard var changed = function else { throw self.notFound(name) }
      let result = try body(&changed, state)
      function = changed
      return result
    }
  }

  static func checkRevision(_ given: String?, _ present: String) throws(APIError) {
    guard given == nil || given == present else {
      throw APIError(
        .preconditionFailed,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve "
          + "the latest Revision Id")
    }
  }
}
