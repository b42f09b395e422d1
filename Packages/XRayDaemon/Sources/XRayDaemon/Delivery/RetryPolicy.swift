import XRayModel

/// How often, and after which waits, a batch is given to a sink again.
struct RetryPolicy: Sendable {
  /// Attempts with a batch before it goes to the spool or, when trying again cannot help, is dropped; at least 1.
  var attempts: Int
  /// The wait before the second attempt; it doubles with each further one.
  var delay: Duration
  var random: RandomSource

  static let longestDelay = Duration.seconds(5)
  /// No sink may ask for a longer wait.
  static let longestRetryAfter = Duration.seconds(60)

  /// The wait after attempt `attempt`, counted from 1: half of it is left to chance, so that those who failed together
  /// do not come back together.
  func wait(after attempt: Int, askedFor: Duration? = nil) -> Duration {
    let full = min(delay * (1 << min(attempt - 1, 10)), Self.longestDelay)
    return max(full / 2 + full / 2 * random.fraction(), min(askedFor ?? .zero, Self.longestRetryAfter))
  }
}
