/// Many clients and one service in virtual time: what the reservoir of one rule gives, second by second.
///
/// A pure function of its members: the clients are those of ``CentralizedSampler``, the service is
/// ``SamplingQuotas``, and nothing else takes part.
public struct SamplingSimulation: Hashable, Sendable {
  /// How requests come in.
  public enum Load: String, Hashable, Sendable, CaseIterable {
    /// As many in each second, but for chance.
    case steady
    /// 40 seconds of thrice as many, 20 seconds of half as many, 20 seconds of silence, at all clients together.
    case bursty
    /// Steady, while clients end after five minutes on average, and new ones take their places at once.
    case churning
  }

  /// When clients report.
  public enum Client: String, Hashable, Sendable, CaseIterable {
    /// As ``CentralizedSampler`` does: soon after the first request, then every ten seconds.
    case prompt
    /// As X-Ray's own SDKs do: every ten seconds from the start.
    case periodic
  }

  /// One second of a run.
  public struct Second: Hashable, Sendable {
    /// Requests at all clients.
    public var offered = 0
    /// Those that clients took from their quotas.
    public var taken = 0
    /// Those that clients sampled without a quota.
    public var borrowed = 0
    /// The quotas that have not expired at the second's end, added up.
    public var reserved = 0

    /// What the reservoir gave.
    public var sampled: Int { taken + borrowed }
  }

  public var clientCount: Int
  public var load: Load
  public var client: Client
  /// Requests per second that the rule's reservoir has.
  public var reservoirSize: Int
  public var seconds: Int
  public var seed: UInt64

  /// Average life of a client under ``Load/churning``, in seconds.
  public static let meanLifetime = 300.0
  /// Seconds at the start of a run that count for nothing: quotas are still being found.
  public static let warmUp = 60

  public init(
    clientCount: Int, load: Load, client: Client = .prompt, reservoirSize: Int = 50, seconds: Int = 600,
    seed: UInt64 = 1
  ) {
    self.clientCount = clientCount
    self.load = load
    self.client = client
    self.reservoirSize = reservoirSize
    self.seconds = seconds
    self.seed = seed
  }

  /// Plays ``seconds`` seconds.
  public func run() -> [Second] {
    var run = SimulatedRun(self)
    return (0..<Int64(max(0, seconds))).map { run.play(second: $0) }
  }

  /// What the reservoir gave after the warm-up, as a share of what it should have: in each second all requests, or
  /// the reservoir's size when there were more. 1 is exact.
  public func accuracy(of run: [Second]) -> Double {
    let counted = run.dropFirst(Self.warmUp)
    let due = counted.reduce(0) { $0 + min($1.offered, reservoirSize) }
    return Double(counted.reduce(0) { $0 + $1.sampled }) / Double(max(1, due))
  }
}
