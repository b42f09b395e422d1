import TraceReports

/// One line on a terminal that tells how far reading is; silent where nobody looks.
struct ProgressBar {
  private static let width = 30

  private let isShown: Bool
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var next: ContinuousClock.Instant

  init(isShown: Bool) {
    self.isShown = isShown && Console.isWatched
    start = clock.now
    next = start
  }

  var seconds: Double { start.duration(to: clock.now) / .seconds(1) }

  /// - Parameter total: Bytes that there are in all; `nil` when unknown.
  mutating func update(documents: Int, bytes: Int, of total: Int?) {
    guard isShown, clock.now >= next else { return }
    next = clock.now.advanced(by: .milliseconds(100))
    let rate = Double(bytes) / max(seconds, 0.001) / 1_000_000
    var line = "\(Quantity.count(documents)) documents, \((rate * 10).rounded() / 10) MB/s"
    if let total, total > 0 {
      let share = min(Double(bytes) / Double(total), 1)
      let filled = Int(share * Double(Self.width))
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
      line = "\(bar) \(Int(share * 100)) %  \(line)"
    }
    Console.rewrite(line)
  }

  /// Takes the line away.
  func end() { if isShown { Console.rewrite("") } }
}
