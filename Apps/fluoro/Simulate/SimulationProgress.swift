import Synchronization
import TraceReports

/// One line on a terminal that tells how far a simulation is; silent where nobody looks.
final class SimulationProgress: Sendable {
  private let total: Int?
  private let isShown = Console.isWatched
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let next: Mutex<ContinuousClock.Instant>

  init(total: Int?) {
    self.total = total
    start = clock.now
    next = Mutex(start)
  }

  /// Seconds since the start.
  var seconds: Double { start.duration(to: clock.now) / .seconds(1) }

  func update(_ begun: Int) {
    guard isShown else { return }
    let isDue = next.withLock { next in
      guard clock.now >= next else { return false }
      next = clock.now.advanced(by: .milliseconds(100))
      return true
    }
    guard isDue else { return }
    let share = total.map { " (\(Quantity.share(Double(begun) / Double(max(1, $0)))))" } ?? ""
    let rate = Quantity.count(Int(Double(begun) / max(seconds, 0.001)))
    Console.rewrite("\(Quantity.count(begun)) invocations\(share), \(rate) a second")
  }

  /// Takes the line away.
  func end() { if isShown { Console.rewrite("") } }
}
