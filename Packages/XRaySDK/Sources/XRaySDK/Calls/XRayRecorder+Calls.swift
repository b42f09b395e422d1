public import XRayModel

extension XRayRecorder {
  /// Runs `body`, which calls an AWS service, in a subsegment of namespace `aws`.
  ///
  /// Send its `header` with the request. Afterwards set what the response said: `setResponse(status:)`, and
  /// `setAWS("request_id", …)`.
  /// - Parameters:
  ///   - service: The service's id, as `DynamoDB` or `S3`.
  ///   - operation: The API's operation, as `GetItem`.
  ///   - region: By default `AWS_REGION`.
  ///   - parameters: What to record of the request, by its API names: `TableName` becomes `table_name`.
  public func withAWSCall<Result>(
    service: String, operation: String, region: String? = nil, parameters: JSONObject = [:],
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) throws -> Result
  ) throws -> Result {
    try begin(service, namespace: .aws) { describeAWSCall(&$0, operation, region, parameters) }
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs `body`, which calls an AWS service, in a subsegment of namespace `aws`.
  public func withAWSCall<Result>(
    service: String, operation: String, region: String? = nil, parameters: JSONObject = [:],
    isolation: isolated (any Actor)? = #isolation,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) async throws -> Result
  ) async throws -> Result {
    try await begin(service, namespace: .aws) { describeAWSCall(&$0, operation, region, parameters) }
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  private func describeAWSCall(
    _ entity: inout Entity, _ operation: String, _ region: String?, _ parameters: JSONObject
  ) {
    entity.aws["operation"] = .string(operation.prefix(1).uppercased() + operation.dropFirst())
    entity.aws["region"] = (region ?? environment["AWS_REGION"]).map { .string($0) }
    for parameter in parameters.members { entity.aws[snakeCase(parameter.key)] = parameter.value }
  }

  /// Runs `body`, which calls another service over HTTP, in a subsegment of namespace `remote`.
  ///
  /// It is named after the URL's host. Send its `header` with the request, and afterwards set what came back
  /// with `setResponse(status:contentLength:)`. The URL is recorded without its query and its password.
  public func withRemoteCall<Result>(
    url: String, method: String,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) throws -> Result
  ) throws -> Result {
    try beginRemoteCall(url: url, method: method)
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs `body`, which calls another service over HTTP, in a subsegment of namespace `remote`.
  public func withRemoteCall<Result>(
    url: String, method: String, isolation: isolated (any Actor)? = #isolation,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) async throws -> Result
  ) async throws -> Result {
    try await beginRemoteCall(url: url, method: method)
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Begins the subsegment of a call to another service over HTTP. Its `end(at:)` must be called.
  public func beginRemoteCall(url: String, method: String) throws(ContextMissingError) -> Subsegment {
    // Named in `prepare`, so that a call that is not sampled does not read the URL.
    try begin("", namespace: .remote) { entity in
      let target = CallTarget(url: url)
      entity.name = entityName(target.host)
      entity.http = HTTPBlock(request: HTTPBlock.Request(method: method, url: target.url))
    }
  }

  /// Runs `body`, which sends a query to a database, in a subsegment of namespace `remote`.
  public func withSQLQuery<Result>(
    _ query: SQLQuery,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) throws -> Result
  ) throws -> Result {
    try begin(query.name, namespace: .remote) { $0.sql = query.block(withText: configuration.collectsSQLQueries) }
      .run(at: CallSite(file: file, line: line, function: function), body)
  }

  /// Runs `body`, which sends a query to a database, in a subsegment of namespace `remote`.
  public func withSQLQuery<Result>(
    _ query: SQLQuery, isolation: isolated (any Actor)? = #isolation,
    file: String = #fileID, line: Int = #line, function: String = #function,
    _ body: (Subsegment) async throws -> Result
  ) async throws -> Result {
    try await begin(query.name, namespace: .remote) {
      $0.sql = query.block(withText: configuration.collectsSQLQueries)
    }.run(at: CallSite(file: file, line: line, function: function), body)
  }
}

/// `TableName` as `table_name`, `SSEKMSKeyId` as `ssekms_key_id`.
package func snakeCase(_ name: String) -> String {
  var result = ""
  var previous: Character?
  for index in name.indices {
    let character = name[index]
    let next = name.index(after: index)
    let startsWord =
      character.isUppercase
      && (previous.map { $0.isLowercase || $0.isNumber } ?? false
        || previous?.isUppercase == true && next < name.endIndex && name[next].isLowercase)
    if startsWord { result += "_" }
    result += character.lowercased()
    previous = character
  }
  return result
}
