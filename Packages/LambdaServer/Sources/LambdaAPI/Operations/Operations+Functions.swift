import LambdaEmitter
import XRayModel

extension LambdaAPI {
  /// 1 MB: the rest of a configuration is far smaller.
  static let configurationBytes = 1 << 20
  /// Ours, so that what is saved stays of a size that can be written quickly.
  static let functionsLimit = 10_000

  static let functionOperations = [
    Operation("CreateFunction", .POST, "/2015-03-31/functions", bodyBytes: codeBytes) { api, call throws(APIError) in
      try await api.createFunction(call)
    },
    Operation("ListFunctions", .GET, "/2015-03-31/functions") { api, call throws(APIError) in
      try api.listFunctions(call)
    },
    Operation("GetFunction", .GET, "/2015-03-31/functions/{FunctionName}") { api, call throws(APIError) in
      try api.getFunction(call)
    },
    Operation("DeleteFunction", .DELETE, "/2015-03-31/functions/{FunctionName}") { api, call throws(APIError) in
      try await api.deleteFunction(call)
    },
    Operation("GetFunctionConfiguration", .GET, "/2015-03-31/functions/{FunctionName}/configuration") {
      api, call throws(APIError) in
      let name = try api.name(in: call, limit: longNameLimit)
      let (_, version) = try api.version(name)
      return .value { version.write(to: &$0, arn: api.place.arn(name.name, name.qualifier)) }
    },
    Operation(
      "UpdateFunctionConfiguration", .PUT, "/2015-03-31/functions/{FunctionName}/configuration",
      bodyBytes: configurationBytes
    ) { api, call throws(APIError) in
      try await api.updateConfiguration(call)
    },
  ]

  private func createFunction(_ call: Call) async throws(APIError) -> Reply {
    let input = try call.fields
    let given = try input.require("FunctionName", input.text("FunctionName"))
    let name = try FunctionName(given, limit: Self.nameLimit, account: place)
    guard name.qualifier == nil else { throw .invalid("A new function's name has no qualifier.") }
    let role = try input.require("Role", input.text("Role"))
    let tags = try Tags.checked(input.map("Tags") ?? [:])
    let package = try input.require("Code", input.object("Code"))
    let publishes = try input.flag("Publish") ?? false
    let zip = try Self.archive(in: package)
    var latest = StoredVersion(
      configuration: FunctionConfiguration(name: name.name, role: role), code: StoredCode(hash: "0", size: 0),
      lastModified: clock.now, revisionID: random.requestID())
    try latest.apply(input)
    guard input.has("Runtime"), input.has("Handler") else {
      throw .invalid(
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    }
    let configuration = latest.configuration
    try translating { () throws(LambdaError) in try service.check(configuration) }
    guard current.functions[name.name] == nil else { throw existing(name) }
    latest.code = try await store(zip, name)
    let created = latest
    return try await withCode(latest.code, name) { () async throws(APIError) in
      try self.checkRuntime(created)
      return try await self.change(name.name) { function, state throws(APIError) in
        guard function == nil else { throw self.existing(name) }
        try self.checkRoom(for: created.code, in: state)
        guard state.functions.count < Self.functionsLimit else {
          throw APIError(.codeStorageExceeded, "The account has \(Self.functionsLimit) functions.")
        }
        var new = StoredFunction(latest: created)
        new.tags = tags
        let version = publishes ? try self.publish(&new, description: nil) : created
        function = new
        return .value(status: 201) { version.write(to: &$0, arn: self.arn(of: version, isQualified: publishes)) }
      }
    }
  }

  private func existing(_ name: FunctionName) -> APIError {
    APIError(.resourceConflict, "Function already exist: \(name.name)")
  }

  /// The ARN of a version, as those calls tell it that are about one.
  func arn(of version: StoredVersion, isQualified: Bool = true) -> String {
    place.arn(version.configuration.name, isQualified ? version.version : nil)
  }

  private func listFunctions(_ call: Call) throws(APIError) -> Reply {
    if let choice = call.query.value("FunctionVersion"), choice != "ALL" {
      throw .violation("functionVersion", choice, "Member must satisfy enum value set: [ALL]")
    }
    let listsAll = call.query.value("FunctionVersion") != nil
    let functions = current.functions.values.sorted { $0.name < $1.name }
    let versions = functions.flatMap { listsAll ? $0.versions : [$0.latest] }
    return try Page(of: versions, call.query, place: \.listPlace).reply("Functions") {
      $1.write(to: &$0, arn: self.arn(of: $1, isQualified: listsAll))
    }
  }

  private func getFunction(_ call: Call) throws(APIError) -> Reply {
    let name = try name(in: call, limit: Self.longNameLimit)
    let (function, version) = try version(name)
    return Reply { writer in
      writer.key("Configuration")
      version.write(to: &writer, arn: self.place.arn(name.name, name.qualifier))
      writer.key("Code")
      writer.object { writer in
        writer.member("RepositoryType", "S3")
        writer.member("Location", Self.location(of: version, call))
      }
      if !function.tags.isEmpty {
        writer.key("Tags")
        writer.map(function.tags)
      }
      if let reserved = function.reservedConcurrency {
        writer.member("Concurrency", ["ReservedConcurrentExecutions": .number(JSONNumber(reserved))])
      }
    }
  }

  private func deleteFunction(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, limit: Self.longNameLimit)
    try await change(name.name) { function, _ throws(APIError) in
      guard let qualifier = name.qualifier else {
        guard function != nil else { throw self.notFound(name) }
        function = nil
        return
      }
      guard qualifier != FunctionName.latest else {
        throw .invalid("$LATEST version cannot be deleted without deleting the function.")
      }
      guard FunctionName.isNumber(qualifier) else { throw .invalid("Deletion of aliases is not currently supported.") }
      guard let index = function?.published.firstIndex(where: { $0.version == qualifier }) else {
        throw self.notFound(name)
      }
      let users = function?.aliases.filter { $0.version == qualifier || $0.weights[qualifier] != nil } ?? []
      guard users.isEmpty else {
        throw APIError(
          .resourceConflict,
          "Version \(qualifier) is in use by these aliases: \(users.map(\.name).joined(separator: ", "))")
      }
      function?.published.remove(at: index)
    }
    return Reply(status: 204)
  }

  private func updateConfiguration(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, takesQualifier: false)
    let input = try call.fields
    let revision = try input.text("RevisionId")
    guard name.qualifier == nil || name.qualifier == FunctionName.latest else {
      throw .invalid("Only $LATEST can be changed.")
    }
    return try await update(name) { function, _ throws(APIError) in
      var latest = function.latest
      try Self.checkRevision(revision, latest.revisionID)
      try latest.apply(input)
      let configuration = latest.configuration
      try translating { () throws(LambdaError) in try self.service.check(configuration) }
      try self.checkRuntime(latest)
      latest.lastModified = self.clock.now
      latest.revisionID = self.random.requestID()
      function.latest = latest
      return .value { latest.write(to: &$0, arn: self.arn(of: latest, isQualified: false)) }
    }
  }
}

extension StoredVersion {
  /// `$LATEST` before the numbers.
  var listPlace: ListPlace { ListPlace(name: configuration.name, number: Int(version) ?? 0) }
}
