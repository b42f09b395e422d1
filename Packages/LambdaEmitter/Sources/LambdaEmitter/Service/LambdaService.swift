public import EventSources
import Synchronization
public import XRayModel
public import XRaySampler

/// The simulated Lambda service: functions, their environments and their invocations, and the segments that
/// Lambda itself emits about them.
///
/// Time and chance come from outside, so the service runs on the system's clock as well as in virtual time, where
/// the same seed gives the same documents. Events for asynchronous invocations are worked off inside
/// ``serving(_:)`` or ``run()``; everything else happens in the task of the caller.
public final class LambdaService: Sendable {
  public let account: String
  public let region: String
  public let clock: any WallClock
  let random: RandomSource
  let sampler: any SamplingDecider
  let timing: InvocationTiming
  let keepsLogs: Bool
  let timeScale: Int
  let journal: (any EventJournal)?
  let beyondAWS: BeyondAWS
  /// The account's queues: targets of dead letters and records, and sources of messages.
  public let queues: QueueRegistry
  let daemonAddress: DaemonAddress
  let outlet: Outlet
  /// The topics of the account: targets of dead letters and records, like queues and functions.
  public let topics: TopicRegistry
  let tellUndelivered: @Sendable (UndeliveredMessage) -> Void
  let state: Mutex<State>
  /// What ``run()`` does: events to work off, and what goes on after an answer.
  let works: AsyncStream<Work>
  let workInput: AsyncStream<Work>.Continuation

  /// - Parameters:
  ///   - sampler: Decides for functions in active mode where nobody upstream has; without one, Lambda's own default:
  ///     one request per second and 5 percent of the others.
  ///   - emitter: Where the service's own segments go, and what functions send through their environments.
  ///   - daemonAddress: What functions find in `AWS_XRAY_DAEMON_ADDRESS`, unless their environment has an address of its
  ///     own, as processes have.
  ///   - concurrency: How many invocations of the account run at a time.
  ///   - timeScale: How much shorter than Lambda's the waits between attempts are, and how much sooner events and records
  ///     are too old. What a function takes is not scaled.
  ///   - journal: Keeps accepted events over the end of the process; without one they end with it.
  ///   - beyondAWS: What this does other than Lambda, because users asked for it.
  ///   - queues: The account's queues, when others fill and read them, too; by default the service's own.
  ///   - keepsLogs: Whether attempts write logs. Without them ``logs`` and the log lines of results are empty.
  ///   - topics: Kept by the caller; without it an account without topics.
  ///   - tellUndelivered: Learns of each message that its target did not get, such as to log it.
  public init(
    account: String = "123456789012", region: String = "us-east-1", clock: any WallClock, random: RandomSource,
    sampler: (any SamplingDecider)? = nil, emitter: any SegmentEmitter,
    daemonAddress: DaemonAddress = DaemonAddress(), timing: InvocationTiming = .recorded, concurrency: Int = 1000,
    keepsLogs: Bool = true, timeScale: Int = 1, journal: (any EventJournal)? = nil, beyondAWS: BeyondAWS = [],
    queues: QueueRegistry? = nil, topics: TopicRegistry? = nil,
    tellUndelivered: @escaping @Sendable (UndeliveredMessage) -> Void = { _ in }
  ) {
    self.account = account
    self.region = region
    self.clock = clock
    self.random = random
    self.sampler = sampler ?? LocalSampler(clock: clock, random: random)
    self.timing = timing
    self.keepsLogs = keepsLogs
    self.timeScale = max(1, timeScale)
    self.journal = journal
    self.beyondAWS = beyondAWS
    self.daemonAddress = daemonAddress
    // Ids of messages are drawn apart, so that they do not change what else is drawn from `random`.
    self.queues = queues ?? QueueRegistry(account: account, region: region, random: RandomSource(seed: 1))
    outlet = Outlet(emitter)
    self.topics = topics ?? TopicRegistry(records: TopicRecords(account: account, region: region))
    self.tellUndelivered = tellUndelivered
    state = Mutex(State(concurrency: concurrency))
    (works, workInput) = AsyncStream.makeStream()
  }

  /// The documents of the service and its environments: sent, or lost and why.
  public var ledger: LedgerHop { outlet.ledger }

  /// The logs of the last 256 attempts, oldest first.
  public var logs: [InvocationLog] { state.withLock { Array($0.logs[$0.oldestLog...] + $0.logs[..<$0.oldestLog]) } }

  /// Tracing headers that could not be read; their requests began new traces.
  public var malformedTraceHeaders: Int { state.withLock { $0.malformedHeaders } }

  func keep(_ log: InvocationLog) {
    state.withLock { state in
      guard state.logs.count == State.logLimit else { return state.logs.append(log) }
      state.logs[state.oldestLog] = log
      state.oldestLog = (state.oldestLog + 1) % State.logLimit
    }
  }

  /// How long something takes here that takes `duration` in Lambda.
  public func scaled(_ duration: Duration) -> Duration { timeScale == 1 ? duration : duration / timeScale }

  /// Waits for a time drawn from `range`.
  func wait(_ range: InvocationTiming.Milliseconds) async {
    guard let moment = clock.end(of: range, random) else { return }
    try? await clock.sleep(until: moment, tolerance: nil)
  }
}

extension LambdaService {
  struct State {
    static let logLimit = 256

    let concurrency: Int
    var roles: [String: ExecutionRole] = [:]
    var functions = FunctionTable()
    var undelivered: [UndeliveredMessage.Reason: Int] = [:]
    /// A ring once it is full.
    var logs: [InvocationLog] = []
    var oldestLog = 0
    var malformedHeaders = 0
    var lastRevision = 0
    var rate = RateWindow()
    var peakConcurrency = 0
    var backlog = EventBacklog()

    init(concurrency: Int) { self.concurrency = concurrency }

    mutating func nextRevision() -> Int {
      lastRevision += 1
      return lastRevision
    }
  }
}

/// What the service knows of a function.
struct FunctionRecord {
  var latest: FunctionVersion
  /// Version 1 first.
  var published: [FunctionVersion] = []
  /// What was said about events, by the qualifier that they were sent to.
  var eventInvoke: [String: EventInvokeConfiguration] = [:]
  var reservedConcurrency: Int?
  /// Environments that wait, the one that worked last at the end.
  var idle: [ExecutionEnvironment] = []
  /// Invocations that run.
  var busy = 0
  var rate = RateWindow()
  var account = FunctionAccount()

  func version(_ qualifier: String?) -> FunctionVersion? {
    guard let qualifier, qualifier != FunctionReference.latest else { return latest }
    return published.first { $0.version == qualifier }
  }
}
