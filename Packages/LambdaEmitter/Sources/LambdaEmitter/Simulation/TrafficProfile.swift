/// What a simulation runs: functions, the traffic that calls them, and how their requests are sampled.
///
/// Read from JSON with ``init(parsing:)``; ``example`` is one.
public struct TrafficProfile: Hashable, Sendable {
  /// Functions of one kind.
  public struct FunctionGroup: Hashable, Sendable {
    /// The names; `{}` stands for the number within the group, from 1.
    public var name: String
    public var count = 1
    public var memoryMegabytes = 128
    public var timeoutSeconds = 3
    public var tracingMode = TracingMode.active
    /// How long handlers take, in milliseconds.
    public var duration = DurationDistribution.fixed(milliseconds: 20)
    /// How long the code outside the handler takes, in milliseconds; held below 10 seconds.
    public var initialization = DurationDistribution.fixed(milliseconds: 250)
    /// The share of attempts that throw an error, 0 to 1.
    public var errorRate = 0.0
    /// The share of attempts that never return, 0 to 1; with ``errorRate`` at most 1.
    public var timeoutRate = 0.0
    public var reservedConcurrency: Int?
    /// How much of the traffic each function of the group gets, beside the others'.
    public var weight = 1.0
    public var eventInvoke = EventInvokeConfiguration()
    /// The queue that gets events that were given up.
    public var deadLetterTarget: String?

    public init(name: String) { self.name = name }

    /// The names of the group's functions.
    public var names: [String] {
      guard count > 1 || name.contains("{}") else { return [name] }
      let parts = name.split(separator: "{}", omittingEmptySubsequences: false).map(String.init)
      return (1...max(1, count)).map { number in
        parts.count > 1 ? parts.joined(separator: String(number)) : "\(name)-\(number)"
      }
    }
  }

  /// When requests come, and of which kind.
  public struct Traffic: Hashable, Sendable {
    /// How the rate changes; its mean stays the same.
    public enum Pattern: String, Hashable, Sendable, CaseIterable {
      case constant
      /// A sine with the period of a day, from a fifth of the mean to nine fifths.
      case diurnal
      /// Five times the mean in the first six seconds of each minute.
      case bursty
    }

    /// The mean over all functions.
    public var requestsPerSecond = 100.0
    public var pattern = Pattern.constant
    /// The parts of the traffic, relative to each other: requests that wait for their answer, events, batches.
    public var synchronousShare = 1.0
    public var asynchronousShare = 0.0
    public var batchShare = 0.0
    /// Records in each batch of a stream.
    public var batchSize = 10
    /// How often a batch that fails is tried again.
    public var batchRetries = 2

    public init() {}
  }

  public var functions: [FunctionGroup]
  public var traffic = Traffic()
  /// Requests that are sampled in each second, and the share of the others.
  public var reservoir = 1
  public var samplingRate = 0.05
  /// Requests after which the traffic ends; `nil` when only time ends it.
  public var invocations: Int?
  /// Virtual seconds after which the traffic ends; `nil` stands for ``longestSeconds``.
  public var durationSeconds: Double?
  /// How many invocations of the account run at a time.
  public var concurrency = 1000

  public init(functions: [FunctionGroup]) { self.functions = functions }

  /// A shop of 200 functions that gets a million requests.
  public static let example = """
    {
      "functions": [
        {"name": "api-{}", "count": 120, "memory": 512, "timeout": 10, "weight": 4,
         "duration": {"p50": 12, "p99": 180}, "initialization": {"p50": 250, "p99": 900}, "errorRate": 0.004},
        {"name": "worker-{}", "count": 60, "memory": 1024, "timeout": 30, "tracing": "Active",
         "duration": {"p50": 80, "p99": 1500}, "initialization": {"fixed": 400}, "errorRate": 0.03,
         "timeoutRate": 0.0005, "events": {"retries": 2, "maximumAge": 3600}, "deadLetters": "dead"},
        {"name": "report-{}", "count": 19, "timeout": 60, "tracing": "PassThrough", "weight": 0.2,
         "duration": {"p50": 400, "p99": 6000}, "events": {"retries": 1, "onFailure": "failed"}},
        {"name": "stopped", "reservedConcurrency": 0, "weight": 0.1, "deadLetters": "dead"}
      ],
      "traffic": {"requestsPerSecond": 500, "pattern": "constant", "sync": 0.7, "async": 0.25, "stream": 0.05,
                  "batchSize": 20, "batchRetries": 2},
      "sampling": {"reservoir": 1, "rate": 0.05},
      "invocations": 1000000,
      "concurrency": 1000
    }

    """
}
