import LambdaEmitter
import NIOHTTP1
import NIOPosix
import XRayModel

extension LambdaAPI {
  /// Lambda: what an archive of 50 MB takes as text, and what else belongs to a request.
  static let codeBytes = 70_254_592
  /// Lambda: archives of all functions and versions of an account have 75 GB.
  static let codeStorageBytes = 80_530_636_800
  /// More than anybody has; what the account's code can hold in small pieces is far more.
  static let versionsLimit = 10_000

  static let codeOperations = [
    Operation(
      "UpdateFunctionCode", .PUT, "/2015-03-31/functions/{FunctionName}/code", bodyBytes: codeBytes
    ) { api, call throws(APIError) in
      try await api.updateCode(call)
    },
    // Not Lambda's: where `GetFunction` sends its callers for the code.
    Operation("GetFunctionCode", .GET, "/fluoro/functions/{FunctionName}/code/{Hash}") { api, call throws(APIError) in
      let name = try api.name(in: call, takesQualifier: false)
      let code = try api.function(name).versions.map(\.code).first { $0.hash == call.captures[1] }
      guard let code, let zip = api.code.archive(code, function: name.name) else { throw api.notFound(name) }
      var reply = Reply()
      reply.contentType = "application/zip"
      reply.body = zip
      return reply
    },
  ]

  /// The URL of a version's archive, at the server that was asked.
  static func location(of version: StoredVersion, _ call: Call) -> String {
    let host = call.headers.first(name: "Host") ?? "localhost"
    return "http://\(host)/fluoro/functions/\(version.configuration.name)/code/\(version.code.hash)"
  }

  /// The archive that a request brings.
  static func archive(in package: Fields) throws(APIError) -> [UInt8] {
    for name in ["S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri"] where package.says(name) {
      throw .invalid("\(name) is not supported here: send the code as ZipFile.")
    }
    guard let text = try package.text("ZipFile") else {
      throw .invalid("Please provide a source for function code.")
    }
    guard let bytes = Base64.bytes(text) else {
      throw APIError(.invalidRequestContent, "Could not parse request body into json: zipFile is not base64")
    }
    guard !bytes.isEmpty else { throw .invalid("Uploaded file must be a non-empty zip") }
    guard bytes.count <= ZipArchive.Limits().packedBytes else {
      throw APIError(.requestTooLarge, "The archive has more than \(ZipArchive.Limits().packedBytes) bytes")
    }
    return bytes
  }

  /// Unpacks an archive on a thread for work that blocks.
  func store(_ zip: [UInt8], _ name: FunctionName) async throws(APIError) -> StoredCode {
    let code = code
    let result: Result<StoredCode, ZipError>
    do {
      result = try await NIOThreadPool.singleton.runIfActive {
        Result { () throws(ZipError) in try code.add(zip, function: name.name) }
      }
    } catch {
      throw APIError(.service, "The code cannot be unpacked: \(error)")
    }
    do throws(ZipError) { return try result.get() } catch { throw APIError(error) }
  }

  /// Runs `body`, and gives `code` back to the store when no version has it afterwards.
  func withCode<Result>(
    _ code: StoredCode, _ name: FunctionName, _ body: () async throws(APIError) -> Result
  ) async throws(APIError) -> Result {
    do throws(APIError) { return try await body() } catch {
      let isUsed = current.functions[name.name]?.versions.contains { $0.code == code } ?? false
      if !isUsed { self.code.retire(code, function: name.name) }
      throw error
    }
  }

  /// Refuses what the account has no room for.
  func checkRoom(for code: StoredCode, in state: FunctionState) throws(APIError) {
    guard state.codeSize + code.size <= Self.codeStorageBytes else {
      throw APIError(.codeStorageExceeded, "Code storage limit exceeded.")
    }
  }

  private func updateCode(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, takesQualifier: false)
    let input = try call.fields
    let revision = try input.text("RevisionId")
    let publishes = try input.flag("Publish") ?? false
    let isDryRun = try input.flag("DryRun") ?? false
    guard name.qualifier == nil || name.qualifier == FunctionName.latest else {
      throw .invalid("Only $LATEST can be changed.")
    }
    let zip = try Self.archive(in: input)
    var tested = try function(name).latest
    try tested.apply(architectureOf: input)
    let architecture = tested.architecture
    try Self.checkRevision(revision, tested.revisionID)
    if isDryRun {
      do throws(ZipError) { _ = try ZipArchive(zip) } catch { throw APIError(error) }
      tested.code = StoredCode(zip)
      let version = tested
      return .value { version.write(to: &$0, arn: self.arn(of: version, isQualified: false)) }
    }
    let code = try await store(zip, name)
    return try await withCode(code, name) { () async throws(APIError) in
      try await self.update(name) { function, state throws(APIError) in
        var latest = function.latest
        try Self.checkRevision(revision, latest.revisionID)
        try self.checkRoom(for: code, in: state)
        latest.code = code
        latest.architecture = architecture
        try self.checkRuntime(latest)
        latest.lastModified = self.clock.now
        latest.revisionID = self.random.requestID()
        function.latest = latest
        let version = publishes ? try self.publish(&function, description: nil) : latest
        return .value { version.write(to: &$0, arn: self.arn(of: version, isQualified: publishes)) }
      }
    }
  }
}
