#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What arithmetic says of a simulation, given which requests came.
///
/// Each attempt of a function fails independently with a known probability, so errors and timeouts are binomial,
/// and the retries of an event are a geometric count that the policy cuts. Environments work on one invocation at a
/// time and wait for ten minutes, which bounds the cold starts from both sides.
struct SimulationArithmetic {
  /// One function: its profile, what it counted and what the service counted of it.
  struct Function {
    var group: TrafficProfile.FunctionGroup
    var counts: FunctionCounts
    var account: FunctionAccount

    /// The probability that an attempt runs out of time.
    var timeoutRate: Double {
      let tail = group.duration.share(above: Double(group.timeoutSeconds) * 1000)
      return group.timeoutRate + (1 - group.timeoutRate) * tail
    }

    /// The probability that an attempt throws in time.
    var errorRate: Double {
      group.errorRate * (1 - group.duration.share(above: Double(group.timeoutSeconds) * 1000))
    }

    /// Whether nothing but the policy ends the retries of an event: no throttling, no age.
    var retriesFreely: Bool {
      let longest = 60 + 120 + 3 * (group.timeoutSeconds + 15)
      return account.throttles == 0 && group.reservedConcurrency != 0
        && group.eventInvoke.maximumEventAgeSeconds > longest
    }
  }

  let functions: [Function]
  let batchRetries: Int
  let virtualSeconds: Double
  let sampling: SamplingTally.Counts
  let samplingRate: Double

  var checks: [SimulationCheck] {
    [errors, timeouts, retries, abandoned, stopped, coldStarts, sampled].compactMap { $0 }
  }

  private var errors: SimulationCheck {
    binomial("errors", functions.map { ($0.counts.errors, $0.counts.attempts, $0.errorRate) })
  }

  private var timeouts: SimulationCheck {
    binomial("timeouts", functions.map { ($0.counts.timeouts, $0.counts.attempts, $0.timeoutRate) })
  }

  private func binomial(
    _ name: String, _ trials: [(observed: Int, trials: Int, probability: Double)]
  ) -> SimulationCheck {
    var (observed, mean, variance) = (0, 0.0, 0.0)
    for trial in trials {
      observed += trial.observed
      mean += Double(trial.trials) * trial.probability
      variance += Double(trial.trials) * trial.probability * (1 - trial.probability)
    }
    return SimulationCheck(name: name, observed: observed, expectation: .mean(mean, variance: variance))
  }

  /// Retries of the functions where only the policy ends them.
  private var retries: SimulationCheck {
    var (observed, mean, variance) = (0, 0.0, 0.0)
    for function in functions where function.retriesFreely {
      observed += function.account.retries
      for (requests, limit) in function.retried(batchRetries) {
        let count = RetryCount(failure: function.errorRate + function.timeoutRate, limit: limit)
        mean += Double(requests) * count.mean
        variance += Double(requests) * count.variance
      }
    }
    return SimulationCheck(name: "retries", observed: observed, expectation: .mean(mean, variance: variance))
  }

  /// Events and batches all of whose attempts fail.
  private var abandoned: SimulationCheck {
    var trials: [(Int, Int, Double)] = []
    for function in functions where function.retriesFreely {
      let failure = function.errorRate + function.timeoutRate
      trials.append((function.account.abandoned, 0, 0))
      for (requests, limit) in function.retried(batchRetries) {
        trials.append((0, requests, pow(failure, Double(limit + 1))))
      }
    }
    return binomial("abandoned", trials)
  }

  /// Functions without concurrency throttle each request and each try of a batch, until it is too old; events are given up
  /// unseen.
  private var stopped: SimulationCheck? {
    let stopped = functions.filter { $0.group.reservedConcurrency == 0 }
    guard !stopped.isEmpty else { return nil }
    let expected = stopped.reduce(0) { $0 + $1.counts.synchronous + $1.counts.batches * SimulationStage.stoppedTries }
    return SimulationCheck(
      name: "throttles of stopped functions", observed: stopped.reduce(0) { $0 + $1.account.throttles },
      expectation: .mean(Double(expected), variance: 0))
  }

  /// At least one for each invocation that ran at the busiest moment. At most as many in each ten minutes, for
  /// what is made in them lives to their end, unless a timeout took it.
  private var coldStarts: SimulationCheck {
    let spans = max(1, Int((virtualSeconds / LambdaService.idleLifetime.inSeconds).rounded(.up)))
    let least = functions.reduce(0) { $0 + $1.account.peak }
    let most = functions.reduce(0) { $0 + $1.account.peak * spans + $1.counts.timeouts }
    return SimulationCheck(
      name: "cold starts", observed: functions.reduce(0) { $0 + $1.counts.coldStarts },
      expectation: .bounds(least...max(least, most)))
  }

  /// What the reservoir holds for each second, and a share of the others.
  private var sampled: SimulationCheck {
    let others = Double(sampling.decisions - sampling.fromReservoir)
    return SimulationCheck(
      name: "sampled traces", observed: sampling.sampled,
      expectation: .mean(
        Double(sampling.fromReservoir) + others * samplingRate,
        variance: others * samplingRate * (1 - samplingRate)))
  }
}

extension SimulationArithmetic.Function {
  /// The requests that are retried, with the most retries of each.
  fileprivate func retried(_ batchRetries: Int) -> [(requests: Int, limit: Int)] {
    [(counts.asynchronous, group.eventInvoke.maximumRetryAttempts), (counts.batches, batchRetries)]
  }
}

/// How often something is tried again that fails with a probability, at most `limit` times.
private struct RetryCount {
  var mean = 0.0
  private var square = 0.0
  var variance: Double { max(0, square - mean * mean) }

  init(failure: Double, limit: Int) {
    guard limit > 0 else { return }
    // The retry number k happens when k attempts failed: P(R >= k) = failure^k.
    for number in 1...limit {
      let reached = pow(failure, Double(number))
      mean += reached
      square += Double(2 * number - 1) * reached
    }
    // A certain outcome must not vary by a rounding error.
    if failure == 0 || failure == 1 { square = mean * mean }
  }
}
