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
    let oldest = now.advanced(by: .zero - Self.idleLifetime)
    return try state.withLock { state throws(LambdaError) in
      let load = state.load(at: now)
      let found = try state.functions.update(function.configuration.name) {
        record throws(LambdaError) -> (admission: Admission, isReserved: Bool) in
        do throws(LambdaError) {
          try record.checkLimits(under: load, at: now)
        } catch {
          record.account.throttles += 1
          throw error
        }
        record.busy += 1
        record.account.peak = max(record.account.peak, record.busy)
        record.rate.add(at: now)
        let stale = record.takeStale(idleBefore: oldest)
        return (Admission(warm: record.takeWarm(function), stale: stale), record.reservedConcurrency != nil)
      }
      guard let found else {
        throw LambdaError(.resourceNotFound, "Function not found: \(function.configuration.name)")
      }
      if !found.isReserved { state.rate.add(at: now) }
      state.peakConcurrency = max(state.peakConcurrency, state.functions.busy)
      return found.admission
    }
  }

  /// Gives the place back, and the environment unless it is lost. Returns the environment when its function is no
  /// more, to be shut down.
  func release(_ environment: ExecutionEnvironment?, of function: FunctionVersion) -> ExecutionEnvironment? {
    let now = clock.now
    let isKept = state.withLock { state in
      state.functions.update(function.configuration.name) { record in
        guard record.latest.creation == function.creation else { return false }
        record.busy -= 1
        if var environment {
          environment.idleSince = now
          record.idle.append(environment)
        }
        return true
      }
    }
    return isKept == true ? nil : environment
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

/// What the functions without reserved concurrency share, and how much of it is taken.
private struct AccountLoad {
  var places: Int
  var busy: Int
  var isRateFull: Bool
}

extension FunctionRecord {
  fileprivate func checkLimits(under load: AccountLoad, at now: Timestamp) throws(LambdaError) {
    if let reserved = reservedConcurrency {
      if rate.isFull(LambdaService.requestsPerSecondPerConcurrency * reserved, at: now), reserved > 0 {
        throw LambdaError(throttled: .reservedInvocationRate)
      }
      if busy >= reserved { throw LambdaError(throttled: .reservedConcurrentInvocations) }
      return
    }
    if load.isRateFull { throw LambdaError(throttled: .invocationRate) }
    if load.busy >= load.places { throw LambdaError(throttled: .concurrentInvocations) }
  }

  /// Takes the environments that waited for too long, or whose version is no more.
  fileprivate mutating func takeStale(idleBefore oldest: Timestamp) -> [ExecutionEnvironment] {
    let (latest, published) = (latest.revision, published)
    func isStale(_ environment: ExecutionEnvironment) -> Bool {
      environment.idleSince < oldest
        || (environment.revision != latest && !published.contains { $0.revision == environment.revision })
    }
    guard idle.contains(where: isStale) else { return [] }
    let stale = idle.filter(isStale)
    idle.removeAll(where: isStale)
    return stale
  }

  /// Takes the environment of `function` that worked last.
  fileprivate mutating func takeWarm(_ function: FunctionVersion) -> ExecutionEnvironment? {
    idle.lastIndex { $0.serves(function) }.map { idle.remove(at: $0) }
  }
}

extension LambdaService.State {
  var reservedConcurrency: Int { functions.reserved }

  fileprivate func load(at now: Timestamp) -> AccountLoad {
    let places = concurrency - functions.reserved
    return AccountLoad(
      places: places, busy: functions.unreservedBusy,
      isRateFull: places > 0 && rate.isFull(LambdaService.requestsPerSecondPerConcurrency * places, at: now))
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
