/// What fault counts are to be expected of a service, learned from its recent minutes.
///
/// Requests fail by chance, at a rate that is itself known only roughly: the number of faults among `n` requests
/// follows a beta-binomial distribution. Its parameters are the faults and the other requests of recent minutes,
/// each minute counting a hundredth less than the one after it, and half a fault in ten requests as a start. They
/// are scaled down to ``certainty`` requests at most, for rates drift, and no number of requests makes them sure.
///
/// With mean `m`, standard deviation `s` and skewness `g` of that distribution, and `z` = ``deviations``, the band is
/// `m ± z·s + (z² - 1)/6·g·s` (Cornish and Fisher's expansion of a quantile, since counts near 0 are far from
/// normal). A service whose rate is steady is above it in one of 700,000 minutes at most.
public struct FaultBand: Hashable, Sendable {
  /// How far the band reaches, in standard deviations.
  public static let deviations = 4.5
  /// The share of its weight that a minute keeps with each minute of traffic that follows.
  public static let retention = 0.99
  /// The weight at which a minute above the band is learned. A fault rate that stays at a new level is thereby
  /// expected in the end: within half a day of a moderate rise, within days of an outage.
  public static let strangeWeight = 0.05
  /// No more requests than these vouch for a rate.
  public static let certainty = 1000.0
  /// With less traffic behind it, the band takes in whatever may come.
  public static let minimumMinutes = 10
  /// See ``minimumMinutes``; of the requests learned, with their weights.
  public static let minimumRequests = 30.0
  /// What is taken for granted before anything is learned. Ten requests are few enough to be outweighed by the first
  /// minutes, and keep a rate from being taken for exactly 0.
  public static let presumedFaults = 0.5
  /// See ``presumedFaults``.
  public static let presumedRequests = 10.0
  /// So many faults in a minute are never too many: one of three requests at the end of a quiet night tells nothing.
  public static let tolerableFaults = 4

  /// Requests learned, with their weights.
  private(set) var requests = 0.0
  /// Faults among them.
  private(set) var faults = 0.0
  /// Minutes with traffic that were learned, up to ``minimumMinutes``.
  private(set) var minutes = 0

  /// A band that has learned nothing.
  public init() {}

  /// - Returns: `nil` for weights that no learning gives.
  init?(requests: Double, faults: Double, minutes: Int) {
    guard (0...1e15).contains(requests), (0...requests).contains(faults), minutes >= 0 else { return nil }
    self.requests = requests
    self.faults = faults
    self.minutes = min(minutes, Self.minimumMinutes)
  }

  /// Whether there is enough behind it to call anything strange.
  public var isSettled: Bool { minutes >= Self.minimumMinutes && requests >= Self.minimumRequests }

  /// The fault counts to be expected of `total` requests; all that are possible while little is known.
  public func forecast(total: Int) -> ClosedRange<Int> {
    let total = max(total, 0)
    guard isSettled, total > 0 else { return 0...total }
    // Less than 1 also where rounding takes the presumed requests away.
    let rate = min((faults + Self.presumedFaults) / (requests + Self.presumedRequests), 1 - 1e-9)
    let weight = min(requests + Self.presumedRequests, Self.certainty)
    let (alpha, beta, count) = (rate * weight, (1 - rate) * weight, Double(total))
    let mean = count * rate
    let deviation = (mean * (1 - rate) * (weight + count) / (weight + 1)).squareRoot()
    let skewness =
      (weight + 2 * count) * (beta - alpha) / (weight + 2)
      * ((1 + weight) / (count * alpha * beta * (count + weight))).squareRoot()
    let spread = Self.deviations * deviation
    let shift = (Self.deviations * Self.deviations - 1) / 6 * skewness * deviation
    let low = min(max(mean - spread + shift, 0), mean)
    let high = max(mean + spread + shift, mean, Double(Self.tolerableFaults))
    let top = high < count ? Int(high) : total
    return min(Int(low), top)...top
  }

  /// Whether so many faults are more than expected.
  public func isExceeded(by fault: Int, of total: Int) -> Bool { fault > forecast(total: total).upperBound }

  /// Learns a minute, or any other stretch of time; one without requests teaches nothing.
  public mutating func learn(fault: Int, of total: Int) {
    guard total > 0 else { return }
    let weight = isExceeded(by: fault, of: total) ? Self.strangeWeight : 1
    let kept = 1 - weight * (1 - Self.retention)
    requests = requests * kept + weight * Double(total)
    faults = faults * kept + weight * Double(min(max(fault, 0), total))
    minutes = min(minutes + 1, Self.minimumMinutes)
  }

  /// For each of some points in order of time, what was to be expected by the points before it.
  ///
  /// That is what `GetTimeSeriesServiceStatistics` shows as `FaultCountLow` and `FaultCountHigh`.
  public static func forecasts(_ points: some Sequence<(fault: Int, total: Int)>) -> [ClosedRange<Int>] {
    var band = FaultBand()
    return points.map { point in
      defer { band.learn(fault: point.fault, of: point.total) }
      return band.forecast(total: point.total)
    }
  }
}
