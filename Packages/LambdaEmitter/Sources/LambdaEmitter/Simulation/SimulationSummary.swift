public import XRayModel

/// What came of a simulation, and whether it is what arithmetic says.
public struct SimulationSummary: Hashable, Sendable {
  public var seed: UInt64 = 0
  public var functions = 0
  /// From the first moment to the end of the last event.
  public var virtualSeconds = 0.0
  /// Requests that wait for their answer.
  public var synchronous = 0
  public var asynchronous = 0
  public var batches = 0
  /// Times that a handler was called.
  public var attempts = 0
  public var errors = 0
  public var timeouts = 0
  /// Attempts of events and batches after one that failed.
  public var retries = 0
  /// Requests and attempts that found no place.
  public var throttles = 0
  /// Events and batches that were given up.
  public var abandoned = 0
  /// Messages that each queue got: dead letters and records of destinations.
  public var messages: [String: Int] = [:]
  public var coldStarts = 0
  public var environments = 0
  /// The most invocations that ran at a time.
  public var peakConcurrency = 0
  /// Requests on which the sampler decided, and those that it took.
  public var samplingDecisions = 0
  public var sampledTraces = 0
  /// Documents that left the service and its environments.
  public var documents = 0
  /// Documents that were lost.
  public var lostDocuments = 0
  /// Of attempts, in milliseconds: to 1.6 percent, except the longest.
  public var durations = Durations()
  public var checks: [SimulationCheck] = []

  public struct Durations: Hashable, Sendable {
    public var p50 = 0.0
    public var p90 = 0.0
    public var p99 = 0.0
    public var longest = 0.0
  }

  public var invocations: Int { synchronous + asynchronous + batches }
  public var successes: Int { attempts - errors - timeouts }
  /// Whether every check holds.
  public var isAsExpected: Bool { checks.allSatisfy(\.holds) }

  /// Writes the summary as one object.
  public func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("seed", seed)
      writer.member("functions", functions)
      writer.member("virtualSeconds", virtualSeconds)
      for (name, count) in counts { writer.member(name, count) }
      writer.key("messages")
      writer.object { writer in
        for (queue, count) in messages.sorted(by: { $0.key < $1.key }) { writer.member(queue, count) }
      }
      writer.key("milliseconds")
      writer.object { writer in
        writer.member("p50", durations.p50)
        writer.member("p90", durations.p90)
        writer.member("p99", durations.p99)
        writer.member("longest", durations.longest)
      }
      writer.key("checks")
      writer.array { writer in for check in checks { check.write(to: &writer) } }
      writer.member("isAsExpected", isAsExpected)
    }
  }

  private var counts: [(String, Int)] {
    [
      ("invocations", invocations), ("synchronous", synchronous), ("asynchronous", asynchronous),
      ("batches", batches), ("attempts", attempts), ("successes", successes), ("errors", errors),
      ("timeouts", timeouts), ("retries", retries), ("throttles", throttles), ("abandoned", abandoned),
      ("coldStarts", coldStarts), ("environments", environments), ("peakConcurrency", peakConcurrency),
      ("samplingDecisions", samplingDecisions), ("sampledTraces", sampledTraces), ("documents", documents),
      ("lostDocuments", lostDocuments),
    ]
  }
}

/// One count beside what arithmetic says of it.
public struct SimulationCheck: Hashable, Sendable {
  public enum Expectation: Hashable, Sendable {
    /// By chance: the mean and the variance; with no variance the count is exact.
    case mean(Double, variance: Double)
    case bounds(ClosedRange<Int>)
  }

  /// What is counted, such as `retries`.
  public var name: String
  public var observed: Int
  public var expectation: Expectation

  public init(name: String, observed: Int, expectation: Expectation) {
    self.name = name
    self.observed = observed
    self.expectation = expectation
  }

  /// A count by chance may be so many standard deviations from its mean: more happens once in 1.7 million.
  public static let sigmaLimit = 5.0

  /// How many standard deviations the count is from its mean. `nil` for bounds; infinite when an exact count differs.
  public var sigmas: Double? {
    guard case .mean(let mean, let variance) = expectation else { return nil }
    let difference = Double(observed) - mean
    if variance == 0 { return abs(difference) < 1e-6 ? 0 : .infinity }
    // Counts of what hardly ever happens are not normal: one of them is no wonder.
    return difference / max(variance, 1).squareRoot()
  }

  public var holds: Bool {
    switch expectation {
    case .bounds(let range): range.contains(observed)
    case .mean: abs(sigmas ?? 0) <= Self.sigmaLimit
    }
  }

  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("name", name)
      writer.member("observed", observed)
      switch expectation {
      case .mean(let mean, let variance):
        writer.member("expected", mean)
        writer.member("standardDeviation", variance.squareRoot())
        // JSON has no infinity.
        if let sigmas, sigmas.isFinite { writer.member("sigmas", sigmas) }
      case .bounds(let range):
        writer.member("atLeast", range.lowerBound)
        writer.member("atMost", range.upperBound)
      }
      writer.member("holds", holds)
    }
  }
}
