public import Traces
public import XRayModel

/// Looks at each minute of each group once it is over, and keeps the log of insights.
public actor InsightWatcher {
  /// The groups with insights enabled, by name.
  public typealias Groups = @Sendable () async -> [String]
  /// The graph of a group's traces in a stretch of time.
  public typealias Graphs = @Sendable (_ groupName: String, _ range: Range<Timestamp>) async throws -> ServiceGraph
  /// Gets the log after each round that changed it, to keep it.
  public typealias Changed = @Sendable (InsightLog) async -> Void

  /// How long after its end a minute is looked at, for segments that come late.
  public static let grace = Duration.seconds(10)
  /// After a restart, a sleep or failures, so many minutes are caught up on; also of a group that is new here, so
  /// that there is something to compare with.
  public static let catchUpLimit = 60

  /// Insights up to the last minute looked at.
  public private(set) var log: InsightLog
  private let clock: any WallClock
  private let random: RandomSource
  private let groups: Groups
  private let graphs: Graphs
  private let changed: Changed

  /// - Parameters:
  ///   - log: As it was kept last.
  ///   - graphs: When it throws, what is left of the round for that group is tried again in the next round.
  public init(
    log: InsightLog = InsightLog(), clock: any WallClock, random: RandomSource, groups: @escaping Groups,
    graphs: @escaping Graphs, changed: @escaping Changed
  ) {
    self.log = log
    self.clock = clock
    self.random = random
    self.groups = groups
    self.graphs = graphs
    self.changed = changed
  }

  /// Watches until it is cancelled, which is how it always ends: with `CancellationError`.
  public func run() async throws {
    while true {
      let now = clock.now
      try await round(at: now)
      let next = Self.newestMinute(at: now).advanced(by: Timestamp.minute + Timestamp.minute + Self.grace)
      try await clock.sleep(until: next, tolerance: nil)
    }
  }

  /// The minute that is over for at least ``grace`` and ended last, by its beginning.
  static func newestMinute(at time: Timestamp) -> Timestamp {
    time.advanced(by: .zero - grace).startOfMinute.advanced(by: .zero - Timestamp.minute)
  }

  private func round(at time: Timestamp) async throws {
    let before = log
    let names = Set(await groups())
    for name in log.groups where !names.contains(name) { log.endGroup(name, at: time) }
    let newest = Self.newestMinute(at: time)
    for name in names.sorted() { try await catchUp(on: name, to: newest) }
    if log != before { await changed(log) }
  }

  private func catchUp(on group: String, to newest: Timestamp) async throws {
    let oldest = newest.advanced(by: Timestamp.minute * (1 - Self.catchUpLimit))
    var minute = oldest
    if let last = log.lastMinute(ofGroup: group) {
      // A clock that was far ahead and was set right must not keep the group waiting until then.
      let isAhead = last > newest.advanced(by: Timestamp.minute * Self.catchUpLimit)
      if isAhead { log.endGroup(group, at: newest) } else { minute = max(oldest, last.advanced(by: Timestamp.minute)) }
    }
    while minute <= newest {
      try Task.checkCancellation()
      let end = minute.advanced(by: Timestamp.minute)
      guard let graph = try? await graphs(group, minute..<end) else { return }
      log.observe(minute: minute, ofGroup: group, graph: graph, random: random)
      minute = end
    }
  }
}
