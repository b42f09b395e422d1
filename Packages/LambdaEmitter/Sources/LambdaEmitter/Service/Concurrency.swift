import XRayModel

/// Counts requests within the present second.
struct RateWindow {
  private var second: Int64 = 0
  private var count = 0

  /// Whether `limit` is reached in the second of `now`.
  func isFull(_ limit: Int, at now: Timestamp) -> Bool { second == now.wholeSeconds && count >= limit }

  mutating func add(at now: Timestamp) {
    if second != now.wholeSeconds { (second, count) = (now.wholeSeconds, 0) }
    count += 1
  }
}

/// Leave to run an invocation.
struct Admission {
  /// An environment that waited, or `nil` for a cold start.
  var warm: ExecutionEnvironment?
  /// Environments that are too old, or of an older configuration, and must be shut down.
  var stale: [ExecutionEnvironment]
}

extension LambdaService {
  /// How long an environment waits for another invocation.
  static let idleLifetime = Duration.seconds(600)
  /// Lambda: as many requests a second as ten times the concurrency.
  static let requestsPerSecondPerConcurrency = 10

  /// Takes one of the function's places and, when one waits, an environment.
  func admit(_ function: FunctionVersion) throws(LambdaError) -> Admission {
    let now = clock.now
    return try state.withLock { state throws(LambdaError) in
      var record = try state.record(function.configuration.name)
      try state.checkLimits(of: record, at: now)
      record.busy += 1
      record.rate.add(at: now)
      if record.reservedConcurrency == nil { state.rate.add(at: now) }
      let revisions = Set(record.published.map(\.revision) + [record.latest.revision])
      let oldest = now.advanced(by: .zero - Self.idleLifetime)
      let stale = record.idle.filter { $0.idleSince < oldest || !revisions.contains($0.function.revision) }
      record.idle.removeAll { $0.idleSince < oldest || !revisions.contains($0.function.revision) }
      let index = record.idle.lastIndex {
        $0.function.revision == function.revision && $0.function.version == function.version
      }
      let warm = index.map { record.idle.remove(at: $0) }
      state.functions[function.configuration.name] = record
      return Admission(warm: warm, stale: stale)
    }
  }

  /// Gives the place back, and the environment unless it is lost.
  func release(_ environment: ExecutionEnvironment?, of function: FunctionVersion) async {
    let now = clock.now
    let isKept = state.withLock { state in
      guard var record = state.functions[function.configuration.name], record.latest.creation == function.creation
      else {
        return false
      }
      record.busy -= 1
      if var environment {
        environment.idleSince = now
        record.idle.append(environment)
      }
      state.functions[function.configuration.name] = record
      return true
    }
    if !isKept { await environment?.shutDown() }
  }

  /// Shuts down all environments that wait.
  func shutDownEnvironments() async {
    let idle = state.withLock { state in
      var idle: [ExecutionEnvironment] = []
      for name in state.functions.keys.sorted() {
        idle += state.functions[name]?.idle ?? []
        state.functions[name]?.idle = []
      }
      return idle
    }
    for environment in idle { await environment.shutDown() }
  }
}

extension LambdaService.State {
  var reservedConcurrency: Int { functions.values.reduce(0) { $0 + ($1.reservedConcurrency ?? 0) } }

  fileprivate func checkLimits(of record: FunctionRecord, at now: Timestamp) throws(LambdaError) {
    let perPlace = LambdaService.requestsPerSecondPerConcurrency
    if let reserved = record.reservedConcurrency {
      if record.rate.isFull(perPlace * reserved, at: now), reserved > 0 {
        throw LambdaError(throttled: .reservedInvocationRate)
      }
      if record.busy >= reserved { throw LambdaError(throttled: .reservedConcurrentInvocations) }
      return
    }
    let places = concurrency - reservedConcurrency
    if rate.isFull(perPlace * places, at: now), places > 0 { throw LambdaError(throttled: .invocationRate) }
    let busy = functions.values.reduce(0) { $0 + ($1.reservedConcurrency == nil ? $1.busy : 0) }
    if busy >= places { throw LambdaError(throttled: .concurrentInvocations) }
  }

  func record(_ name: String) throws(LambdaError) -> FunctionRecord {
    guard let record = functions[name] else {
      throw LambdaError(.resourceNotFound, "Function not found: \(name)")
    }
    return record
  }

  func validateRole(of configuration: FunctionConfiguration) throws(LambdaError) {
    guard let role = roles[configuration.role] else { throw ExecutionRole.cannotBeAssumed }
    try role.validate(for: configuration.tracingMode)
  }
}
