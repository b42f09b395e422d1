import Insights
public import TraceFilters
public import XRayModel

/// X-Ray's API over a store: 38 operations, with their validation, limits, paging and errors.
///
/// It knows nothing of HTTP: a server gives it the path and the body of a `POST`. What users set is kept in two files
/// beside the store.
public struct XRayService: Sendable {
  let store: any FilteringTraceStore
  let settings: SettingsFile
  let insights: InsightWatcher
  let clock: any WallClock
  let random: RandomSource
  /// For the ARNs of what is made here.
  public let identity: ServiceIdentity
  let limits: ServiceLimits
  let retrievals = TraceRetrievals()
  let quotas = SharedQuotas()
  /// What daemons say about themselves with `PutTelemetryRecords`.
  public let telemetry = DaemonTelemetry()

  /// Opens the settings.
  ///
  /// - Parameters:
  ///   - store: Where documents go and questions are answered.
  ///   - directory: The folder of the files `settings.json` and `insights.json`; without one they are kept in memory.
  ///   - identity: For the ARNs of what is made here.
  /// - Throws: When a file cannot be read, or is damaged: nothing is replaced by defaults silently.
  public init(
    store: any FilteringTraceStore, directory: String? = nil, clock: any WallClock = SystemClock(),
    random: RandomSource = RandomSource(), identity: ServiceIdentity = ServiceIdentity(),
    limits: ServiceLimits = ServiceLimits()
  ) throws {
    let settings =
      try directory.map { try SettingsFile(directory: $0, identity: identity) } ?? SettingsFile(identity: identity)
    let file = directory.map { InsightFile(directory: $0) }
    self.store = store
    self.settings = settings
    self.clock = clock
    self.random = random
    self.identity = identity
    self.limits = limits
    insights = InsightWatcher(
      log: try file?.read() ?? InsightLog(), clock: clock, random: random,
      groups: { settings.current.groups.filter(\.insightsEnabled).map(\.name) },
      graphs: { name, range in
        let groups = settings.current.groups
        return try await Self.graph(of: groups.first { $0.name == name }, groups, in: range, from: store)
      },
      // What cannot be written is tried again with the next change; until then it is in memory.
      changed: { try? file?.write($0) })
  }

  /// Looks for insights every minute, until it is cancelled.
  public func run() async { try? await insights.run() }

  /// The paths of all operations.
  public static let paths: Set<String> = Set(operations.keys)

  /// The name of the operation at `path`, as metrics and logs tell it.
  public static func operationName(at path: String) -> String? { operations[path]?.name }

  static let operations: [String: Operation] = {
    let all = traceOperations + settingOperations + retrievalOperations + insightOperations
    return Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
  }()

  /// Answers the call that was posted to `path`. Never throws: whatever goes wrong is an answer too.
  ///
  /// - Parameter body: A JSON object; nothing at all stands for an empty one.
  public func answer(path: String, body: [UInt8]) async -> APIResponse {
    guard let operation = Self.operations[path] else {
      return APIResponse(APIError(type: "UnknownOperationException", status: 404, message: "There is no \(path)"))
    }
    do {
      return APIResponse(try await operation.answer(self, body))
    } catch let error as APIError {
      return APIResponse(error)
    } catch {
      return APIResponse(failure: error)
    }
  }
}
