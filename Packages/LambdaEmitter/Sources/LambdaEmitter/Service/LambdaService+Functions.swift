extension LambdaService {
  /// Creates a role, or replaces the one with the same ARN. Takes effect at once.
  public func putRole(_ role: ExecutionRole) { state.withLock { $0.roles[role.arn] = role } }

  public func role(_ arn: String) -> ExecutionRole? { state.withLock { $0.roles[arn] } }

  /// Creates a function. With active tracing its role must allow `xray:PutTraceSegments`.
  ///
  /// - Parameter runtime: Called for each new environment.
  @discardableResult
  public func createFunction(
    _ configuration: FunctionConfiguration, runtime: @escaping @Sendable () -> any FunctionRuntime
  ) throws(LambdaError) -> FunctionVersion {
    try state.withLock { state throws(LambdaError) in
      try configuration.validate()
      try state.validateRole(of: configuration)
      guard state.functions[configuration.name] == nil else {
        throw LambdaError(.resourceConflict, "Function already exist: \(configuration.name)")
      }
      let revision = state.nextRevision()
      let function = FunctionVersion(
        configuration: configuration, version: FunctionReference.latest,
        arn: "arn:aws:lambda:\(region):\(account):function:\(configuration.name)", accountID: account,
        creation: revision, revision: revision, makeRuntime: runtime)
      state.functions[configuration.name] = FunctionRecord(latest: function)
      return function
    }
  }

  /// Creates a function from closures; `initialize` stands for the code outside the handler.
  @discardableResult
  public func createFunction(
    _ configuration: FunctionConfiguration, initialize: @escaping ClosureRuntime.Initializer = { _ in },
    handler: @escaping ClosureRuntime.Handler
  ) throws(LambdaError) -> FunctionVersion {
    try createFunction(configuration) { ClosureRuntime(initialize: initialize, handler: handler) }
  }

  /// Changes the configuration of `$LATEST`, all or nothing. Published versions keep theirs.
  ///
  /// The next invocation gets a new environment.
  @discardableResult
  public func updateFunctionConfiguration(
    _ name: String, _ change: (inout FunctionConfiguration) -> Void
  ) throws(LambdaError) -> FunctionVersion {
    var configuration = try function(name).configuration
    change(&configuration)
    configuration.name = name
    try configuration.validate()
    return try updateLatest(name) { state, function throws(LambdaError) in
      try state.validateRole(of: configuration)
      function.configuration = configuration
    }
  }

  /// Replaces the code of `$LATEST`.
  @discardableResult
  public func updateFunctionCode(
    _ name: String, runtime: @escaping @Sendable () -> any FunctionRuntime
  ) throws(LambdaError) -> FunctionVersion {
    try updateLatest(name) { _, function in function.makeRuntime = runtime }
  }

  /// Freezes `$LATEST` as the next version; the last version when nothing has changed since.
  @discardableResult
  public func publishVersion(_ name: String) throws(LambdaError) -> FunctionVersion {
    try state.withLock { state throws(LambdaError) in
      var record = try state.record(name)
      if let last = record.published.last, last.revision == record.latest.revision { return last }
      var version = record.latest
      version.version = String(record.published.count + 1)
      version.aliases = []
      record.published.append(version)
      state.functions[name] = record
      return version
    }
  }

  /// Deletes a function with all its versions. Invocations that run are not disturbed; events that wait are given up.
  public func deleteFunction(_ name: String) async throws(LambdaError) {
    let record = try state.withLock { state throws(LambdaError) in
      let record = try state.record(name)
      state.functions[name] = nil
      return record
    }
    for environment in record.idle { await environment.shutDown() }
  }

  /// The function that `reference` names: a name, a partial or a full ARN, with or without a version or an alias.
  public func function(_ reference: String) throws(LambdaError) -> FunctionVersion {
    let reference = try FunctionReference(parsing: reference)
    return try state.withLock { state throws(LambdaError) in
      guard let version = try state.record(reference.name).version(named: reference.qualifier, random: random) else {
        throw LambdaError(.resourceNotFound, "Function not found: \(reference.name):\(reference.qualifier ?? "")")
      }
      return version
    }
  }

  /// All functions at `$LATEST`, by name.
  public var functions: [FunctionVersion] {
    state.withLock { $0.functions.values.map(\.latest).sorted { $0.configuration.name < $1.configuration.name } }
  }

  /// Takes `count` of the account's concurrency for one function, which then has no more than that; `nil` gives
  /// it back, 0 stops the function.
  public func reserveConcurrency(_ count: Int?, for name: String) throws(LambdaError) {
    try state.withLock { state throws(LambdaError) in
      let others = state.reservedConcurrency - (try state.record(name).reservedConcurrency ?? 0)
      if let count, !(0...max(0, state.concurrency - others)).contains(count) {
        throw LambdaError(
          .invalidParameterValue, "reserved concurrency \(count) does not fit into \(state.concurrency - others)")
      }
      state.functions[name]?.reservedConcurrency = count
    }
  }

  /// Says what becomes of asynchronous events that are sent to `reference`: a function, or a version or an alias of it,
  /// each of which has settings of its own.
  public func putEventInvokeConfiguration(
    _ configuration: EventInvokeConfiguration, for reference: String
  ) throws(LambdaError) {
    try configuration.validate()
    let reference = try FunctionReference(parsing: reference)
    try state.withLock { state throws(LambdaError) in
      _ = try state.record(reference.name)
      state.functions[reference.name]?.eventInvoke[reference.qualifier ?? FunctionReference.latest] = configuration
    }
  }

  private func updateLatest(
    _ name: String, _ update: (State, inout FunctionVersion) throws(LambdaError) -> Void
  ) throws(LambdaError) -> FunctionVersion {
    try state.withLock { state throws(LambdaError) in
      var function = try state.record(name).latest
      try update(state, &function)
      function.revision = state.nextRevision()
      state.functions[name]?.latest = function
      return function
    }
  }
}
