import XRayModel

extension LambdaAPI {
  /// Ours, so that a function stays of a size that can be saved quickly.
  static let aliasesLimit = 1000

  static let aliasOperations = [
    Operation(
      "CreateAlias", .POST, "/2015-03-31/functions/{FunctionName}/aliases", bodyBytes: configurationBytes
    ) { api, call throws(APIError) in
      try await api.createAlias(call)
    },
    Operation("ListAliases", .GET, "/2015-03-31/functions/{FunctionName}/aliases") { api, call throws(APIError) in
      let name = try api.name(in: call, takesQualifier: false)
      var aliases = try api.function(name).aliases
      if let version = call.query.value("FunctionVersion") { aliases.removeAll { $0.version != version } }
      return try Page(of: aliases, call.query, place: { ListPlace(name: $0.name) }).reply("Aliases") {
        $1.write(to: &$0, arn: api.place.arn(name.name, $1.name))
      }
    },
    Operation("GetAlias", .GET, "/2015-03-31/functions/{FunctionName}/aliases/{Name}") { api, call throws(APIError) in
      let name = try api.name(in: call, takesQualifier: false)
      guard let alias = try api.function(name).alias(call.captures[1]) else {
        throw api.noAlias(name, call.captures[1])
      }
      return .value { alias.write(to: &$0, arn: api.place.arn(name.name, alias.name)) }
    },
    Operation(
      "UpdateAlias", .PUT, "/2015-03-31/functions/{FunctionName}/aliases/{Name}", bodyBytes: configurationBytes
    ) { api, call throws(APIError) in
      try await api.updateAlias(call)
    },
    Operation("DeleteAlias", .DELETE, "/2015-03-31/functions/{FunctionName}/aliases/{Name}") {
      api, call throws(APIError) in
      let name = try api.name(in: call, takesQualifier: false)
      // One that is not there is deleted already, as with Lambda.
      try await api.update(name) { function, _ in function.aliases.removeAll { $0.name == call.captures[1] } }
      return Reply(status: 204)
    },
  ]

  private func noAlias(_ name: FunctionName, _ alias: String) -> APIError {
    APIError(.resourceNotFound, "Cannot find alias arn: \(place.arn(name.name, alias))")
  }

  private func createAlias(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, takesQualifier: false)
    let input = try call.fields
    let text = try input.require("Name", input.text("Name", 1...128))
    guard FunctionName.isWord(text), !FunctionName.isNumber(text) else {
      throw .violation(
        "name", text, "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)")
    }
    var alias = StoredAlias(
      name: text, version: try input.require("FunctionVersion", input.text("FunctionVersion", 1...1024)),
      revisionID: random.requestID())
    try alias.apply(input)
    let new = alias
    return try await update(name) { function, _ throws(APIError) in
      try self.check(new, of: function)
      guard function.alias(new.name) == nil else {
        throw APIError(.resourceConflict, "Alias already exists: \(self.place.arn(name.name, new.name))")
      }
      guard function.aliases.count < Self.aliasesLimit else {
        throw APIError(.aliasLimitExceeded, "The function has \(Self.aliasesLimit) aliases.")
      }
      function.aliases.append(new)
      function.aliases.sort { $0.name < $1.name }
      return .value(status: 201) { new.write(to: &$0, arn: self.place.arn(name.name, new.name)) }
    }
  }

  private func updateAlias(_ call: Call) async throws(APIError) -> Reply {
    let name = try name(in: call, takesQualifier: false)
    let input = try call.fields
    let revision = try input.text("RevisionId")
    return try await update(name) { function, _ throws(APIError) in
      guard let index = function.aliases.firstIndex(where: { $0.name == call.captures[1] }) else {
        throw self.noAlias(name, call.captures[1])
      }
      var alias = function.aliases[index]
      try Self.checkRevision(revision, alias.revisionID)
      try alias.apply(input)
      try self.check(alias, of: function)
      alias.revisionID = self.random.requestID()
      function.aliases[index] = alias
      return .value { alias.write(to: &$0, arn: self.place.arn(name.name, alias.name)) }
    }
  }

  private func check(_ alias: StoredAlias, of function: StoredFunction) throws(APIError) {
    for version in [alias.version] + alias.weights.keys.sorted() {
      guard version == FunctionName.latest || function.published.contains(where: { $0.version == version }) else {
        throw APIError(.resourceNotFound, "Function not found: \(place.arn(function.name, version))")
      }
    }
  }
}

extension StoredAlias {
  /// Takes over what a request says; what it does not say stays.
  fileprivate mutating func apply(_ input: Fields) throws(APIError) {
    if let version = try input.text("FunctionVersion", 1...1024) {
      guard version == FunctionName.latest || FunctionName.isNumber(version) else {
        throw .violation(
          "functionVersion", version, "Member must satisfy regular expression pattern: (\\$LATEST|[0-9]+)")
      }
      self.version = version
    }
    if let description = try input.text("Description", 0...256) { self.description = description }
    if let routing = try input.object("RoutingConfig") {
      weights = try routing.numbers("AdditionalVersionWeights") ?? [:]
    }
    guard let (other, weight) = weights.first else { return }
    // Lambda: an alias points to two versions at most.
    guard weights.count == 1 else { throw .invalid("An alias can have at most one additional version.") }
    guard FunctionName.isNumber(other) else {
      throw .invalid("The additional version \(other.prefix(40)) must be the number of a published version.")
    }
    guard version != FunctionName.latest else {
      throw .invalid("$LATEST is not supported for an alias pointing to more than 1 version")
    }
    guard other != version else { throw .invalid("Invalid function version \(other). It has to be different.") }
    guard (0...1).contains(weight) else {
      throw .violation("routingConfig.additionalVersionWeights", "\(weight)", "Member must be 0.0 to 1.0")
    }
  }
}
