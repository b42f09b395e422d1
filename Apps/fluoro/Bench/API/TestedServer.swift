import Glibc

/// A program that answers X-Ray's calls, and how it is started.
struct TestedServer {
  private enum Kind {
    /// `fluoro`, of this path.
    case own(String)
    /// With `{port}` in one of the words.
    case command([String])
    case running(port: UInt16)
  }

  let name: String
  private let kind: Kind

  /// - Parameter program: `nil` takes this very program.
  static func own(_ program: String?) -> TestedServer {
    TestedServer(name: "fluoro", kind: .own(program ?? "/proc/self/exe"))
  }

  /// Another server, written `NAME=COMMAND` or `NAME=http://127.0.0.1:PORT`; `nil` for anything else.
  static func peer(_ text: String) -> TestedServer? {
    let parts = text.split(separator: "=", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    let name = String(parts[0])
    for prefix in ["http://127.0.0.1:", "http://localhost:"] where parts[1].hasPrefix(prefix) {
      let digits = parts[1].dropFirst(prefix.count).prefix { $0 != "/" }
      return UInt16(digits).map { TestedServer(name: name, kind: .running(port: $0)) }
    }
    guard parts[1].contains("{port}") else { return nil }
    return TestedServer(name: name, kind: .command(parts[1].split(separator: " ").map(String.init)))
  }

  /// Starts it and waits until it is ready.
  ///
  /// - Parameters:
  ///   - data: The folder for what it stores.
  ///   - log: A file for what it says.
  func start(data: String, log: String) throws(Failure) -> RunningServer {
    let spawned = ContinuousClock.now
    var running: RunningServer
    switch kind {
    case .own(let program):
      let process = try MeasuredProcess(
        [program, "serve", "--listen", "127.0.0.1:0", "--data", data], log: log)
      running = RunningServer(name: name, process: process, log: log)
      try running.awaitReady { Self.port(in: systemText(log)) }
    case .command(let words):
      let port = try Loopback.freePort()
      let process = try MeasuredProcess(words.map { $0.replacing("{port}", with: "\(port)") }, log: log)
      running = RunningServer(name: name, process: process, log: log)
      try running.awaitReady { Loopback.get("/", port: port) == nil ? nil : port }
    case .running(let port): running = RunningServer(name: name, port: port, process: nil, log: log)
    }
    running.readySeconds = spawned.duration(to: .now) / .seconds(1)
    return running
  }

  /// Of the line that says that it is ready; `nil` before it is.
  private static func port(in log: String) -> UInt16? {
    guard let start = log.firstRange(of: "fluoro: serving http://127.0.0.1:") else { return nil }
    let line = log[start.upperBound...]
    return line.contains("\n") ? UInt16(line.prefix { $0.isNumber }) : nil
  }
}

/// A server that takes calls.
struct RunningServer {
  let name: String
  fileprivate(set) var port: UInt16 = 0
  /// `nil` for one that somebody else started.
  let process: MeasuredProcess?
  let log: String
  /// From its start.
  fileprivate(set) var readySeconds = 0.0

  private static let patience = 120.0

  /// NaN for one that somebody else started.
  var processorSeconds: Double { process?.processorSeconds ?? .nan }

  /// Asks in steps of a fifth of a millisecond.
  fileprivate mutating func awaitReady(_ findPort: () -> UInt16?) throws(Failure) {
    let watch = Stopwatch()
    while process?.hasEnded == false, watch.cost.wallSeconds < Self.patience {
      if let found = findPort() {
        port = found
        return
      }
      usleep(200)
    }
    process?.stop(within: 0)
    let words = systemText(log).split(separator: "\n").suffix(3).joined(separator: "\n")
    throw .failed("\(name) does not become ready\(words.isEmpty ? "" : ":\n\(words)")")
  }
}
