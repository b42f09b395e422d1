/// What is sent to a daemon, and under what conditions.
struct LoadScenario {
  var name: String
  /// Datagrams per second; `nil` sends as fast as it goes.
  var rate: Double?
  var count: Int
  /// Of a datagram.
  var bytes = 1200
  /// Of memory that the daemon may use; `nil` leaves it to the daemon.
  var memoryMegabytes: Int?
  var spools = false
  /// Time to each answer of the backend.
  var delayMilliseconds = 0
  /// Nobody listens at the backend for so long, a second after the first document.
  var outageSeconds = 0.0
  var fault = BackendAnswer.taken
  /// Of so many batches, one fails.
  var faultEvery = 0
  /// Since the first batch; `nil` is always.
  var faultSeconds: Int?
  /// The documents begin before the daemon.
  var measuresStart = false
  var runs: Int

  init(_ name: String, rate: Double?, count: Int, runs: Int) {
    self.name = name
    self.rate = rate
    self.count = count
    self.runs = runs
  }

  /// Without an arrival for so long, nothing more is waited for.
  var quietSeconds: Double {
    if fault != .taken { return 6 }
    return outageSeconds > 0 ? 8 : delayMilliseconds > 0 ? 5 : 2
  }

  // MARK: All of them

  static let burst = "burst of 2,000"
  static func steady(_ rate: Int) -> String { "\(rate / 1000)k/s" }
  static let small = "10k/s, 16 MB"
  static let large = "60 KB, 1k/s, answer after 1 s, 16 MB"
  static let spooled = "outage, 1k/s, spool"
  static let unspooled = "outage, 1k/s, 16 MB"
  static let start = "start"

  static func all(seconds: Int, runs: Int?, isQuick: Bool) -> [LoadScenario] {
    let paced = runs ?? (isQuick ? 1 : 3)
    var all = [
      LoadScenario(start, rate: 2000, count: 2000, runs: runs ?? (isQuick ? 3 : 9)),
      LoadScenario(burst, rate: nil, count: 2000, runs: runs ?? (isQuick ? 3 : 5)),
    ]
    all[0].measuresStart = true
    for rate in [1000, 10_000, 50_000] {
      all.append(LoadScenario(steady(rate), rate: Double(rate), count: rate * seconds, runs: paced))
    }
    var limited = LoadScenario(small, rate: 10_000, count: 10_000 * seconds, runs: paced)
    limited.memoryMegabytes = 16
    all.append(limited)
    var late = LoadScenario(large, rate: 1000, count: 1000 * seconds, runs: isQuick ? 1 : paced)
    late.bytes = 60_000
    late.memoryMegabytes = 16
    late.delayMilliseconds = 1000
    all.append(late)
    let outage = isQuick ? 5 : 30
    for name in [spooled, unspooled] {
      var down = LoadScenario(name, rate: 1000, count: 1000 * (outage + 5), runs: 1)
      down.memoryMegabytes = 16
      down.spools = name == spooled
      down.outageSeconds = Double(outage)
      all.append(down)
    }
    if !isQuick {
      for fault in [BackendAnswer.status(500), .status(429), .hang, .garbage, .reset, .unprocessed] {
        var failing = LoadScenario("each 10th batch: \(fault.name)", rate: 1000, count: 3000, runs: 1)
        failing.fault = fault
        failing.faultEvery = 10
        all.append(failing)
      }
      var refusing = LoadScenario("5 s of 503", rate: 1000, count: 8000, runs: 1)
      refusing.fault = .status(503)
      refusing.faultEvery = 1
      refusing.faultSeconds = 5
      all.append(refusing)
    }
    return all
  }
}
