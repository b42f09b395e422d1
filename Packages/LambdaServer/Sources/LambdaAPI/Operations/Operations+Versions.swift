import LambdaEmitter
import XRayModel

extension LambdaAPI {
  static let versionOperations = [
    Operation(
      "PublishVersion", .POST, "/2015-03-31/functions/{FunctionName}/versions", bodyBytes: configurationBytes
    ) { api, call throws(APIError) in
      try await api.publishVersion(call)
    },
    Operation("ListVersionsByFunction", .GET, "/2015-03-31/functions/{FunctionName}/versions") {
      api, call throws(APIError) in
      let function = try api.function(api.name(in: call, limit: longNameLimit, takesQualifier: false))
      return try Page(of: function.versions, call.query, place: \.listPlace).reply("Versions") {
        $1.write(to: &$0, arn: api.arn(of: $1))
      }
    },
  ]

  private func publishVersion(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, takesQualifier: false)
    let input = try call.fields
    let (hash, revision) = (try input.text("CodeSha256"), try input.text("RevisionId"))
    let description = try input.text("Description", 0...256)
    if input.says("PublishTo") { throw .invalid("PublishTo is not supported here.") }
    return try await update(name) { function, state throws(APIError) in
      try Self.checkRevision(revision, function.latest.revisionID)
      guard hash == nil || hash == "" || hash == function.latest.code.base64 else {
        throw .invalid(
          "CodeSHA256 (\(hash?.prefix(100) ?? "")) is different from current CodeSHA256 in $LATEST "
            + "(\(function.latest.code.base64)). Please try again with the CodeSHA256 in $LATEST.")
      }
      let version = try self.publish(&function, description: description)
      return .value(status: 201) { version.write(to: &$0, arn: self.arn(of: version)) }
    }
  }

  /// Freezes `$LATEST` as the next version; gives the last version when nothing has changed since.
  func publish(_ function: inout StoredFunction, description: String?) throws(APIError) -> StoredVersion {
    if let last = function.published.last, last.isSame(as: function.latest) { return last }
    guard function.published.count < Self.versionsLimit else {
      throw APIError(.codeStorageExceeded, "The function has \(Self.versionsLimit) versions.")
    }
    function.lastNumber += 1
    var version = function.latest
    version.version = String(function.lastNumber)
    version.revisionID = random.requestID()
    version.lastModified = clock.now
    version.publishedDescription = description
    function.published.append(version)
    return version
  }
}
