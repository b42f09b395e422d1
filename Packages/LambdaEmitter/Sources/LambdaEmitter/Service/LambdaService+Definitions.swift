extension LambdaService {
  /// How many invocations of the account may run at a time.
  public var accountConcurrency: Int { state.withLock { $0.concurrency } }

  /// Checks what ``putFunction(_:)`` takes as given: the ranges of `configuration`, and that its role is known and
  /// allows what the tracing mode needs.
  public func check(_ configuration: FunctionConfiguration) throws(LambdaError) {
    try configuration.validate()
    try state.withLock { state throws(LambdaError) in try state.validateRole(of: configuration) }
  }

  /// Creates a function, or makes it what `definition` says. Environments of versions that stay the same live on;
  /// the others are shut down when their next invocation comes.
  public func putFunction(_ definition: FunctionDefinition) {
    let name = definition.latest.configuration.name
    let arn = "arn:aws:lambda:\(region):\(account):function:\(name)"
    state.withLock { state in
      let old = state.functions[name]
      var revisions: [String: Int] = [:]
      for version in (old.map { [$0.latest] + $0.published } ?? []) {
        if let identity = version.identity { revisions[identity] = version.revision }
      }
      let creation = old?.latest.creation ?? state.nextRevision()
      func version(_ version: FunctionDefinition.Version) -> FunctionVersion {
        FunctionVersion(
          configuration: version.configuration, version: version.version, arn: arn, accountID: account,
          creation: creation, revision: revisions[version.identity] ?? state.nextRevision(),
          makeRuntime: version.runtime, identity: version.identity)
      }
      var latest = version(definition.latest)
      latest.aliases = definition.aliases
      var record = old ?? FunctionRecord(latest: latest)
      record.latest = latest
      record.published = definition.published.map(version)
      record.eventInvoke = definition.eventInvoke
      record.reservedConcurrency = definition.reservedConcurrency
      state.functions[name] = record
    }
  }

  /// Takes a function away, if there is one. Call what is returned: it shuts the environments down that wait.
  public func removeFunction(_ name: String) -> @Sendable () async -> Void {
    let idle = state.withLock { $0.functions.removeValue(forKey: name)?.idle ?? [] }
    return { for environment in idle { await environment.shutDown() } }
  }
}
